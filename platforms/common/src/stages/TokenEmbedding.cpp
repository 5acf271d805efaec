// SPDX-License-Identifier: MIT
// The tokenEmbedding stage, common host: categorical inputs and coordinates to token vectors.
#include "CommonStages.h"

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

} // namespace OrbitPlugin
