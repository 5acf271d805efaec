// SPDX-License-Identifier: MIT
// The scatter stage, common host: coordinates of the copies to positions in the Context.
#include "CommonStages.h"

using namespace OpenMM;

namespace OrbitPlugin {

void common::scatter(Device& device, DeviceBatch& batch, ContextOrder& order, double unitInNanometers) {
    ComputeContext& context = device.context;
    order.update(device);
    Vec3 a, b, c;
    context.getPeriodicBoxVectors(a, b, c);
    const Launch launch = device.elements(batch.getNumPoints());
    if (context.getUseMixedPrecision())
        device["scatter"](launch, batch.getNumPoints(), MixedArgument{unitInNanometers}, batch.rows, batch.particles,
                order.slots, order.cellOffsets, MixedVectorArgument{a}, MixedVectorArgument{b}, MixedVectorArgument{c},
                batch.centroids, batch.positions, context.getPosq(), context.getPosqCorrection());
    else
        device["scatter"](launch, batch.getNumPoints(), MixedArgument{unitInNanometers}, batch.rows, batch.particles,
                order.slots, order.cellOffsets, MixedVectorArgument{a}, MixedVectorArgument{b}, MixedVectorArgument{c},
                batch.centroids, batch.positions, context.getPosq(), nullptr);
}

} // namespace OrbitPlugin
