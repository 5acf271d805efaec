// SPDX-License-Identifier: MIT
// The gather stage, common host: centroids of the copies' particles in the Context.
#include "CommonStages.h"

using namespace OpenMM;

namespace OrbitPlugin {

void common::ContextOrder::update(Device& device) {
    ComputeContext& context = device.context;
    const int numParticles = context.getNumAtoms();
    slots.reserve(context, numParticles, sizeof(int));
    device["findSlots"](device.elements(numParticles), numParticles, context.getAtomIndexArray(), slots);
    const std::vector<mm_int4>& current = context.getPosCellOffsets();
    bool changed = current.size() != offsets.size();
    for (std::size_t i = 0; i < current.size() && !changed; i++)
        changed = current[i].x != offsets[i].x || current[i].y != offsets[i].y || current[i].z != offsets[i].z;
    if (changed) {
        offsets = current;
        cellOffsets.upload(context, offsets);
    }
}

void common::gather(Device& device, DeviceBatch& batch, ContextOrder& order) {
    ComputeContext& context = device.context;
    order.update(device);
    Vec3 a, b, c;
    context.getPeriodicBoxVectors(a, b, c);
    const Launch launch = device.groups(batch.numCopies);
    if (context.getUseMixedPrecision())
        device["gather"](launch, batch.numCopies, batch.copies, batch.particles, order.slots, order.cellOffsets,
            MixedVectorArgument{a}, MixedVectorArgument{b}, MixedVectorArgument{c}, context.getPosq(),
            context.getPosqCorrection(), batch.centroids);
    else
        device["gather"](launch, batch.numCopies, batch.copies, batch.particles, order.slots, order.cellOffsets,
            MixedVectorArgument{a}, MixedVectorArgument{b}, MixedVectorArgument{c}, context.getPosq(), nullptr,
            batch.centroids);
}

} // namespace OrbitPlugin
