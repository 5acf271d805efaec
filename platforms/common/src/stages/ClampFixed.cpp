// SPDX-License-Identifier: MIT
// The clampFixed stage, common host: (5.12), (5.13) are in the kernel.
#include "CommonStages.h"

namespace OrbitPlugin {

void common::clampFixed(Device& device, DeviceBatch& batch, Buffer& denoised) {
    device["clampFixed"](device.groups(batch.numCopies), batch.numCopies, batch.copies, batch.fixed,
        batch.start, denoised);
}

} // namespace OrbitPlugin
