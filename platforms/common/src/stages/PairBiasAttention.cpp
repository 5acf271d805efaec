// SPDX-License-Identifier: MIT
// The pairBiasAttention stage, common host: attention with pair biases and relative coordinates.
#include "CommonStages.h"

namespace OrbitPlugin {

void common::pairBiasAttention(DeviceModel& model, DeviceBatch& batch, int layer, int firstBias) {
    Device& device = model.device;
    const ModelSizes& sizes = model.sizes;
    const int offset = 6 * layer * sizes.paddedWidth, numHeads = model.settings.numHeads;
    linear(model, batch, "attentionInput", model.layers[layer].qkv, batch.x, batch.qkv,
        {sizes.width, 3 * sizes.attentionWidth, offset});
    device["pairBiasAttention"](device.groups((long long) batch.numUnits * numHeads), batch.numUnits, numHeads,
            batch.units, batch.qkv, batch.u, batch.getUStride(), batch.bias, batch.numPairs, firstBias, batch.gathered,
            sizes.gatheredWidth);
    linear(model, batch, "attentionOutput", model.layers[layer].attentionOutput, batch.gathered, batch.x,
        {0, sizes.paddedWidth, offset + 2 * sizes.paddedWidth});
}

} // namespace OrbitPlugin
