// SPDX-License-Identifier: MIT
// Sizes the arrays of a thread.
#include "Workspace.h"
#include <algorithm>

namespace OrbitPlugin {
namespace cpu {

namespace {

long countEmbeddingWords(const PackedModel& model, const PackedGraph& graph) {
    return (long) graph.numTokens * model.settings.pairWidth * graph.paddedTokens;
}

} // namespace

bool keepsAllBiases(const PackedModel& model, const PackedGraph& graph) {
    return countBiasWords(model, graph) <= MAX_BIAS_WORDS;
}

bool keepsEmbeddings(const PackedModel& model, const PackedGraph& graph) {
    return countEmbeddingWords(model, graph) <= MAX_EMBEDDING_WORDS;
}

void Workspace::reserve(const PackedModel& model, const std::vector<Pass>& passes) {
    const PairBiasTransformerSettings& s = model.settings;
    widthStride = model.widthStride;
    qkvStride = roundUp(3 * s.width, ROW_PADDING);
    attentionStride = roundUp(s.width + 3 * s.pointsPerToken * s.numHeads, ROW_PADDING);
    hiddenStride = roundUp(s.transitionFactor * s.width, ROW_PADDING);
    for (const Pass& pass : passes) {
        const std::size_t rows = pass.numRows;
        coordinates.reserve(pass.numCoordinates);
        x.reserve(rows * widthStride);
        a.reserve(rows * widthStride);
        qkv.reserve(rows * qkvStride);
        attended.reserve(rows * attentionStride);
        hidden.reserve(rows * hiddenStride);
        headRows.reserve(rows * ROW_PADDING);
        output.resize(std::max(output.size(), 3 * s.pointsPerToken * rows));
        if (pass.numBias <= MAX_BIAS_WORDS)
            bias.reserve(pass.numBias);
        for (const PassCopy& copy : pass.places)
            if (keepsEmbeddings(model, *copy.graph))
                embedding.reserve(countEmbeddingWords(model, *copy.graph));
    }
    reserveScratch(model, passes);
}

void Workspace::reserveScratch(const PackedModel& model, const std::vector<Pass>& passes) {
    const PairBiasTransformerSettings& s = model.settings;
    const KernelTable& table = *model.kernels.operand;
    expanded = nullptr;
    for (const Pass& pass : passes)
        for (const PassCopy& copy : pass.places) {
            const PackedGraph& graph = *copy.graph;
            scratch.reserve(std::max(table.attentionScratch(graph.numTokens, s.width / s.numHeads),
                    table.pairScratch(s.pairWidth, s.numRadial)));
            if (!keepsAllBiases(model, graph))
                bias.reserve((long) s.numHeads * BLOCK_ROWS * graph.paddedTokens);
            if (!keepsEmbeddings(model, graph))
                embedding.reserve((long) s.pairWidth * graph.paddedTokens);
        }
}

} // namespace cpu
} // namespace OrbitPlugin
