// SPDX-License-Identifier: MIT
// Stage scatter on the CPU: writes the batch's particles and no others.
#include "CpuStages.h"

using namespace OpenMM;

namespace OrbitPlugin {
namespace cpu {

void scatter(const ScatterShape& shape, const ScatterInputs<double>& inputs, ArrayView<Vec3> contextPositions) {
    for (int copy = 0; copy < shape.numCopies; copy++) {
        for (int row = inputs.firstAtoms[copy]; row < inputs.firstAtoms[copy + 1]; row++) {
            Vec3& position = contextPositions[inputs.particles[row]];
            for (int k = 0; k < 3; k++)
                position[k] = inputs.centroids[3 * copy + k] + shape.unitInNanometers * inputs.positions[3 * row + k];
        }
    }
}

} // namespace cpu
} // namespace OrbitPlugin
