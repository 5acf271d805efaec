// SPDX-License-Identifier: MIT
// The binnedPairs stage, common host: descriptions of all pairs, and the attention bias of as many layers as fit.
#include "GatedStages.h"

namespace OrbitPlugin {

void common::describePairs(const GatedPass& pass) {
    Device& device = pass.device;
    PackedGatedWeights& weights = pass.weights;
    GatedArrays& arrays = pass.arrays;
    const GatedTransformerSettings& gated = weights.gated;
    const double range = gated.binMax - gated.binMin;
    device["describePairs"](device.elements(arrays.numPairs), arrays.numPairs, arrays.pairBlocks, arrays.copyPairs,
        arrays.rows, arrays.classes, arrays.embedded, pass.batch.u, arrays.before, pass.batch.getUStride(),
        pass.hasBefore ? 1 : 0, gated.numRegisters, weights.values, weights.bins, weights.binsBefore, weights.pairNorm,
        RealArgument{gated.binMin}, RealArgument{range / (gated.numBins - 2)},
        RealArgument{range / (gated.numSelfBins - 2)}, arrays.modulation, weights.sizes.modulationSize,
        weights.sizes.pairModulation, arrays.places, arrays.moments);
}

void common::binnedPairs(const GatedPass& pass, int firstLayer, int numLayers) {
    Device& device = pass.device;
    PackedGatedWeights& weights = pass.weights;
    GatedArrays& arrays = pass.arrays;
    const int first = firstLayer * weights.settings.numHeads, numOutputs = numLayers * weights.settings.numHeads;
    const long long numBlocks = (first + numOutputs + 7) / 8 - first / 8;
    device["binnedPairs"](device.elements(arrays.numPairs * numBlocks), arrays.numPairs, arrays.places, arrays.moments,
        arrays.embedded, pass.hasBefore ? 1 : 0, weights.values, weights.pairNorm, weights.pairOutputs,
        weights.pairOutputBias, arrays.modulation, weights.sizes.modulationSize, weights.sizes.pairModulation, first,
        numOutputs, arrays.bias);
}

} // namespace OrbitPlugin
