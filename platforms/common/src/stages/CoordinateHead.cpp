// SPDX-License-Identifier: MIT
// The coordinateHead stage, common host: tokens to the network's centred output.
#include "GatedStages.h"

namespace OrbitPlugin {

void common::coordinateHead(const PairBiasPass& pass) {
    PairBiasWeights& weights = pass.weights;
    PairBiasArrays& arrays = pass.arrays;
    DeviceBatch& batch = pass.batch;
    Device& device = pass.device;
    const PairBiasSizes& sizes = weights.sizes;
    device["coordinateHead"](device.elements(batch.numRows), batch.numRows, sizes.width, sizes.paddedWidth, batch.rows,
        arrays.x, arrays.modulation, sizes.modulationSize, sizes.headModulation, weights.values, weights.head,
        batch.output);
    device["centreOutput"](device.groups(batch.numCopies), batch.numCopies, batch.copies, batch.output);
}

void common::coordinateHead(const GatedPass& pass) {
    PackedGatedWeights& weights = pass.weights;
    GatedArrays& arrays = pass.arrays;
    DeviceBatch& batch = pass.batch;
    Device& device = pass.device;
    const GatedSizes& sizes = weights.sizes;
    device["takeTokens"](device.elements((long long) arrays.numRows * sizes.paddedWidth), arrays.numRows,
        sizes.paddedWidth, arrays.rows, arrays.x, arrays.tokens);
    device["coordinateHead"](device.elements(batch.numRows), batch.numRows, sizes.width, sizes.paddedWidth, batch.rows,
        arrays.tokens, arrays.modulation, sizes.modulationSize, sizes.headModulation, weights.values, weights.head,
        batch.output);
    device["centreOutput"](device.groups(batch.numCopies), batch.numCopies, batch.copies, batch.output);
}

} // namespace OrbitPlugin
