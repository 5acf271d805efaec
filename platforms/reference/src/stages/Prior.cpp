// SPDX-License-Identifier: MIT
// The prior stage, Reference: centred noise as positions, or added to them.
#include "ReferenceStages.h"
#include <algorithm>

namespace OrbitPlugin {

void reference::prior(const PriorShape& shape, double sigma, Input noise, Output positions) {
    std::fill(positions.begin(), positions.end(), 0.0);
    addNoise(shape, sigma, noise, positions);
}

void reference::addNoise(const PriorShape& shape, double sigma, Input noise, Output positions) {
    // (6.2)
    for (int k = 0; k < 3; k++) {
        double mean = 0;
        for (int i = 0; i < shape.numPoints; i++)
            mean += noise[3 * i + k] / shape.numPoints;
        for (int i = 0; i < shape.numPoints; i++)
            positions[3 * i + k] += sigma * (noise[3 * i + k] - mean);
    }
}

} // namespace OrbitPlugin
