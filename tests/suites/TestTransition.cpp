// SPDX-License-Identifier: MIT
// The transition stage: a network of two channels by hand, and the rows of its modulation.
#include "Matchers.h"
#include "ReferenceStages.h"
#include "Tolerances.h"

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

static const Tolerance CLOSE = tolerance("transition", "double");

static double silu(double a) {
    return a / (1 + std::exp(-a));
}

TEST(Transition, byHand) {
    // d = 2, m = 1; g = a + bias, v = exchanged a + bias. The token (1, 3) becomes (-e, e); shift2 and scale2 make it
    // a = (1/2 - 2 e, 1 + 3 e).
    const double e = 1 / std::sqrt(1 + 1e-5);
    const vector<double> modulation = {9, 9, 9, 9, 9, 9, 0.5, 1, 1, 2, 0.5, -2};
    const vector<double> up = {1, 0, 0, 1, 0, 1, 1, 0}, upBias = {0, 0.5, 0, -0.5};
    const vector<double> down = {1, 1, 0, 1}, downBias = {0.25, 0};
    vector<double> x = {1, 3};
    reference::transition({1, 2, 1}, {{up, upBias}, {down, downBias}}, modulation, x);
    const double a0 = 0.5 - 2 * e, a1 = 1 + 3 * e;
    const double h0 = silu(a0) * a1, h1 = silu(a1 + 0.5) * (a0 - 0.5);
    expectClose("transition", x, vector<double>{1 + 0.5 * (h0 + h1 + 0.25), 3 - 2 * h1}, CLOSE);
}

TEST(Transition, zeroGateChangesNothing) {
    const vector<double> modulation(12, 0.0), up(16, 1.0), upBias(8, 1.0), down(8, 1.0), downBias(2, 1.0);
    vector<double> x = {1, 3, -2, 5};
    const vector<double> before = x;
    reference::transition({2, 2, 2}, {{up, upBias}, {down, downBias}}, modulation, x);
    expectClose("transition", x, before, CLOSE);
}

TEST(Transition, atomsDoNotSeeEachOther) {
    const vector<double> modulation(12, 0.3), up(8, 0.7), upBias(4, 0.1), down(4, -0.4), downBias(2, 0.2);
    vector<double> together = {1, 3, -2, 5}, alone = {-2, 5};
    reference::transition({2, 2, 1}, {{up, upBias}, {down, downBias}}, modulation, together);
    reference::transition({1, 2, 1}, {{up, upBias}, {down, downBias}}, modulation, alone);
    EXPECT_EQ(vector<double>(together.begin() + 2, together.end()), alone);
}
