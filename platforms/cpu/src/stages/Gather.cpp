// SPDX-License-Identifier: MIT
// Stage gather on the CPU: the only code, with scatter, that reads the platform's positions.
#include "CpuStages.h"

using namespace OpenMM;

namespace OrbitPlugin {
namespace cpu {

void gather(const GatherShape& shape, ArrayView<const Vec3> contextPositions, ArrayView<const int> particles,
        ArrayView<const int> firstAtoms, ArrayView<double> centroids) {
    for (int copy = 0; copy < shape.numCopies; copy++) {
        Vec3 sum;
        for (int row = firstAtoms[copy]; row < firstAtoms[copy + 1]; row++)
            sum += contextPositions[particles[row]];
        for (int k = 0; k < 3; k++)
            centroids[3 * copy + k] = sum[k] / (firstAtoms[copy + 1] - firstAtoms[copy]);
    }
}

} // namespace cpu
} // namespace OrbitPlugin
