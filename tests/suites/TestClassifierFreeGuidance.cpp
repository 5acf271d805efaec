// SPDX-License-Identifier: MIT
// The classifierFreeGuidance stage: a copy and its contrast move together, to where the guided denoiser leads.
#include "KernelContext.h"
#include "Matchers.h"
#include "Models.h"
#include "ReferenceStages.h"
#include "Tolerances.h"
#include "openmmorbit/ArgumentError.h"
#include <algorithm>

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

namespace {

/** A batch whose copies of ethanol are guided away from an ethanol with the features of its atoms reversed. */
Batch makeGuidedBatch(const DenoiserModel& model, SamplerMethod method, double scale) {
    Batch batch = makeMixedBatch(model, method, 5, 0.5);
    TokenInputs other = batch.inputs[1];
    std::reverse(other.tokenFeatures.begin(), other.tokenFeatures.end());
    const int features = (int) other.tokenFeatures.size() / other.numTokens;
    for (int token = 0; token < other.numTokens; token++)
        std::reverse(other.tokenFeatures.begin() + token * features,
                other.tokenFeatures.begin() + (token + 1) * features);
    batch.inputs.push_back(other);
    batch.addContrast(1, 3);
    batch.addContrast(2, 3);
    batch.plan.guidanceScale = scale;
    return batch;
}

/** Get the coordinates of a copy. */
vector<double> take(const Batch& batch, int copy, const vector<double>& values) {
    const auto first = values.begin() + 3 * batch.copies[copy].firstPoint;
    return {first, first + 3 * batch.getNumPoints(copy)};
}

} // namespace

TEST(ClassifierFreeGuidance, closedForm) {
    vector<double> denoised = {1, 2, 3}, contrast = {0, 4, 3};
    reference::classifierFreeGuidance(1.5, denoised, contrast);
    EXPECT_EQ(denoised, (vector<double>{1.5, 1, 3}));
    EXPECT_EQ(contrast, denoised);
}

TEST(ClassifierFreeGuidance, aStepGoesWhereTheGuidedDenoiserLeads) {
    const DenoiserModel model = makeSmallModel();
    const Batch batch = makeGuidedBatch(model, SamplerMethod::Euler, 2.5);
    KernelContext context(model);
    IntegrateOrbitDiffusionStepKernel& kernel = context.getKernel();
    kernel.setBatch(batch);
    kernel.start();
    const StepLevels levels = batch.plan.getLevels(0, -1);
    const vector<double> y = kernel.getPositions();
    vector<double> denoised;
    kernel.evaluate(levels.sigma, denoised, nullptr);
    kernel.execute(0);
    const vector<double> next = kernel.getPositions();
    double largest = 0;
    for (int copy : {1, 2}) {
        const int contrast = batch.copies[copy].contrast;
        EXPECT_EQ(take(batch, copy, y), take(batch, contrast, y));
        vector<double> D = take(batch, copy, denoised), other = take(batch, contrast, denoised);
        for (std::size_t i = 0; i < D.size(); i++)
            largest = std::max(largest, std::abs(D[i] - other[i]));
        reference::classifierFreeGuidance(2.5, D, other);
        const vector<double> before = take(batch, copy, y);
        vector<double> expected(D.size()), noise(D.size());
        reference::eulerStep(levels, before, D, expected);
        const BatchCopy& key = batch.copies[copy];
        reference::noise({batch.getStepSeed(0), key.record, key.copy, key.draw}, noise);
        reference::addNoise({batch.getNumPoints(copy)}, levels.drawn, noise, expected);
        expectClose("guided", take(batch, copy, next), expected, tolerance("samplerStep", precisionName()));
    }
    EXPECT_GT(largest, 1e-3) << "both inputs give the same";
}

TEST(ClassifierFreeGuidance, contrastsStayAtTheSamePositions) {
    const DenoiserModel model = makeSmallModel();
    for (SamplerMethod method : {SamplerMethod::Euler, SamplerMethod::Heun, SamplerMethod::Multistep}) {
        const Batch batch = makeGuidedBatch(model, method, 1.5), plain = makeMixedBatch(model, method, 5, 0.5);
        KernelContext context(model);
        IntegrateOrbitDiffusionStepKernel& kernel = context.getKernel();
        auto run = [&](const Batch& which) {
            kernel.setBatch(which);
            kernel.start();
            for (int step = 0; step < which.plan.getNumSteps(); step++)
                kernel.execute(step);
            return kernel.getPositions();
        };
        const vector<double> end = run(batch), free = run(plain);
        for (int copy = 0; copy < (int) plain.copies.size(); copy++) {
            const int contrast = batch.copies[copy].contrast;
            if (contrast < 0)
                expectClose("not guided", take(batch, copy, end), take(plain, copy, free),
                        tolerance("denoiser", precisionName()));
            else
                EXPECT_EQ(take(batch, copy, end), take(batch, contrast, end));
        }
    }
}

TEST(ClassifierFreeGuidance, refusesInputsOfAnotherSize) {
    Batch batch = makeMixedBatch(makeSmallModel());
    expectThrows<ArgumentError>("Batch::addContrast: expected inputs of 3 tokens, as the guided copy has, got 9",
            [&] { batch.addContrast(0, 1); });
}
