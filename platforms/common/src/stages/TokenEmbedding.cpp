// SPDX-License-Identifier: MIT
// The tokenEmbedding stage, common host: categorical inputs and coordinates to token vectors.
#include "GatedStages.h"

namespace OrbitPlugin {

void common::tokenEmbedding(const PairBiasPass& pass) {
    PairBiasWeights& weights = pass.weights;
    PairBiasArrays& arrays = pass.arrays;
    DeviceBatch& batch = pass.batch;
    Device& device = pass.device;
    const int width = weights.sizes.paddedWidth;
    device["tokenEmbedding"](device.elements((long long) batch.numRows * (width / device.tiles.vectorWidth)),
            batch.numRows, arrays.numTokenFeatures, width, batch.rows, arrays.tokenFeatures, weights.values,
            weights.tokenEmbedding, weights.tokenCoordinates, batch.u, batch.getUStride(), arrays.x);
}

void common::tokenEmbedding(const GatedPass& pass) {
    PackedGatedWeights& weights = pass.weights;
    GatedArrays& arrays = pass.arrays;
    Device& device = pass.device;
    const int width = weights.sizes.paddedWidth;
    device["gatedTokens"](device.elements((long long) arrays.numRows * (width / device.tiles.vectorWidth)),
        arrays.numRows, arrays.numTokenFeatures, width, arrays.rows, arrays.tokenFeatures, weights.values,
        weights.registers, weights.tokenEmbedding, weights.tokenCoordinates, pass.batch.u, arrays.before,
        pass.batch.getUStride(), pass.hasBefore ? 1 : 0, arrays.x);
}

} // namespace OrbitPlugin
