// SPDX-License-Identifier: MIT
// Shared by the stages that move points of a copy: which are fixed, and centring.
#ifndef OPENMM_ORBIT_REFERENCEMOVEDPOINTS_H_
#define OPENMM_ORBIT_REFERENCEMOVEDPOINTS_H_

#include "openmmorbit/internal/ArrayView.h"
#include <vector>

namespace OrbitPlugin {
namespace reference {

/** List the fixed points, ascending. */
inline std::vector<int> listFixed(ArrayView<const char> fixed, int numPoints) {
    std::vector<int> points;
    for (int i = 0; i < numPoints; i++)
        if (fixed[i])
            points.push_back(i);
    return points;
}

/** Subtract the mean over the points from their positions [numPoints][3]. */
inline void subtractMean(ArrayView<double> positions, int numPoints) {
    double mean[3] = {0, 0, 0};
    for (int i = 0; i < 3 * numPoints; i++)
        mean[i % 3] += positions[i] / numPoints;
    for (int i = 0; i < 3 * numPoints; i++)
        positions[i] -= mean[i % 3];
}

} // namespace reference
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_REFERENCEMOVEDPOINTS_H_
