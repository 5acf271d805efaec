// SPDX-License-Identifier: MIT
// Sizes the arrays of a thread.
#include "PairBiasWorkspace.h"
#include <algorithm>

namespace OrbitPlugin {
namespace cpu {

namespace {

long countEmbeddingWords(const PairBiasWeights& weights, const PassCopy& copy) {
    return (long) copy.numTokens * weights.settings.pairWidth * copy.paddedTokens;
}

} // namespace

long countBiasWords(const PairBiasWeights& weights, int numTokens) {
    return (long) weights.settings.numLayers * weights.settings.numHeads * numTokens *
            roundUp(numTokens, NEIGHBOR_PADDING);
}

bool keepsAllBiases(const PairBiasWeights& weights, const PassCopy& copy) {
    return countBiasWords(weights, copy.numTokens) <= MAX_BIAS_WORDS;
}

bool keepsEmbeddings(const PairBiasWeights& weights, const PassCopy& copy) {
    return countEmbeddingWords(weights, copy) <= MAX_EMBEDDING_WORDS;
}

void PairBiasWorkspace::reserve(const PairBiasWeights& weights, const std::vector<Pass>& passes) {
    const PairBiasTransformerSettings& s = weights.settings;
    widthStride = weights.widthStride;
    qkvStride = roundUp(3 * s.width, ROW_PADDING);
    attentionStride = roundUp(s.width + 3 * s.pointsPerToken * s.numHeads, ROW_PADDING);
    hiddenStride = roundUp(s.transitionFactor * s.width, ROW_PADDING);
    for (const Pass& pass : passes) {
        const std::size_t rows = pass.numRows + (weights.kernels.operand->tiles ? TILE_SIZE - 1 : 0);
        coordinates.reserve(3 * s.pointsPerToken * pass.numPaddedRows);
        if (s.selfConditioning)
            before.reserve(3 * s.pointsPerToken * pass.numPaddedRows);
        x.reserve(rows * widthStride);
        a.reserve(rows * widthStride);
        qkv.reserve(rows * qkvStride);
        attended.reserve(rows * attentionStride);
        hidden.reserve(rows * hiddenStride);
        headRows.reserve(rows * ROW_PADDING);
        if (pass.numWords <= MAX_BIAS_WORDS)
            bias.reserve(pass.numWords);
        for (const PassCopy& copy : pass.places)
            if (keepsEmbeddings(weights, copy))
                embedding.reserve(countEmbeddingWords(weights, copy));
    }
    reserveScratch(weights, passes);
}

void PairBiasWorkspace::reserveScratch(const PairBiasWeights& weights, const std::vector<Pass>& passes) {
    const PairBiasTransformerSettings& s = weights.settings;
    const KernelTable& table = *weights.kernels.operand;
    expanded = nullptr;
    for (const Pass& pass : passes)
        for (const PassCopy& copy : pass.places) {
            scratch.reserve(std::max(table.attentionScratch(copy.numTokens, s.width / s.numHeads),
                    table.pairScratch(s.pairWidth, weights.countSources() * s.numRadial, s.numLayers * s.numHeads)));
            if (!keepsAllBiases(weights, copy))
                bias.reserve((long) s.numHeads * BLOCK_ROWS * copy.paddedTokens);
            if (!keepsEmbeddings(weights, copy))
                embedding.reserve((long) s.pairWidth * copy.paddedTokens);
        }
}

} // namespace cpu
} // namespace OrbitPlugin
