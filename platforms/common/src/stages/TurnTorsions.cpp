// SPDX-License-Identifier: MIT
// The turnTorsions stage, common host.
#include "CommonStages.h"

namespace OrbitPlugin {

void common::turnTorsions(Device& device, DeviceBatch& batch, Buffer& denoised) {
    device["turnTorsions"](device.groups(batch.numCopies), batch.numCopies, MixedArgument{LEAST_TORSION_LENGTH},
        batch.copies, batch.copyTorsions, batch.torsions, batch.torsionRanges, batch.movingRanges, batch.moving,
        denoised);
}

} // namespace OrbitPlugin
