// SPDX-License-Identifier: MIT
// The pairFeatures stage, common host: the attention bias of as many layers as fit into memory.
#include "CommonStages.h"

namespace OrbitPlugin {

void common::embedPairs(DeviceModel& model, DeviceBatch& batch) {
    model.device["embedPairs"](model.device.elements(batch.numGraphPairs), batch.numGraphPairs, batch.numPairFeatures,
        batch.graphBlocks, batch.graphs, batch.pairFeatures, model.weights, model.pairEmbedding, batch.embedded,
        batch.getEmbeddedStride());
}

void common::pairFeatures(DeviceModel& model, DeviceBatch& batch, int firstLayer, int numLayers) {
    Device& device = model.device;
    const int numHeads = model.settings.numHeads;
    const double spacing = model.settings.radialMax / (model.settings.numRadial - 1);
    device["pairFeatures"](device.elements(batch.numPairs / device.tiles.pairLanes), batch.numPairs,
            RealArgument{spacing}, batch.pairBlocks, batch.copies, batch.rows, batch.embedded,
            batch.getEmbeddedStride(), batch.u, batch.getUStride(), batch.modulation, model.sizes.modulationSize,
            model.sizes.pairModulation, model.weights, model.pairRadial, model.pairHidden.weights,
            model.pairHidden.bias, model.pairBias.weights, model.pairBias.bias, firstLayer * numHeads,
            numLayers * numHeads, batch.bias, batch.numPairs);
}

} // namespace OrbitPlugin
