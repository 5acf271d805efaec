// SPDX-License-Identifier: MIT
// The sampler whose steps were fitted as a whole: variances of Gaussians, and what it refuses.
#include "Matchers.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/internal/SamplerPlan.h"

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

TEST(BespokeSampler, keepTheVariancesOfGaussians) {
    // The denoiser of a Gaussian of width s is y s^2 / (s^2 + sigma^2), so all steps together multiply y by a number.
    // It is s / sigmaMax if the result has the right variance, for each width from a bond's to a molecule's.

    SamplerSettings settings;
    settings.method = SamplerMethod::Bespoke;
    settings.renewal = 0;
    settings.sigmaMax = 8;
    for (int numSteps : {8, 12, 20}) {
        settings.numSteps = numSteps;
        const SamplerPlan plan = makeSamplerPlan(settings);
        ASSERT_EQ(plan.getNumSteps(), numSteps);
        for (double s = 0.0125; s < 4; s *= 1.1) {
            auto denoise = [&](double y, double sigma) { return y * s * s / (s * s + sigma * sigma); };
            double y = plan.noiseLevels[0];
            for (int step = 0; step < numSteps; step++) {
                const StepLevels levels = plan.getLevels(step, step - 1);
                ASSERT_GT(levels.sigma, levels.nextSigma);
                ASSERT_GT(levels.sigma, levels.stageSigma);
                ASSERT_GT(levels.stageSigma, 0);
                const double first = denoise(y, levels.sigma), stage = levels.stageSigma / levels.sigma;
                const double second = denoise(stage * y + (1 - stage) * first, levels.stageSigma);
                const double ratio = levels.nextSigma / levels.sigma, weight = levels.stageWeight;
                y = ratio * y + (1 - ratio - weight) * first + weight * second;
            }
            EXPECT_NEAR(y * y / (s * s), 1, 0.07) << numSteps << " steps, width " << s;
        }
    }
}

TEST(BespokeSampler, startAtTheFirstLevelOnly) {
    SamplerSettings settings;
    settings.method = SamplerMethod::Bespoke;
    settings.numSteps = 8;
    settings.renewal = 0;
    expectMentions<ArgumentError>("SamplerSettings::startAt: expected another method than Bespoke",
            [&] { settings.startAt(1); });
    SamplerPlan plan = makeSamplerPlan(settings);
    expectMentions<ArgumentError>("SamplerPlan::startAt: expected another method than Bespoke",
            [&] { plan.startAt(1); });
    plan.startAt(settings.sigmaMax);
    EXPECT_EQ(plan.getNumSteps(), 8);
}

TEST(BespokeSampler, hasSomeNumbersOfSteps) {
    SamplerSettings settings;
    settings.method = SamplerMethod::Bespoke;
    EXPECT_EQ(SamplerSettings::listBespokeSteps(), (vector<int>{8, 12, 20}));
    settings.numSteps = 9;
    settings.renewal = 0;
    expectThrows<ArgumentError>("SamplerSettings::validate: expected 8, 12 or 20 steps with the method Bespoke, got 9",
            [&] { settings.validate(); });
    settings.numSteps = 8;
    settings.renewal = 0.9;
    expectThrows<ArgumentError>("SamplerSettings::validate: expected a renewal of 0 with the method Bespoke, got 0.9",
            [&] { settings.validate(); });
    settings.renewal = 0;
    settings.validate();
    EXPECT_EQ(settings.getNumEvaluations(), 16);
}
