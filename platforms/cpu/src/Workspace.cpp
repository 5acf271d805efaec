// SPDX-License-Identifier: MIT
// Sizes the arrays of a thread.
#include "Workspace.h"
#include <algorithm>

namespace OrbitPlugin {
namespace cpu {

namespace {

long biasWords(const PackedModel& model, long numAtoms, long paddedAtoms) {
    return (long) model.settings.numLayers * model.settings.numHeads * numAtoms * paddedAtoms;
}

} // namespace

bool keepsAllBiases(const PackedModel& model, const PackedGraph& graph) {
    return biasWords(model, graph.numAtoms, graph.paddedAtoms) <= MAX_BIAS_WORDS;
}

void Workspace::reserve(const PackedModel& model, int numAtoms) {
    expanded = nullptr;
    if (numAtoms <= capacity)
        return;
    capacity = numAtoms;
    const PairBiasTransformerSettings& s = model.settings;
    std::size_t rows = numAtoms, padded = roundUp(numAtoms, NEIGHBOR_PADDING);
    widthStride = model.widthStride;
    qkvStride = roundUp(3 * s.width, ROW_PADDING);
    attentionStride = roundUp(s.width + 3 * s.numHeads, ROW_PADDING);
    hiddenStride = roundUp(s.transitionFactor * s.width, ROW_PADDING);
    coordinates.reserve(3 * padded);
    x.reserve(rows * widthStride);
    a.reserve(rows * widthStride);
    qkv.reserve(rows * qkvStride);
    attended.reserve(rows * attentionStride);
    hidden.reserve(rows * hiddenStride);

    // Smaller molecules of the same batch may keep all biases where the largest does not.

    long block = (long) s.numHeads * BLOCK_ROWS * padded;
    bias.reserve(std::max(std::min(biasWords(model, rows, padded), MAX_BIAS_WORDS), block));
    long pairs = (long) rows * s.pairWidth * padded;
    embedding.reserve(std::max(std::min(pairs, MAX_EMBEDDING_WORDS), (long) (s.pairWidth * padded)));
    const KernelTable& table = *model.kernels.operand;
    int headWidth = s.width / s.numHeads;
    scratch.reserve(std::max(table.attentionScratch(numAtoms, headWidth), table.pairScratch(s.pairWidth, s.numRadial)));
    headRows.reserve(rows * ROW_PADDING);
    output.resize(3 * rows);
    denoised.resize(3 * rows);
    predicted.resize(3 * rows);
    predictedDenoised.resize(3 * rows);
}

} // namespace cpu
} // namespace OrbitPlugin
