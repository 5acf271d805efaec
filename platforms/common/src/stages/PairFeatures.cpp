// SPDX-License-Identifier: MIT
// The pairFeatures stage, common host: the attention bias of as many layers as fit into memory.
#include "CommonStages.h"

namespace OrbitPlugin {

void common::embedPairs(const PairBiasPass& pass) {
    PairBiasWeights& weights = pass.weights;
    PairBiasArrays& arrays = pass.arrays;
    pass.device["embedPairs"](pass.device.elements(arrays.numInputPairs), arrays.numInputPairs, arrays.numPairFeatures,
        arrays.inputBlocks, arrays.inputPairs, arrays.pairFeatures, weights.values, weights.pairEmbedding,
        arrays.embedded, arrays.numInputPairs);
}

void common::pairFeatures(const PairBiasPass& pass, int firstLayer, int numLayers) {
    PairBiasWeights& weights = pass.weights;
    PairBiasArrays& arrays = pass.arrays;
    DeviceBatch& batch = pass.batch;
    Device& device = pass.device;
    const int numHeads = weights.settings.numHeads;
    const double spacing = weights.settings.radialMax / (weights.settings.numRadial - 1);
    device["pairFeatures"](device.elements(arrays.numPairs / device.tiles.pairLanes), arrays.numPairs,
            RealArgument{spacing}, arrays.pairBlocks, arrays.copyPairs, batch.rows, arrays.embedded,
            arrays.numInputPairs, batch.u, pass.hasBefore ? arrays.before : batch.u, batch.getUStride(),
            pass.hasBefore ? 1 : 0, arrays.modulation, weights.sizes.modulationSize, weights.sizes.pairModulation,
            weights.values, weights.pairRadial, weights.pairRadialBefore, weights.pairHidden.weights,
            weights.pairHidden.bias, weights.pairBias.weights, weights.pairBias.bias, firstLayer * numHeads,
            numLayers * numHeads, arrays.bias, arrays.numPairs);
}

} // namespace OrbitPlugin
