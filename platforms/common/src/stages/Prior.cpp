// SPDX-License-Identifier: MIT
// The prior stage, common host: centred noise as positions, or added to them.
#include "CommonStages.h"

namespace OrbitPlugin {

static void launch(common::Device& device, common::DeviceBatch& batch, double sigma, bool add) {
    device["prior"](device.groups(batch.numCopies), batch.numCopies, common::MixedArgument{sigma},
        (int) add, batch.copies, batch.noise, batch.positions);
}

void common::prior(Device& device, DeviceBatch& batch, double sigma) {
    launch(device, batch, sigma, false);
}

void common::addNoise(Device& device, DeviceBatch& batch, double sigma) {
    launch(device, batch, sigma, true);
}

} // namespace OrbitPlugin
