// SPDX-License-Identifier: MIT
// The followFixed stage, common host.
#include "CommonStages.h"

namespace OrbitPlugin {

void common::followFixed(Device& device, DeviceBatch& batch, const FollowFixedShape& shape, Buffer& denoised) {
    device["followFixed"](device.groups(batch.numCopies), batch.numCopies, (int) (shape.sigma <= shape.bodySigma),
        MixedArgument{shape.nearDistance * shape.nearDistance}, MixedArgument{SMALL_ROTATION_SHARE}, FOLLOW_SWEEPS,
        batch.copies, batch.fixed, batch.leaders, batch.start, denoised);
}

} // namespace OrbitPlugin
