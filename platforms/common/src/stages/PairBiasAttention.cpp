// SPDX-License-Identifier: MIT
// The pairBiasAttention stage, common host: attention with pair biases and relative coordinates.
#include "CommonStages.h"

namespace OrbitPlugin {

void common::pairBiasAttention(const PairBiasPass& pass, int layer, int firstBias) {
    PairBiasWeights& weights = pass.weights;
    PairBiasArrays& arrays = pass.arrays;
    DeviceBatch& batch = pass.batch;
    const PairBiasSizes& sizes = weights.sizes;
    const int offset = 6 * layer * sizes.paddedWidth, numHeads = weights.settings.numHeads;
    linear(pass, "attentionInput", {weights.layers[layer].qkv, arrays.x, arrays.qkv,
        {sizes.width, 3 * sizes.attentionWidth, offset}});
    pass.device["pairBiasAttention"](pass.device.groups((long long) arrays.numUnits * numHeads), arrays.numUnits,
            numHeads, arrays.units, arrays.qkv, batch.u, batch.getUStride(), arrays.bias, arrays.numPairs, firstBias,
            arrays.gathered, sizes.gatheredWidth);
    linear(pass, "attentionOutput", {weights.layers[layer].attentionOutput, arrays.gathered, arrays.x,
        {0, sizes.paddedWidth, offset + 2 * sizes.paddedWidth}});
}

} // namespace OrbitPlugin
