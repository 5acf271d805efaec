// SPDX-License-Identifier: MIT
// The noise stage, common host: standard normal numbers of all copies.
#include "CommonStages.h"

namespace OrbitPlugin {

void common::noise(Device& device, DeviceBatch& batch, std::uint64_t seed) {
    device["noise"](device.elements(batch.getNumPoints()), batch.getNumPoints(), (unsigned int) seed,
        (unsigned int) (seed >> 32), batch.rows, batch.keys, batch.noise);
}

} // namespace OrbitPlugin
