// SPDX-License-Identifier: MIT
// The clampFixed stage: fixed points keep their places to each other, on every platform and to the last step.
#include "KernelContext.h"
#include "Matchers.h"
#include "Models.h"
#include "ReferenceStages.h"
#include "Tolerances.h"
#include <cmath>

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

namespace {

/** Positions to start from, of unit spread, the same in every run. */
vector<double> makeStart(const Batch& batch) {
    vector<double> start(3 * batch.getNumPoints());
    for (std::size_t i = 0; i < start.size(); i++)
        start[i] = std::sin(1.7 * i) + 3;
    return start;
}

/** Fix three points of every copy that has more. */
vector<char> fixThree(const Batch& batch) {
    vector<char> fixed(batch.getNumPoints(), 0);
    for (int c = 0; c < (int) batch.copies.size(); c++)
        for (int i = 0; i < 3 && batch.getNumPoints(c) > 3; i++)
            fixed[batch.copies[c].firstPoint + 2 * i] = 1;
    return fixed;
}

} // namespace

TEST(ClampFixed, closedForm) {
    // The fixed points lie 2 apart; the denoiser has their centre at (1, 0, 0), the second one to the lower right, and
    // the free one at (4, 3, 0).

    const vector<char> fixed = {1, 0, 1};
    const vector<double> start = {10, 0, 0, 7, 7, 7, 12, 0, 0};
    vector<double> denoised = {0, 1, 0, 4, 3, 0, 2, -1, 0};
    reference::clampFixed({3}, fixed, start, denoised);
    const double h = std::sqrt(0.5);
    expectClose("clampFixed", denoised, vector<double>{-1 - h, -1 + h, 0, 2, 2, 0, -1 + h, -1 - h, 0},
        tolerance("prior", "double"));
}

TEST(ClampFixed, turnsTheKnownShape) {
    // A right-handed corner, turned by 90 degrees about z and moved, comes back as it is; its mirror image does not.

    const vector<char> fixed = {1, 1, 1, 1};
    const vector<double> start = {0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3};
    vector<double> turned = {5, 5, 5, 5, 6, 5, 3, 5, 5, 5, 5, 8};
    vector<double> expected = turned;
    const double mean[3] = {4.5, 5.25, 5.75};
    for (int i = 0; i < 12; i++)
        expected[i] -= mean[i % 3];
    reference::clampFixed({4}, fixed, start, turned);
    expectClose("clampFixed", turned, expected, tolerance("prior", "double"));
    vector<double> mirrored = {0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, -3};
    reference::clampFixed({4}, fixed, start, mirrored);
    double volume = 0;
    for (int k = 0; k < 3; k++) {
        const int a = (k + 1) % 3, b = (k + 2) % 3;
        volume += (mirrored[3 + k] - mirrored[k]) *
            ((mirrored[6 + a] - mirrored[a]) * (mirrored[9 + b] - mirrored[b]) -
             (mirrored[6 + b] - mirrored[b]) * (mirrored[9 + a] - mirrored[a]));
    }
    EXPECT_NEAR(volume, 6, 1e-9);
}

TEST(ClampFixed, leavesCopiesWithoutFixedPoints) {
    const vector<double> before = {0, 1, 5, 4, 3, 0};
    vector<double> denoised = before;
    reference::clampFixed({2}, vector<char>{0, 0}, vector<double>(6, 1.0), denoised);
    EXPECT_EQ(before, denoised);
}

namespace {

double getDistance(const vector<double>& positions, int i, int j) {
    double squared = 0;
    for (int k = 0; k < 3; k++)
        squared += std::pow(positions[3 * i + k] - positions[3 * j + k], 2);
    return std::sqrt(squared);
}

void checkFixedPoints(const DenoiserModel& model) {
    for (SamplerMethod method : {SamplerMethod::Euler, SamplerMethod::Heun, SamplerMethod::Multistep}) {
        Batch batch = makeMixedBatch(model, method, 5, 0.5);
        batch.start = makeStart(batch);
        batch.fixed = fixThree(batch);
        KernelContext context(model);
        IntegrateOrbitDiffusionStepKernel& kernel = context.getKernel();
        kernel.setBatch(batch);
        kernel.start();
        for (int step = 0; step < batch.plan.getNumSteps(); step++)
            kernel.execute(step);
        const vector<double> end = kernel.getPositions();
        for (int c = 0; c < (int) batch.copies.size(); c++) {
            const int first = batch.copies[c].firstPoint;
            vector<double> found, expected;
            for (int i = first; i < first + batch.getNumPoints(c); i++)
                for (int j = first; j < i; j++)
                    if (batch.fixed[i] && batch.fixed[j]) {
                        found.push_back(getDistance(end, i, j));
                        expected.push_back(getDistance(batch.start, i, j));
                    }
            EXPECT_EQ(batch.getNumPoints(c) > 3 ? 3u : 0u, found.size());
            expectClose("clampFixed", found, expected, tolerance("prior", precisionName()));
            double centroid[3] = {0, 0, 0};
            for (int i = 0; i < 3 * batch.getNumPoints(c); i++)
                centroid[i % 3] += end[3 * first + i];
            expectClose("centroid", vector<double>(centroid, centroid + 3), vector<double>(3, 0.0),
                tolerance("denoiser", precisionName()));
        }
    }
}

void checkStart(const DenoiserModel& model) {
    Batch batch = makeMixedBatch(model);
    batch.plan.startAt(0.25);
    batch.start = makeStart(batch);
    KernelContext context(model);
    context.getKernel().setBatch(batch);
    context.getKernel().start();
    vector<double> expected(batch.start.size());
    for (int c = 0; c < (int) batch.copies.size(); c++) {
        const BatchCopy& copy = batch.copies[c];
        const int n = batch.getNumPoints(c), first = 3 * copy.firstPoint;
        vector<double> noise(3 * n);
        reference::noise({batch.seed, copy.record, copy.copy, copy.draw}, noise);
        reference::prior({n}, 1.0, ArrayView<const double>(batch.start).slice(first, 3 * n),
            ArrayView<double>(expected).slice(first, 3 * n));
        reference::addNoise({n}, 0.25, noise, ArrayView<double>(expected).slice(first, 3 * n));
    }
    expectClose("start", context.getKernel().getPositions(), expected, tolerance("prior", precisionName()));
}

} // namespace

TEST(ClampFixed, fixedPointsComeBackExactly) {
    checkFixedPoints(makeSmallModel());
}

TEST(ClampFixed, pointsOfATokenAreFixedOneByOne) {
    checkFixedPoints(makeSmallModel(1, 3));
}

TEST(ClampFixed, startsAtAnyLevelFromGivenPositions) {
    checkStart(makeSmallModel());
    checkStart(makeSmallModel(1, 3));
}

TEST(ClampFixed, refusals) {
    const DenoiserModel model = makeSmallModel();
    Batch batch = makeMixedBatch(model);
    KernelContext context(model);
    batch.start.resize(3);
    expectThrows<ArgumentError>("Batch::validate: expected 108 coordinates to start from, got 3",
        [&] { context.getKernel().setBatch(batch); });
    batch.start.clear();
    batch.fixed.assign(36, 1);
    expectThrows<ArgumentError>("Batch::validate: expected 36 flags of fixed points, with positions to start from, got "
        "36 flags and 0 coordinates", [&] { context.getKernel().setBatch(batch); });
}
