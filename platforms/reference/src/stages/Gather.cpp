// SPDX-License-Identifier: MIT
// The gather stage, Reference: centroids of the copies' particles in the Context.
#include "ReferenceStages.h"

namespace OrbitPlugin {

void reference::gather(const GatherShape& shape, ArrayView<const OpenMM::Vec3> contextPositions,
        ArrayView<const int> particles, ArrayView<const int> firstPoints, Output centroids) {
    for (int copy = 0; copy < shape.numCopies; copy++) {
        OpenMM::Vec3 sum;
        for (int i = firstPoints[copy]; i < firstPoints[copy + 1]; i++)
            sum += contextPositions[particles[i]];
        for (int k = 0; k < 3; k++)
            centroids[3 * copy + k] = sum[k] / (firstPoints[copy + 1] - firstPoints[copy]);
    }
}

} // namespace OrbitPlugin
