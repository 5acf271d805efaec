// SPDX-License-Identifier: MIT
// The samplerStep stage: every method by hand, and the weight of the history.
#include "Matchers.h"
#include "ReferenceStages.h"
#include "Tolerances.h"
#include "openmmorbit/internal/SamplerPlan.h"

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
    // Slopes 1 and (5 - 3) / 1 = 2, mean 1.5, over a distance of -3; 5 is where the first slope leads.
    SamplerPlan plan;
    plan.method = SamplerMethod::Heun;
    plan.noiseLevels = {4, 1, 0};
    const StepLevels levels = plan.getLevels(0, -1);
    EXPECT_EQ(levels.stageSigma, 1);
    EXPECT_EQ(plan.getLevels(1, -1).stageSigma, 0);
    vector<double> predicted(1), next(1);
    reference::eulerStep(levels.toStage(), vector<double>{8}, vector<double>{4}, predicted);
    EXPECT_EQ(predicted, vector<double>{5});
    reference::twoStageStep(levels, vector<double>{8}, vector<double>{4}, vector<double>{3}, next);
    expectClose("twoStageStep", next, vector<double>{8 - 3 * 1.5}, STEP);
}

TEST(SamplerStep, twoStages) {
    // From 4 over 2 to 1, weight 0.6: 8/4 + (1 - 1/4 - 0.6) 4 + 0.6 * 3.
    const StepLevels levels = {4, 1, 0, 0, 0, 2, 0.6};
    vector<double> values = {8};
    reference::eulerStep(levels.toStage(), values, vector<double>{4}, values);
    EXPECT_EQ(values, vector<double>{6});
    reference::twoStageStep(levels, vector<double>{8}, vector<double>{4}, vector<double>{3}, values);
    expectClose("twoStageStep", values, vector<double>{2 + 0.15 * 4 + 0.6 * 3}, STEP);
}

TEST(SamplerStep, multistepWithoutHistoryIsEuler) {
    vector<double> euler(2), multistep(2);
    const vector<double> positions = {8, -2}, denoised = {4, 2}, history = {100, 100};
    reference::eulerStep({4, 1, 0}, positions, denoised, euler);
    reference::multistepStep({4, 1, 0}, positions, denoised, history, multistep);
    expectClose("multistepStep", multistep, euler, STEP);
}

TEST(SamplerStep, multistepExtrapolates) {
    // ln 2 before and ln 4 now: a = 1/4, w = (ln 4 / (3/4) + ln 4 / ln(1/4)) / ln 2, and (1/4) y + (3/4) D'.
    vector<double> next(1);
    const double w = 2 / 0.75 - 1 / std::log(2.0);
    reference::multistepStep({4, 1, 8}, vector<double>{8}, vector<double>{4}, vector<double>{3}, next);
    expectClose("multistepStep", next, vector<double>{0.25 * 8 + 0.75 * ((1 + w) * 4 - w * 3)}, STEP);
}

TEST(SamplerStep, multistepIsExactForLinearDenoisers) {
    // dy/dlambda = kappa (D - y) with D linear in lambda = -ln sigma, by the classical Runge-Kutta method.
    for (double renewed : {0.0, 0.7}) {
        const StepLevels levels = {4, std::sqrt(1 - renewed * renewed), 8, renewed};
        const double h = std::log(4.0), kappa = std::log(levels.sigma / levels.nextSigma) / h;
        const double D = 3, previousD = 2, slope = (D - previousD) / std::log(2.0);
        double y = 8;
        const int numSteps = 2000;
        const double dt = h / numSteps;
        for (int i = 0; i < numSteps; i++) {
            auto rate = [&](double t, double value) { return kappa * (D + slope * t - value); };
            const double t = i * dt, k1 = rate(t, y), k2 = rate(t + dt / 2, y + dt / 2 * k1);
            const double k3 = rate(t + dt / 2, y + dt / 2 * k2), k4 = rate(t + dt, y + dt * k3);
            y += dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4);
        }
        vector<double> next(1);
        reference::multistepStep(levels, vector<double>{8}, vector<double>{D}, vector<double>{previousD}, next);
        EXPECT_NEAR(next[0], y, 1e-9) << "renewed " << renewed;
    }
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
