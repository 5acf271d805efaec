// SPDX-License-Identifier: MIT
// The followFixed stage: fixed points stand at their places, and the others come with those near them.
#include "KernelRuns.h"
#include "Models.h"
#include "ReferenceStages.h"
#include <numeric>

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

namespace {

/** Let free points follow. @param leaders   empty: each point is its own */
vector<double> follow(const vector<char>& fixed, const vector<double>& start, vector<double> denoised,
        vector<int> leaders = {}) {
    if (leaders.empty()) {
        leaders.resize(fixed.size());
        std::iota(leaders.begin(), leaders.end(), 0);
    }
    reference::followFixed({(int) fixed.size(), 0.3}, fixed, leaders, start, denoised);
    return denoised;
}

/** Subtract the mean. */
vector<double> center(vector<double> positions) {
    double mean[3] = {0, 0, 0};
    for (std::size_t i = 0; i < positions.size(); i++)
        mean[i % 3] += 3 * positions[i] / positions.size();
    for (std::size_t i = 0; i < positions.size(); i++)
        positions[i] -= mean[i % 3];
    return positions;
}

/** Fix every second point of the copies that have more than three, from positions of unit spread. Some lead. */
void fixPoints(Batch& batch) {
    batch.start.resize(3 * batch.getNumPoints());
    for (std::size_t i = 0; i < batch.start.size(); i++)
        batch.start[i] = std::sin(1.7 * i) + 3;
    batch.fixed.assign(batch.getNumPoints(), 0);
    batch.leaders.assign(batch.getNumPoints(), 0);
    for (int c = 0; c < (int) batch.copies.size(); c++)
        for (int i = 0; i < batch.getNumPoints(c); i++) {
            const bool hasFixed = batch.getNumPoints(c) > 3;
            batch.fixed[batch.copies[c].firstPoint + i] = hasFixed && i % 2 == 0;
            batch.leaders[batch.copies[c].firstPoint + i] = hasFixed && i % 4 == 1 ? 2 : i;
        }
}

/** @param asBodies   whether the level of the step is one at which points move with their leaders */
void checkKernel(const DenoiserModel& model, bool asBodies) {
    // The only step of a generation ends at the denoised positions.

    Batch batch = makeMixedBatch(model, SamplerMethod::Euler, 1);
    batch.plan.bodySigma = asBodies ? batch.plan.noiseLevels[0] : 0;
    fixPoints(batch);
    KernelContext context(model);
    IntegrateOrbitDiffusionStepKernel& kernel = context.getKernel();
    kernel.setBatch(batch);
    kernel.start();
    vector<double> expected;
    kernel.evaluate(batch.plan.noiseLevels[0], expected, nullptr);
    for (int c = 0; c < (int) batch.copies.size(); c++) {
        const int first = batch.copies[c].firstPoint, n = batch.getNumPoints(c);
        const FollowFixedShape shape = {n, batch.plan.nearDistance, batch.plan.noiseLevels[0], batch.plan.bodySigma};
        reference::followFixed(shape, ArrayView<const char>(batch.fixed).slice(first, n),
            ArrayView<const int>(batch.leaders).slice(first, n),
            ArrayView<const double>(batch.start).slice(3 * first, 3 * n),
            ArrayView<double>(expected).slice(3 * first, 3 * n));
    }
    kernel.execute(0);
    expectClose("followFixed", kernel.getPositions(), expected, tolerance("denoiser", precisionName()));
}

/** After any number of steps, fixed points stand where they should, but for the centre of the copy. */
void checkGeneration(const DenoiserModel& model) {
    for (SamplerMethod method : {SamplerMethod::Heun, SamplerMethod::Multistep}) {
        Batch batch = makeMixedBatch(model, method, 5, 0.5);
        fixPoints(batch);
        KernelContext context(model);
        const vector<double> end = generate(context.getKernel(), batch);
        for (int c = 0; c < (int) batch.copies.size(); c++) {
            vector<double> found, known;
            for (int i = batch.copies[c].firstPoint; i < batch.copies[c].firstPoint + batch.getNumPoints(c); i++)
                for (int k = 0; k < 3 && batch.fixed[i]; k++) {
                    found.push_back(end[3 * i + k]);
                    known.push_back(batch.start[3 * i + k]);
                }
            expectClose("fixed points", center(found), center(known), tolerance("prior", precisionName()));
        }
    }
}

} // namespace

TEST(FollowFixed, aRigidMotionIsUndone) {
    // A corner and two free points, turned by 90 degrees about z and moved.

    const vector<char> fixed = {1, 1, 1, 1, 0, 0};
    const vector<double> start = {0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 9, 9, 9, 9, 9, 9};
    const vector<double> turned = {5, 5, 5, 5, 6, 5, 3, 5, 5, 5, 5, 8, 4, 6, 7, 2, 2, 2};
    const vector<double> expected = {0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 1, 1, 2, -3, 3, -3};

    // Small rotations count a little more.

    expectClose("turned", follow(fixed, start, turned), center(expected), {0, 0.03});
    vector<double> moved = expected;
    for (std::size_t i = 0; i < moved.size(); i++)
        moved[i] += i % 3;
    expectClose("moved", follow(fixed, start, moved), center(expected), tolerance("prior", "double"));
}

TEST(FollowFixed, nearPointsCount) {
    // Two corners that moved apart by 6 along z; each has a free point beside it.

    vector<double> start, denoised;
    for (int corner = 0; corner < 2; corner++)
        for (const vector<double>& arm : {vector<double>{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {-0.7, -0.7, 0.5}}) {
            start.insert(start.end(), {arm[0] + 40 * corner, arm[1], arm[2] + 6 * corner});
            denoised.insert(denoised.end(), {arm[0] + 40 * corner, arm[1], arm[2]});
        }
    const vector<char> fixed = {1, 1, 1, 0, 1, 1, 1, 0};
    expectClose("nearPoints", follow(fixed, start, denoised), center(start), {0, 1e-4});
}

TEST(FollowFixed, pointsOfOneLeaderMoveAsOneBody) {
    // The corners turned against each other. Both free points stand beside the second, and follow the first.

    vector<double> start, denoised;
    for (int corner = 0; corner < 2; corner++)
        for (const vector<double>& arm : {vector<double>{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {-0.7, -0.7, 0.5 + corner}}) {
            denoised.insert(denoised.end(), {arm[0] + 40 * corner, arm[1], arm[2]});
            if (corner == 0)
                start.insert(start.end(), {arm[0], arm[1], arm[2]});
            else
                start.insert(start.end(), {-arm[1] + 40, arm[0], arm[2] + 6});
        }
    start[9] = denoised[9] = 39;
    const vector<char> fixed = {1, 1, 1, 0, 1, 1, 1, 0};
    vector<double> expected = start;
    for (int i : {3, 7})
        std::copy(denoised.begin() + 3 * i, denoised.begin() + 3 * i + 3, expected.begin() + 3 * i);
    const vector<int> leaders = {0, 1, 2, 0, 4, 5, 6, 0};
    expectClose("oneBody", follow(fixed, start, denoised, leaders), center(expected), {0, 2e-3});

    // Above the level of bodies each point goes on its own.

    vector<double> alone = denoised;
    reference::followFixed({8, 0.3, 0.31, 0.3}, fixed, leaders, start, alone);
    expectClose("alone", alone, follow(fixed, start, denoised), {0, 0});
}

TEST(FollowFixed, openRotationsAreSmall) {
    // One point leaves all rotations open, a line those about itself: it turns by 90 degrees about z.

    expectClose("one", follow({1, 0, 0}, {7, 7, 7, 0, 0, 0, 0, 0, 0}, {1, 2, 3, 4, 5, 6, -1, 0, 2}),
        center({7, 7, 7, 10, 10, 10, 5, 5, 6}), tolerance("prior", "double"));
    const vector<double> line = follow({1, 1, 0}, {0, 0, 0, 0, 2, 0, 9, 9, 9}, {0, 0, 0, 2, 0, 0, 1, 1, 1});
    expectClose("line", line, center({0, 0, 0, 0, 2, 0, -1, 1, 1}), {0, 0.01});
}

TEST(FollowFixed, aMirrorImageIsNotMadeFit) {
    const vector<double> start = {0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0};
    const vector<double> mirrored = {0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, -1, 1, 1, -1};
    const vector<double> end = follow({1, 1, 1, 1, 0}, start, mirrored);
    expectFinite("end", end);
    const vector<double> core(end.begin(), end.begin() + 12);
    expectClose("core", center(core), center({0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1}), tolerance("prior", "double"));
}

TEST(FollowFixed, leavesCopiesWithoutFixedPoints) {
    const vector<double> before = {0, 1, 5, 4, 3, 0};
    EXPECT_EQ(before, follow({0, 0}, vector<double>(6, 1.0), before));
}

TEST(FollowFixed, platformsAgree) {
    for (bool asBodies : {true, false}) {
        checkKernel(makeSmallModel(), asBodies);
        checkKernel(makeSmallModel(1, 3), asBodies);
    }
}

TEST(FollowFixed, fixedPointsEndAtTheirPlaces) {
    checkGeneration(makeSmallModel());
    checkGeneration(makeSmallModel(1, 3));
}
