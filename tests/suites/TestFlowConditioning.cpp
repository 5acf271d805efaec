// SPDX-License-Identifier: MIT
// The flowConditioning stage: its waves, a network of one channel by hand, and what registers get.
#include "Matchers.h"
#include "ReferenceStages.h"
#include "Tolerances.h"
#include "openmmorbit/internal/stages/Preconditioning.h"

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

static const Tolerance CLOSE = tolerance("timeConditioning", "double");

static double sigmoid(double a) {
    return 1 / (1 + std::exp(-a));
}

TEST(FlowConditioning, wavesOfTheTime) {
    // A noise level of 3 is t = 1/4; frequencies are 2000, sqrt(2000) and 1.

    vector<double> waves(6);
    reference::timeWaves(std::log(3.0) / 4, waves);
    const double slow = 0.25, middle = 0.25 * std::sqrt(2000.0), fast = 500;
    expectClose("waves", waves, vector<double>{std::sin(fast), std::sin(middle), std::sin(slow), std::cos(fast),
        std::cos(middle), std::cos(slow)}, CLOSE);
}

TEST(FlowConditioning, aFlowPredictsItsVelocity) {
    // (3.4): with x_t = t y the clean positions are x_t + (1 - t) v.

    const Preconditioning factors = getPreconditioning(3, 1.6, Parametrization::Flow);
    expectClose("skip", factors.skip, 0.25, CLOSE);
    expectClose("input", factors.input, 0.25, CLOSE);
    expectClose("output", factors.output, 0.75, CLOSE);
    expectClose("logSigma", factors.logSigma, std::log(3.0) / 4, CLOSE);
}

TEST(FlowConditioning, byHand) {
    // One channel: cond = S(S(2 w0 - w3 + 0.5)) with S(a) = 3 SiLU(a) 2a + SiLU(-a) a.

    const vector<double> waves = {0.3, 9, 9, 0.1}, time = {2, 0, 0, -1}, condition = {9, 0.5};
    const vector<double> up = {1, -1, 2, 1}, down = {3, 1};
    FlowConditioningWeights<double> weights;
    weights.time = time;
    weights.conditionEmbedding = condition;
    for (int k = 0; k < 2; k++) {
        weights.up[k] = up;
        weights.down[k] = down;
    }
    vector<double> cond(1);
    reference::flowConditioning({2, 1, 1}, weights, waves, 1, cond);
    auto step = [](double a) { return 3 * a * sigmoid(a) * 2 * a - a * sigmoid(-a) * a; };
    expectClose("cond", cond[0], step(step(0.6 - 0.1 + 0.5)), CLOSE);
}

TEST(FlowConditioning, modulationsByHand) {
    // Two channels of which the normalisation makes (-e, e).

    const double e = 1 / std::sqrt(1 + 1e-5);
    const vector<double> normWeight = {2, 1}, normBias = {0, 1}, scale = {1, 0}, scaleBias = {0.5}, shift = {0, 3};
    const vector<double> gate = {1, 1}, gateBias = {-1};
    const ModulationWeights<double> half = {{normWeight, normBias}, {scale, scaleBias}, shift};
    const GatedModulationWeights<double> weights = {half, half, {gate, gateBias}, {gate, gateBias}};
    vector<double> modulation(6);
    reference::gatedModulation({1, 2, 1}, weights, vector<double>{1, 3}, modulation);
    const vector<double> expected = {3 * (e + 1), sigmoid(-2 * e + 0.5) - 1, sigmoid(3)};
    expectClose("attention", vector<double>(modulation.begin(), modulation.begin() + 3), expected, CLOSE);
    expectClose("transition", vector<double>(modulation.begin() + 3, modulation.end()), expected, CLOSE);

    // Of registers, whose conditioning vector is zero, only biases are left.

    reference::gatedModulation({1, 2, 1}, weights, vector<double>{0, 0}, modulation);
    expectClose("registers", vector<double>(modulation.begin(), modulation.begin() + 3),
        vector<double>{3, sigmoid(0.5) - 1, sigmoid(-1)}, CLOSE);
}
