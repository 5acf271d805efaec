// SPDX-License-Identifier: MIT
// The timeConditioning stage: a network small enough to be computed by hand.
#include "Matchers.h"
#include "ReferenceStages.h"
#include "Tolerances.h"

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

static const Tolerance CLOSE = tolerance("timeConditioning", "double");

// T = 2, c = 2: hidden picks cos(2 s) and sin(3 s), output is the identity plus a bias, condition 1 is added.

TEST(TimeConditioning, byHand) {
    const vector<double> frequencies = {2, 3};
    const vector<double> hidden = {1, 0, 0, 0, 0, 0, 0, 1}, hiddenBias = {0.5, 0};
    const vector<double> output = {1, 0, 0, 1}, outputBias = {0, -1}, conditions = {100, 100, 0.25, 0.75};
    const double s = 0.4;
    vector<double> cond(2);
    reference::timeConditioning({2, 2}, {frequencies, {hidden, hiddenBias}, {output, outputBias}, conditions}, s, 1,
        cond);
    const double h0 = std::cos(0.8) + 0.5, h1 = std::sin(1.2);
    const double a0 = h0 / (1 + std::exp(-h0)) + 0.25, a1 = h1 / (1 + std::exp(-h1)) - 1 + 0.75;
    const vector<double> expected = {a0 / (1 + std::exp(-a0)), a1 / (1 + std::exp(-a1))};
    expectClose("timeConditioning", cond, expected, CLOSE);
}

TEST(TimeConditioning, modulationIsLinear) {
    const vector<double> weight = {1, 2, 3, 4, 5, 6}, bias = {0.5, 0, -0.5};
    vector<double> modulation(3);
    reference::modulation({weight, bias}, vector<double>{1, -1}, modulation);
    expectClose("modulation", modulation, vector<double>{-0.5, -1, -1.5}, CLOSE);
}
