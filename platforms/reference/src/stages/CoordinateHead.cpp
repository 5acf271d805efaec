// SPDX-License-Identifier: MIT
// The coordinateHead stage, Reference: tokens to the network's centred output.
#include "ReferenceStages.h"

namespace OrbitPlugin {

void reference::coordinateHead(const CoordinateHeadShape& shape, Input weight, Input x, Input modulation, Output F) {
    const int N = shape.numTokens, d = shape.width, numPoints = N * shape.pointsPerToken;

    // (4.18)
    std::vector<double> a((std::size_t) N * d);
    layerNorm({N, d}, x, modulation.slice(0, d), modulation.slice(d, d), a);
    linear({N, d, 3 * shape.pointsPerToken}, {weight, {}}, a, F);
    for (int k = 0; k < 3; k++) {
        double mean = 0;
        for (int i = 0; i < numPoints; i++)
            mean += F[3 * i + k] / numPoints;
        for (int i = 0; i < numPoints; i++)
            F[3 * i + k] -= mean;
    }
}

} // namespace OrbitPlugin
