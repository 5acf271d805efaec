// SPDX-License-Identifier: MIT
// The scatter stage, Reference: coordinates of the copies to positions in the Context.
#include "ReferenceStages.h"

namespace OrbitPlugin {

void reference::scatter(const ScatterShape& shape, const ScatterInputs<double>& inputs,
        ArrayView<OpenMM::Vec3> contextPositions) {
    for (int copy = 0; copy < shape.numCopies; copy++)
        for (int i = inputs.firstPoints[copy]; i < inputs.firstPoints[copy + 1]; i++)
            for (int k = 0; k < 3; k++)
                contextPositions[inputs.particles[i]][k] = inputs.centroids[3 * copy + k] +
                    shape.unitInNanometers * inputs.positions[3 * i + k];
}

} // namespace OrbitPlugin
