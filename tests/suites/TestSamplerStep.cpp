// SPDX-License-Identifier: MIT
// The samplerStep stage: every method by hand, and the weight of the history.
#include "Matchers.h"
#include "ReferenceStages.h"
#include "Tolerances.h"

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

static const Tolerance STEP = tolerance("samplerStep", "double");

TEST(SamplerStep, euler) {
    vector<double> next(2);
    reference::eulerStep({4, 1, 0}, vector<double>{8, -2}, vector<double>{4, 2}, next);
    expectClose("eulerStep", next, vector<double>{8 - 3 * 1.0, -2 + 3 * 1.0}, STEP);
}

TEST(SamplerStep, lastEulerStepIsTheDenoisedPosition) {
    vector<double> next(2);
    reference::eulerStep({0.5, 0, 1}, vector<double>{8, -2}, vector<double>{4, 2}, next);
    expectClose("eulerStep", next, vector<double>{4, 2}, STEP);
}

TEST(SamplerStep, heun) {
    // Slopes 1 and (5 - 3) / 1 = 2, mean 1.5, over a distance of -3.
    vector<double> next(1);
    const vector<double> positions = {8}, denoised = {4}, predicted = {5}, predictedDenoised = {3};
    reference::heunStep({4, 1, 0}, {positions, denoised, predicted, predictedDenoised}, next);
    expectClose("heunStep", next, vector<double>{8 - 3 * 1.5}, STEP);
}

TEST(SamplerStep, multistepWithoutHistoryIsEuler) {
    vector<double> euler(2), multistep(2);
    const vector<double> positions = {8, -2}, denoised = {4, 2}, history = {100, 100};
    reference::eulerStep({4, 1, 0}, positions, denoised, euler);
    reference::multistepStep({4, 1, 0}, positions, denoised, history, multistep);
    expectClose("multistepStep", multistep, euler, STEP);
}

TEST(SamplerStep, multistepExtrapolates) {
    // ln 2 before and ln 4 now: r = 1/2, D' = 2 D - D_previous, and (1/4) y + (3/4) D'.
    vector<double> next(1);
    reference::multistepStep({4, 1, 8}, vector<double>{8}, vector<double>{4}, vector<double>{3}, next);
    expectClose("multistepStep", next, vector<double>{0.25 * 8 + 0.75 * (2 * 4 - 3)}, STEP);
}

TEST(SamplerStep, lastMultistepIsTheDenoisedPosition) {
    vector<double> next(1);
    reference::multistepStep({1, 0, 4}, vector<double>{8}, vector<double>{4}, vector<double>{3}, next);
    expectClose("multistepStep", next, vector<double>{4}, STEP);
}

TEST(SamplerStep, resultMayReplaceThePositions) {
    vector<double> positions = {8, -2}, expected(2);
    const vector<double> denoised = {4, 2}, history = {3, 3};
    reference::multistepStep({4, 1, 8}, positions, denoised, history, expected);
    reference::multistepStep({4, 1, 8}, positions, denoised, history, positions);
    expectClose("multistepStep", positions, expected, STEP);
}
