// SPDX-License-Identifier: MIT
// The classifierFreeGuidance stage, common host.
#include "CommonStages.h"

namespace OrbitPlugin {

void common::classifierFreeGuidance(Device& device, DeviceBatch& batch, double scale, Buffer& denoised) {
    device["classifierFreeGuidance"](device.groups(batch.numCopies), batch.numCopies, batch.copies, batch.contrasts,
        MixedArgument{scale}, denoised);
}

} // namespace OrbitPlugin
