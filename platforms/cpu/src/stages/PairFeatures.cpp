// SPDX-License-Identifier: MIT
// Stage pairFeatures on the CPU: the attention biases of some layers for some tokens, tokens with their neighbours.
#include "CpuStages.h"
#include "openmmorbit/internal/stages/Points.h"

namespace OrbitPlugin {
namespace cpu {

namespace {

/** Whether half of a copy's pairs give all biases: one thread has the copy, whose features have no direction. */
bool isHalved(const PairBiasPass& pass, const PassCopy& copy, int numRows) {
    return numRows == copy.numTokens && pass.inputs[copy.input].isSymmetric && keepsAllBiases(pass.weights, copy);
}

} // namespace

void expandEmbeddings(const PairBiasPass& pass, const PassCopy& copy, int numRows, PairBiasWorkspace& workspace) {
    const PairBiasInputs& inputs = pass.inputs[copy.input];
    const bool halved = isHalved(pass, copy, numRows);
    if (!keepsEmbeddings(pass.weights, copy) || (workspace.expanded == &inputs && workspace.isHalved == halved))
        return;
    inputs.expand({0, copy.numTokens, halved}, pass.weights.settings.pairWidth, workspace.embedding.data());
    workspace.expanded = &inputs;
    workspace.isHalved = halved;
}

void pairFeatures(const PairBiasPass& pass, const PassCopy& copy, BiasBlock block, const Share& share) {
    const PairBiasWeights& weights = pass.weights;
    const PairBiasInputs& inputs = pass.inputs[copy.input];
    PairBiasWorkspace& workspace = share.common;
    const PairBiasTransformerSettings& settings = weights.settings;
    PairTask task{};
    task.numTokens = copy.numTokens;
    task.paddedTokens = copy.paddedTokens;
    task.pairWidth = settings.pairWidth;
    task.numRadial = settings.numRadial;
    task.numBias = block.numChannels;
    const long firstCoordinate = 3 * settings.pointsPerToken * copy.firstPaddedRow +
            3 * getReferencePoint(settings.pointsPerToken) * copy.paddedTokens;
    task.coordinates = workspace.coordinates.data() + firstCoordinate;
    task.before = pass.hasBefore ? workspace.before.data() + firstCoordinate : nullptr;
    task.inverseSpacing = (float) ((settings.numRadial - 1) / settings.radialMax);
    task.conditioning = pass.conditioning.pair(weights);
    task.radialWeight = weights.radialWeight.data();
    task.radialStride = weights.countSources() * weights.radialDepth();
    task.hiddenWeight = weights.pairHiddenWeight.data();
    task.hiddenBias = weights.pairHiddenBias.data();
    task.biasWeight = weights.biasWeight.data() + (std::size_t) block.firstChannel * weights.pairDepth();
    task.biasBias = weights.biasBias.data() + block.firstChannel;
    task.scratch = share.own.scratch.data();

    // The biases of all layers are an array of the pass, those of a block belong to the thread.

    bool keepsAll = keepsAllBiases(weights, copy);
    float* bias = keepsAll ? workspace.bias.data() + copy.firstWord + (std::size_t) block.firstRow * copy.paddedTokens
                           : share.own.bias.data();
    task.biasStride = (long) (keepsAll ? copy.numTokens : block.numRows) * copy.paddedTokens;

    // (4.6) to (4.9), token by token where embeddings are expanded for one at a time

    task.bias = bias;
    if (keepsEmbeddings(weights, copy)) {
        task.firstRow = block.firstRow;
        task.numRows = block.numRows;
        task.halved = isHalved(pass, copy, block.numRows);
        task.embeddingStride = getPairStride(inputs.countPairs({0, copy.numTokens, task.halved}));
        task.embedding = workspace.embedding.data() + (long) block.firstRow * copy.numTokens;
        weights.kernels.operand->pairs(task);
        return;
    }
    task.numRows = 1;
    task.embedding = share.own.embedding.data();
    task.embeddingStride = getPairStride(copy.numTokens);
    for (int row = 0; row < block.numRows; row++, task.bias += copy.paddedTokens) {
        // The thread's row overwrites what another copy has left in its own workspace.

        share.own.expanded = nullptr;
        task.firstRow = block.firstRow + row;
        inputs.expand({task.firstRow, 1, false}, settings.pairWidth, share.own.embedding.data());
        weights.kernels.operand->pairs(task);
    }
}

} // namespace cpu
} // namespace OrbitPlugin
