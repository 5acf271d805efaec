// SPDX-License-Identifier: MIT
// The transition stage, common host: a gated two-layer network on every token.
#include "CommonStages.h"

namespace OrbitPlugin {

void common::transition(DeviceModel& model, DeviceBatch& batch, int layer) {
    const ModelSizes& sizes = model.sizes;
    const int offset = (6 * layer + 3) * sizes.paddedWidth;
    linear(model, batch, "transitionUp", model.layers[layer].up, batch.x, batch.gated,
        {sizes.width, sizes.paddedInnerWidth, offset});
    linear(model, batch, "transitionDown", model.layers[layer].down, batch.gated, batch.x,
        {0, sizes.paddedWidth, offset + 2 * sizes.paddedWidth});
}

} // namespace OrbitPlugin
