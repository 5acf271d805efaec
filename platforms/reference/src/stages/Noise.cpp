// SPDX-License-Identifier: MIT
// The noise stage, Reference: standard normal numbers of one copy.
#include "ReferenceStages.h"
#include "openmmorbit/internal/Philox.h"

namespace OrbitPlugin {

void reference::noise(const NoiseKey& key, Output noise) {
    // (6.1)
    for (std::size_t i = 0; i < noise.size() / 3; i++) {
        const auto normals = philoxNormals(key.seed, {key.record, key.copy, key.draw, (std::uint32_t) i});
        for (int k = 0; k < 3; k++)
            noise[3 * i + k] = normals[k];
    }
}

} // namespace OrbitPlugin
