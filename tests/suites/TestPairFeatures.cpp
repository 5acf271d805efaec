// SPDX-License-Identifier: MIT
// The pairFeatures stage: radial functions, categories and condition, seen through weights that let one pass at a time.
#include "Matchers.h"
#include "ReferenceStages.h"
#include "Systems.h"
#include "Tolerances.h"

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

static const Tolerance CLOSE = tolerance("pairFeatures", "double");

static double silu(double a) {
    return a / (1 + std::exp(-a));
}

/** One channel, two radial functions at 0 and 4, one category of three, one condition, two outputs. */
struct TinyPairs {
    vector<double> radial = {0, 0}, embedding = {0, 0, 0}, time = {0};
    vector<double> hidden = {1}, hiddenBias = {0}, bias = {1, -2}, biasBias = {0.5, 0.25};
    vector<int> features = {0, 1, 2, 0};
    vector<double> u = {0, 0, 0, 0, 2.4, 3.2}, cond = {3}, output = vector<double>(8);
    vector<double> radialBefore, before;

    const vector<double>& run() {
        const PairFeaturesShape shape = {2, 1, 1, 2, 1, 2, 4.0, (int) u.size() / 6};
        reference::pairFeatures(shape, {radial, embedding, time, {hidden, hiddenBias}, {bias, biasBias}, radialBefore},
            {features, u, cond, before}, output);
        return output;
    }
    /** The two outputs of a pair whose first layer sees a. */
    static vector<double> expect(double a) {
        const double h = silu(silu(a));
        return {h + 0.5, -2 * h + 0.25};
    }
};

// The second radial function peaks at r = 4, the distance of the two atoms; the first has fallen to exp(-1/2) there.

TEST(PairFeatures, radialFunctions) {
    TinyPairs tiny;
    tiny.radial = {0, 1};
    vector<double> output = tiny.run();
    expectClose("peak", vector<double>{output[1], output[5]}, TinyPairs::expect(1), CLOSE);
    expectClose("one width away", vector<double>{output[0], output[4]}, TinyPairs::expect(std::exp(-0.5)), CLOSE);
    tiny.radial = {1, 0};
    output = tiny.run();
    expectClose("peak at 0", vector<double>{output[0], output[4]}, TinyPairs::expect(1), CLOSE);
    expectClose("other peak", vector<double>{output[1], output[5]}, TinyPairs::expect(std::exp(-0.5)), CLOSE);
}

TEST(PairFeatures, categoriesBelongToOrderedPairs) {
    TinyPairs tiny;
    tiny.embedding = {0.25, -1, 2};
    const vector<double> output = tiny.run();
    const double expected[] = {0.25, -1, 2, 0.25};
    for (int pair = 0; pair < 4; pair++)
        expectClose("pair", vector<double>{output[pair], output[4 + pair]}, TinyPairs::expect(expected[pair]), CLOSE);
}

TEST(PairFeatures, conditionActsOnEveryPair) {
    TinyPairs tiny;
    tiny.time = {0.5};
    const vector<double> output = tiny.run();
    for (int pair = 0; pair < 4; pair++)
        expectClose("pair", vector<double>{output[pair], output[4 + pair]}, TinyPairs::expect(1.5), CLOSE);
}

TEST(PairFeatures, distancesOfBeforeAddUp) {
    TinyPairs tiny;
    tiny.radial = {0, 1};
    tiny.radialBefore = {0, -0.75};
    const vector<double> without = tiny.run();
    expectClose("there was no step before", vector<double>{without[1], without[5]}, TinyPairs::expect(1), CLOSE);
    tiny.before = {1, 0, 0, 1, 0, 4};
    vector<double> output = tiny.run();
    expectClose("both at the peak", vector<double>{output[1], output[5]}, TinyPairs::expect(1 - 0.75), CLOSE);
    tiny.before = {1, 0, 0, 1, 0, 8};
    output = tiny.run();
    expectClose("one width away", vector<double>{output[1], output[5]}, TinyPairs::expect(1 - 0.75 * std::exp(-0.5)),
            CLOSE);
    tiny.radialBefore = {0, 0};
    EXPECT_EQ(tiny.run(), without);
}

TEST(PairFeatures, distancesAreThoseOfReferencePoints) {
    TinyPairs tiny;
    tiny.radial = {0.7, -0.4};
    const vector<double> base = tiny.run(), u = tiny.u;
    for (int numPoints : {2, 3, 4}) {
        tiny.u = makeNumbers(6 * numPoints, 3, 2.0);
        for (int i = 0; i < 2; i++)
            std::copy_n(u.begin() + 3 * i, 3, tiny.u.begin() + 3 * (numPoints * i + numPoints / 2));
        EXPECT_EQ(tiny.run(), base) << numPoints << " points";
    }
}

TEST(PairFeatures, rotationAndTranslationDoNotMatter) {
    TinyPairs tiny;
    tiny.radial = {0.7, -0.4};
    const vector<double> base = tiny.run();
    tiny.u = rotate(tiny.u, makeRotation(5));
    for (double& value : tiny.u)
        value += 1.5;
    expectClose("pairFeatures", tiny.run(), base, CLOSE);
}
