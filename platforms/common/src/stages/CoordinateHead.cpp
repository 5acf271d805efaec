// SPDX-License-Identifier: MIT
// The coordinateHead stage, common host: tokens to the network's centred output.
#include "CommonStages.h"

namespace OrbitPlugin {

void common::coordinateHead(DeviceModel& model, DeviceBatch& batch) {
    Device& device = model.device;
    device["coordinateHead"](device.elements(batch.numRows), batch.numRows, model.sizes.width, model.sizes.paddedWidth,
        batch.rows, batch.x, batch.modulation, model.sizes.modulationSize, model.sizes.headModulation, model.weights,
        model.head, batch.output);
    device["centreOutput"](device.groups(batch.numCopies), batch.numCopies, batch.copies, batch.output);
}

} // namespace OrbitPlugin
