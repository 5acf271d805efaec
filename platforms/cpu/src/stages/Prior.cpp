// SPDX-License-Identifier: MIT
// Stage prior on the CPU: noise without its mean, at the first noise level.
#include "CpuStages.h"

namespace OrbitPlugin {
namespace cpu {

void prior(const PriorShape& shape, double sigma, ArrayView<const double> noise, ArrayView<double> positions) {

    // (6.2)

    for (int k = 0; k < 3; k++) {
        double mean = 0;
        for (int i = 0; i < shape.numAtoms; i++)
            mean += noise[3 * i + k];
        mean /= shape.numAtoms;
        for (int i = 0; i < shape.numAtoms; i++)
            positions[3 * i + k] = sigma * (noise[3 * i + k] - mean);
    }
}

} // namespace cpu
} // namespace OrbitPlugin
