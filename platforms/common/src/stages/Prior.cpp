// SPDX-License-Identifier: MIT
// The prior stage, common host: centred noise as positions, or added to them.
#include "CommonStages.h"

namespace OrbitPlugin {

static void launch(common::DeviceModel& model, common::DeviceBatch& batch, double sigma, bool add) {
    model.device["prior"](model.device.groups(batch.numCopies), batch.numCopies, common::MixedArgument{sigma},
        (int) add, batch.copies, batch.noise, batch.positions);
}

void common::prior(DeviceModel& model, DeviceBatch& batch, double sigma) {
    launch(model, batch, sigma, false);
}

void common::addNoise(DeviceModel& model, DeviceBatch& batch, double sigma) {
    launch(model, batch, sigma, true);
}

} // namespace OrbitPlugin
