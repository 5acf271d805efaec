// SPDX-License-Identifier: MIT
// The avoidPocket stage, common host.
#include "CommonStages.h"

namespace OrbitPlugin {

void common::avoidPocket(Device& device, DeviceBatch& batch, const AvoidPocketShape& shape, Buffer& denoised) {
    device["avoidPocket"](device.groups(batch.numCopies), batch.numCopies, MixedArgument{getPocketFactor(shape)},
        MixedArgument{shape.reach}, MixedArgument{LEAST_OBSTACLE_DISTANCE}, batch.copies, batch.copyPockets,
        batch.obstacles, batch.pointRadii, batch.moves, denoised);
}

} // namespace OrbitPlugin
