// SPDX-License-Identifier: MIT
// The shared helper linear: a product by hand, with and without bias.
#include "Matchers.h"
#include "ReferenceStages.h"
#include "Tolerances.h"

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

static const vector<double> WEIGHT = {1, 2, 3, -1, 0, 4}; // [2][3]
static const vector<double> INPUT = {1, 1, 1, 2, 0, -1};  // [2][3]

TEST(Linear, withBias) {
    const vector<double> bias = {10, 20};
    vector<double> output(4);
    reference::linear({2, 3, 2}, {WEIGHT, bias}, INPUT, output);
    expectClose("linear", output, vector<double>{16, 23, 9, 14}, tolerance("linear", "double"));
}

TEST(Linear, withoutBias) {
    vector<double> output(4, 99.0);
    reference::linear({2, 3, 2}, {WEIGHT, {}}, INPUT, output);
    expectClose("linear", output, vector<double>{6, 3, -1, -6}, tolerance("linear", "double"));
}

TEST(Linear, silu) {
    expectClose("silu", reference::silu(0), 0.0, tolerance("linear", "double"));
    expectClose("silu", reference::silu(1), 0.73105857863000488, tolerance("linear", "double"));
    expectClose("silu", reference::silu(-2), -0.23840584404423515, tolerance("linear", "double"));
    expectClose("silu", reference::silu(800), 800.0, tolerance("linear", "double"));
    expectClose("silu", reference::silu(-800), 0.0, tolerance("linear", "double"));
}
