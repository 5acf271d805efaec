// SPDX-License-Identifier: MIT
// The avoidPocket stage, Reference.
#include "../MovedPoints.h"
#include "../ReferenceStages.h"
#include <algorithm>
#include <cmath>
#include <vector>

namespace OrbitPlugin {

/** Add what a point with a radius at a place [3] relative to the anchor wants to move [3]. */
static void addWishes(const AvoidedPocket& pocket, double radius, const double* place, double* move) {
    for (int p = 0; p < pocket.getNumObstacles(); p++) {
        double away[3], squared = 0;
        for (int k = 0; k < 3; k++) {
            away[k] = place[k] - pocket.positions[3 * p + k];
            squared += away[k] * away[k];
        }
        const double least = radius + pocket.radii[p], distance = std::sqrt(squared);
        if (distance < least && distance > LEAST_OBSTACLE_DISTANCE)
            for (int k = 0; k < 3; k++)
                move[k] += (least - distance) / distance * away[k];
    }
}

void reference::avoidPocket(const AvoidPocketShape& shape, const AvoidedPocket& pocket, Output denoised) {
    if (pocket.getNumObstacles() == 0)
        return;
    const int N = shape.numPoints;
    const std::vector<double> before(denoised.begin(), denoised.end());
    std::vector<double> moves(3 * N, 0.0);

    // (5.22)
    for (int j = 0; j < N; j++) {
        double place[3];
        for (int k = 0; k < 3; k++)
            place[k] = before[3 * j + k] - (pocket.anchor < 0 ? 0 : before[3 * pocket.anchor + k]);
        if (pocket.pointRadii[j] > 0)
            addWishes(pocket, pocket.pointRadii[j], place, &moves[3 * j]);
    }

    // (5.23)
    const double factor = getPocketFactor(shape);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N && pocket.pointRadii[i] >= 0; j++) {
            double squared = 0;
            for (int k = 0; k < 3; k++)
                squared += std::pow(before[3 * i + k] - before[3 * j + k], 2);
            const double share = factor * std::exp(-squared / (2 * shape.reach * shape.reach));
            for (int k = 0; k < 3; k++)
                denoised[3 * i + k] += share * moves[3 * j + k];
        }
    subtractMean(denoised, N);
}

} // namespace OrbitPlugin
