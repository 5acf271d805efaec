// SPDX-License-Identifier: MIT
// The tokenEmbedding stage, common host: categorical inputs and coordinates to token vectors.
#include "CommonStages.h"

namespace OrbitPlugin {

void common::tokenEmbedding(DeviceModel& model, DeviceBatch& batch) {
    Device& device = model.device;
    const int width = model.sizes.paddedWidth;
    device["tokenEmbedding"](device.elements((long long) batch.numRows * (width / device.tiles.vectorWidth)),
            batch.numRows, batch.numAtomFeatures, width, batch.rows, batch.atomFeatures, model.weights,
            model.tokenEmbedding, model.tokenCoordinates, batch.u, batch.getUStride(), batch.x);
}

} // namespace OrbitPlugin
