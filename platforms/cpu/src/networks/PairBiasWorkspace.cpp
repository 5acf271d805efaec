// SPDX-License-Identifier: MIT
// Sizes the arrays of a thread.
#include "PairBiasWorkspace.h"
#include <algorithm>

namespace OrbitPlugin {
namespace cpu {

namespace {

long countEmbeddingWords(const PairBiasWeights& weights, const PassCopy& copy) {
    return weights.settings.pairWidth * getPairStride((long) copy.numTokens * copy.numTokens);
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
        coordinates.reserve(3 * s.pointsPerToken * pass.numPaddedRows + NEIGHBOR_PADDING);
        if (s.selfConditioning)
            before.reserve(3 * s.pointsPerToken * pass.numPaddedRows + NEIGHBOR_PADDING);
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
            const bool keepsAll = keepsAllBiases(weights, copy);
            scratch.reserve(std::max(table.attentionScratch(copy.numTokens, s.width / s.numHeads),
                    table.pairScratch(copy.numTokens, s.pairWidth, weights.countSources() * s.numRadial,
                        keepsAll ? s.numLayers * s.numHeads : s.numHeads)));
            if (!keepsAll)
                bias.reserve((long) s.numHeads * BLOCK_ROWS * copy.paddedTokens);
            if (!keepsEmbeddings(weights, copy))
                embedding.reserve(s.pairWidth * getPairStride(copy.numTokens));
        }
}

} // namespace cpu
} // namespace OrbitPlugin
