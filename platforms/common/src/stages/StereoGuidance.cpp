// SPDX-License-Identifier: MIT
// The stereoGuidance stage, common host: moves of the points of all copies.
#include "CommonStages.h"

namespace OrbitPlugin {

void common::stereoGuidance(Device& device, DeviceBatch& batch, const StereoGuidanceShape& shape, Buffer& guided) {
    const double factor = getGuidanceFactor(shape);
    device["stereoGuidance"](device.elements(shape.numPoints), shape.numPoints,
        MixedArgument{factor}, MixedArgument{LARGEST_VOTE}, batch.rows, batch.copies, batch.copyVolumes,
        batch.volumes, batch.volumeScales, batch.unguided, guided);
}

} // namespace OrbitPlugin
