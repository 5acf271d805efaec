// SPDX-License-Identifier: MIT
// The clampFixed stage, common host.
#include "CommonStages.h"

namespace OrbitPlugin {

void common::clampFixed(DeviceModel& model, DeviceBatch& batch, Buffer& denoised) {
    model.device["clampFixed"](model.device.groups(batch.numCopies), batch.numCopies, batch.copies, batch.fixed,
        batch.start, denoised);
}

} // namespace OrbitPlugin
