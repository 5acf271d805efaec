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

bool keepsEmbeddings(const PackedModel& model, const PackedGraph& graph) {
    return (long) graph.numAtoms * model.settings.pairWidth * graph.paddedAtoms <= MAX_EMBEDDING_WORDS;
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

    long pairs = (long) rows * s.pairWidth * padded;
    bias.reserve(std::min(biasWords(model, rows, padded), MAX_BIAS_WORDS));
    embedding.reserve(std::min(pairs, MAX_EMBEDDING_WORDS));
    reserveScratch(model, numAtoms);
    headRows.reserve(rows * ROW_PADDING);
    output.resize(3 * rows);
    denoised.resize(3 * rows);
    predicted.resize(3 * rows);
    predictedDenoised.resize(3 * rows);
    unguided.resize(3 * rows);
}

void Workspace::reserveScratch(const PackedModel& model, int numAtoms) {
    const PairBiasTransformerSettings& s = model.settings;
    const long padded = roundUp(numAtoms, NEIGHBOR_PADDING);
    const KernelTable& table = *model.kernels.operand;
    scratch.reserve(std::max(
            table.attentionScratch(numAtoms, s.width / s.numHeads), table.pairScratch(s.pairWidth, s.numRadial)));
    if (biasWords(model, numAtoms, padded) > MAX_BIAS_WORDS)
        bias.reserve((long) s.numHeads * BLOCK_ROWS * padded);
    if (numAtoms * s.pairWidth * padded > MAX_EMBEDDING_WORDS)
        embedding.reserve(s.pairWidth * padded);
}

} // namespace cpu
} // namespace OrbitPlugin
