// SPDX-License-Identifier: MIT
// The avoidPocket stage: points that are too near to obstacles move away, and those near them with them.
#include "KernelRuns.h"
#include "Models.h"
#include "ReferenceStages.h"
#include <algorithm>

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

namespace {

/** Three points; the first is the anchor. */
const vector<double> POINTS = {-2, -1, 0, 0, 0, 0, 2, 1, 0};

/** Run the stage at a noise level at which its factor is 1, unless another is given. */
vector<double> avoid(const vector<double>& obstacles, const vector<double>& radii, double reach = 0.1,
        double sigma = 0.3, int anchor = 0, const vector<double>& pointRadii = {-1, 1, 0}) {
    vector<double> denoised = POINTS;
    reference::avoidPocket({3, sigma, 0.3, reach}, {anchor, obstacles, radii, pointRadii}, denoised);
    return denoised;
}

/** Differences to the anchor, which does not move. */
vector<double> fromAnchor(const vector<double>& points) {
    vector<double> differences;
    for (int i = 0; i < 9; i++)
        differences.push_back(points[i] - points[i % 3]);
    return differences;
}

void checkKernel(const DenoiserModel& model) {
    // The only step of a generation ends at the denoised positions.

    Batch batch = makeMixedBatch(model, SamplerMethod::Euler, 1);
    const double sigma = batch.plan.noiseLevels[0];
    KernelContext context(model);
    IntegrateOrbitDiffusionStepKernel& kernel = context.getKernel();
    kernel.setBatch(batch);
    kernel.start();
    vector<double> free;
    kernel.evaluate(sigma, free, nullptr);

    // Obstacles beside the points of one of the copies that have the second inputs.

    const BatchCopy& one = *std::find_if(
        batch.copies.begin(), batch.copies.end(), [](const BatchCopy& copy) { return copy.input == 1; });
    batch.pockets.resize(2);
    AvoidedPocket& pocket = batch.pockets[1];
    pocket.anchor = 2;
    pocket.pointRadii.assign(batch.inputs[1].getNumPoints(), 0.7);
    pocket.pointRadii[pocket.anchor] = pocket.pointRadii[4] = -1;
    pocket.pointRadii[3] = 0;
    for (int i = 0; i < batch.inputs[1].getNumPoints(); i++) {
        for (int k = 0; k < 3; k++)
            pocket.positions.push_back(free[3 * (one.firstPoint + i) + k] + 0.3 * k -
                free[3 * (one.firstPoint + pocket.anchor) + k]);
        pocket.radii.push_back(0.5 + 0.02 * i);
    }
    kernel.setBatch(batch);
    kernel.start();
    vector<double> expected = free;
    for (int c = 0; c < (int) batch.copies.size(); c++)
        reference::avoidPocket({batch.getNumPoints(c), sigma, batch.plan.fadingSigma}, batch.getPocket(c),
            ArrayView<double>(expected).slice(3 * batch.copies[c].firstPoint, 3 * batch.getNumPoints(c)));
    double moved = 0;
    for (std::size_t i = 0; i < free.size(); i++)
        moved += std::abs(expected[i] - free[i]);
    EXPECT_GT(moved, 0.1);
    kernel.execute(0);
    expectClose("avoidPocket", kernel.getPositions(), expected, tolerance("generation", precisionName()));
}

} // namespace

TEST(AvoidPocket, aPointMovesToTheSumOfTheRadii) {
    // Both obstacles are relative to the anchor: at (0.5, 0, 0) beside the second point, and far away.

    const vector<double> end = fromAnchor(avoid({2.5, 1, 0, 40, 0, 0}, {0.8, 1}));
    expectClose("moved", end, vector<double>{0, 0, 0, 2 - 1.3, 1, 0, 4, 2, 0}, tolerance("prior", "double"));
}

TEST(AvoidPocket, movesOfSeveralObstaclesAddUp) {
    const vector<double> end = fromAnchor(avoid({2.5, 1, 0, 2, 1.5, 0}, {0.8, 0.8}));
    expectClose("moved", end, vector<double>{0, 0, 0, 2 - 1.3, 1 - 1.3, 0, 4, 2, 0}, tolerance("prior", "double"));
}

TEST(AvoidPocket, pointsNearItMoveAlongButFixedOnesDoNot) {
    // The third point has no radius; it is the root of 5 away from the second, as the anchor is.

    const vector<double> end = fromAnchor(avoid({2.5, 1, 0}, {0.8}, 2));
    expectClose("moved", end, vector<double>{0, 0, 0, 2 - 1.3, 1, 0, 4 - 1.3 * std::exp(-5.0 / 8), 2, 0},
        tolerance("prior", "double"));
}

TEST(AvoidPocket, movesFadeWithTheNoiseLevel) {
    for (double sigma : {1e-3, 0.1, 0.6, 9.0}) {
        const vector<double> end = fromAnchor(avoid({2.5, 1, 0}, {0.8}, 0.1, sigma));
        EXPECT_NEAR(end[3], 2 - 1.3 * 2 * sigma * sigma / (sigma * sigma + 0.09), 1e-12);
    }
}

TEST(AvoidPocket, withoutAnAnchorThePocketIsAroundTheCentroid) {
    const vector<double> end = avoid({0.5, 0, 0}, {0.8}, 0.1, 0.3, -1, {0, 1, 0});
    for (int k = 0; k < 3; k++)
        EXPECT_NEAR(end[k] + end[3 + k] + end[6 + k], 0, 1e-12);
    EXPECT_NEAR(end[0] - end[3], -2 + 1.3, 1e-12);
}

TEST(AvoidPocket, leavesWhatHasNoDirectionOrNoObstacle) {
    expectClose("same place", avoid({2, 1, 0}, {0.8}), POINTS, tolerance("prior", "double"));
    EXPECT_EQ(avoid({}, {}), POINTS);
}

TEST(AvoidPocket, platformsAgree) {
    checkKernel(makeSmallModel());
    checkKernel(makeSmallModel(1, 3));
}
