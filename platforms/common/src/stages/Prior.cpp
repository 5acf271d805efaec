// SPDX-License-Identifier: MIT
// The prior stage, common host: centred noise of the first level.
#include "CommonStages.h"

namespace OrbitPlugin {

void common::prior(DeviceModel& model, DeviceBatch& batch, double sigma) {
    model.device["prior"](model.device.groups(batch.numCopies), batch.numCopies, MixedArgument{sigma}, batch.copies,
        batch.noise, batch.positions);
}

} // namespace OrbitPlugin
