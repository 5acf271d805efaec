// SPDX-License-Identifier: MIT
// The gatedAttention stage, common host: normalisations, products, attention and gates of one layer.
#include "GatedStages.h"

namespace OrbitPlugin {

void common::gatedAttention(const GatedPass& pass, int layer, int firstBias) {
    Device& device = pass.device;
    PackedGatedWeights& weights = pass.weights;
    GatedArrays& arrays = pass.arrays;
    const GatedSizes& sizes = weights.sizes;
    const GatedLayerMatrices& matrices = weights.layers[layer];
    const int offset = 6 * layer * sizes.paddedWidth, numRows = arrays.numRows, A = sizes.attentionWidth;
    const int numHeads = weights.settings.numHeads;
    device["gatedInput"](device.groups(numRows), numRows, sizes.width, sizes.paddedWidth, arrays.rows, arrays.x,
        arrays.modulation, sizes.modulationSize, offset, weights.values, matrices.norm, arrays.a);
    product(pass, "plainProduct", matrices.qkv, arrays.a, arrays.qkv, 3 * A, numRows);
    for (int part : {0, 1})
        device["normalizeHeads"](device.groups(numRows), numRows, sizes.width, A, weights.values,
            part == 0 ? matrices.queryNorm : matrices.keyNorm, part, arrays.qkv);
    device["pairBiasAttention"](device.groups((long long) arrays.numUnits * numHeads), arrays.numUnits, numHeads,
        arrays.units, arrays.qkv, arrays.nowhere, arrays.getNowhereStride(), arrays.bias, arrays.numPairs, firstBias,
        arrays.gathered, sizes.gatheredWidth);
    product(pass, "plainProduct", matrices.gate, arrays.a, arrays.gates, A, numRows);
    device["applyGates"](device.elements((long long) numRows * A), numRows, A, sizes.gatheredWidth, arrays.gates,
        arrays.gathered);
    linear(pass.getRows(), "attentionOutput", {matrices.output, arrays.gathered, arrays.x,
        {0, sizes.paddedWidth, offset + 2 * sizes.paddedWidth}});
}

} // namespace OrbitPlugin
