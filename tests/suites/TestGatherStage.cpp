// SPDX-License-Identifier: MIT
// The gather and scatter stages: centroids, units, and particles that are left alone.
#include "Matchers.h"
#include "ReferenceStages.h"
#include "Tolerances.h"

using namespace OrbitPlugin;
using namespace testSupport;
using OpenMM::Vec3;
using std::vector;

static const Tolerance CLOSE = tolerance("positions", "double");

TEST(GatherStage, centroidsOfCopies) {
    const vector<Vec3> positions = {Vec3(1, 2, 3), Vec3(100, 100, 100), Vec3(3, 2, 1), Vec3(-1, -1, -1)};
    const vector<int> particles = {2, 0, 3}, firstPoints = {0, 2, 3};
    vector<double> centroids(6);
    reference::gather({2}, positions, particles, firstPoints, centroids);
    expectClose("gather", centroids, vector<double>{2, 2, 2, -1, -1, -1}, CLOSE);
}

TEST(GatherStage, scatterPlacesCopiesAroundCentroids) {
    vector<Vec3> positions(4, Vec3(7, 7, 7));
    const vector<int> particles = {2, 0, 3}, firstPoints = {0, 2, 3};
    const vector<double> centroids = {2, 2, 2, -1, -1, -1}, coordinates = {10, 0, 0, -10, 0, 0, 0, 0, 0};
    reference::scatter({2, 0.1}, {coordinates, particles, firstPoints, centroids}, positions);
    const vector<Vec3> expected = {Vec3(1, 2, 2), Vec3(7, 7, 7), Vec3(3, 2, 2), Vec3(-1, -1, -1)};
    expectClose("scatter", positions, expected, CLOSE);
}
