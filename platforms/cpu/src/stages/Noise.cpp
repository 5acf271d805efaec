// SPDX-License-Identifier: MIT
// Stage noise on the CPU: double precision, so that every platform draws the same numbers.
#include "CpuStages.h"
#include "openmmorbit/internal/Philox.h"

namespace OrbitPlugin {
namespace cpu {

void noise(const NoiseKey& key, ArrayView<double> noise) {
    int numAtoms = (int) noise.size() / 3;

    // (6.1)

    for (int i = 0; i < numAtoms; i++) {
        std::array<double, 4> normals = philoxNormals(key.seed, {{key.record, key.copy, key.draw, (std::uint32_t) i}});
        for (int k = 0; k < 3; k++)
            noise[3 * i + k] = normals[k];
    }
}

} // namespace cpu
} // namespace OrbitPlugin
