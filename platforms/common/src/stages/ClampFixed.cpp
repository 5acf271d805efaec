// SPDX-License-Identifier: MIT
// The clampFixed stage, common host.
#include "CommonStages.h"

namespace OrbitPlugin {

void common::clampFixed(Device& device, DeviceBatch& batch, Buffer& denoised) {
    device["clampFixed"](device.groups(batch.numCopies), batch.numCopies, batch.copies, batch.fixed,
        batch.start, denoised);
}

} // namespace OrbitPlugin
