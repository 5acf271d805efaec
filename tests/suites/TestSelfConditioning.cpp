// SPDX-License-Identifier: MIT
// The pair-bias transformer with self-conditioning on a platform: every evaluation but the first sees the one before.
#include "KernelRuns.h"
#include "Matchers.h"
#include "Models.h"
#include "ReferenceRuns.h"
#include "Tolerances.h"
#include "openmmorbit/internal/Stages.h"
#include <algorithm>

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

namespace {

DenoiserModel makeModel(int pointsPerToken = 1) {
    PairBiasTransformerSettings settings = makeSmallSettings(pointsPerToken);
    settings.selfConditioning = true;
    return DenoiserModel::createRandom(settings, 4);
}

/** Sizes that are no multiples of any vector length. */
DenoiserModel makeOddModel() {
    PairBiasTransformerSettings settings = makeSmallSettings(3);
    settings.width = 30;
    settings.numHeads = 5;
    settings.pairWidth = 7;
    settings.numRadial = 11;
    settings.selfConditioning = true;
    return DenoiserModel::createRandom(settings, 5);
}

vector<Batch> makeBatches(const DenoiserModel& model) {
    vector<Batch> batches;
    for (SamplerMethod method : {SamplerMethod::Euler, SamplerMethod::Heun, SamplerMethod::Multistep})
        for (double renewal : {0.0, 0.8})
            batches.push_back(makeMixedBatch(model, method, 6, renewal));
    return batches;
}

vector<double> take(const Batch& batch, int copy, const vector<double>& values) {
    const auto first = values.begin() + 3 * batch.copies[copy].firstPoint;
    return {first, first + 3 * batch.getNumPoints(copy)};
}

} // namespace

TEST(SelfConditioning, everyTapAgreesWithReference) {
    PairBiasTransformerSettings large;
    large.selfConditioning = true;
    const vector<DenoiserModel> models = {
        makeModel(), makeModel(3), makeOddModel(), DenoiserModel::createRandom(large, 3)};
    for (const DenoiserModel& model : models)
        checkTaps(model, makeMixedBatch(model), getTapNames(model.getSettings().numLayers), {20.0, 1.5, 0.02});
}

TEST(SelfConditioning, generationAgreesWithReference) {
    for (const DenoiserModel& model : {makeModel(), makeOddModel()})
        checkReferenceGenerations(model, makeBatches(model));
}

TEST(SelfConditioning, samplerStateContinuesAGeneration) {
    const DenoiserModel model = makeModel();
    for (const Batch& batch : makeBatches(model))
        checkContinuation(model, batch);
}

TEST(SelfConditioning, copiesDoNotDependOnTheirBatch) {
    const DenoiserModel model = makeModel();
    for (const Batch& batch : makeBatches(model))
        checkCopiesAlone(model, batch);
}

TEST(SelfConditioning, whatWasDenoisedBeforeMatters) {
    const DenoiserModel model = makeModel();
    const Batch batch = makeMixedBatch(model);
    KernelContext context(model);
    context.getKernel().setBatch(batch);
    vector<double> results[3];
    for (int k = 0; k < 3; k++) {
        placeCopies(context.getKernel(), makeBatchPositions(batch, 3),
            k == 0 ? vector<double>() : makeBatchPositions(batch, k));
        context.getKernel().evaluate(1.0, results[k], nullptr);
    }
    for (int k = 0; k < 3; k++)
        EXPECT_NE(results[k], results[(k + 1) % 3]);
}

TEST(SelfConditioning, aNewGenerationBeginsWithoutIt) {
    const DenoiserModel model = makeModel();
    const Batch batch = makeMixedBatch(model, SamplerMethod::Euler, 4);
    KernelContext context(model);
    const vector<double> first = generate(context.getKernel(), batch);
    EXPECT_EQ(generate(context.getKernel(), batch), first);
    context.getKernel().start();
    for (int step = 0; step < 4; step++)
        context.getKernel().execute(step);
    EXPECT_EQ(context.getKernel().getPositions(), first);
}

TEST(SelfConditioning, zeroWeightsChangeNoBit) {
    // The start of a run from a model without it.

    for (int points : {1, 3}) {
        const DenoiserModel plain = makeSmallModel(1, points);
        DenoiserModel model = plain;
        model.addSelfConditioning();
        KernelContext context(plain), other(model);
        for (const Batch& batch : makeBatches(plain))
            EXPECT_EQ(generate(other.getKernel(), batch), generate(context.getKernel(), batch));
    }
}

TEST(SelfConditioning, contrastsSeeWhatTheGuidedCopySees) {
    // Inputs that are the same give the same for any scale only if both copies see the same of before.

    const DenoiserModel model = makeModel();
    for (SamplerMethod method : {SamplerMethod::Euler, SamplerMethod::Heun, SamplerMethod::Multistep}) {
        const Batch plain = makeMixedBatch(model, method, 5, 0.5);
        Batch batch = plain;
        batch.addContrast(1, batch.copies[1].input);
        batch.plan.guidanceScale = 3;
        KernelContext context(model);
        const vector<double> guided = generate(context.getKernel(), batch), free = generate(context.getKernel(), plain);
        expectClose("guided", take(batch, 1, guided), take(plain, 1, free), tolerance("generation", precisionName()));

        // With other inputs they stay together.

        TokenInputs open = batch.inputs[batch.copies[1].input];
        std::reverse(open.tokenFeatures.begin(), open.tokenFeatures.end());
        batch.inputs.push_back(open);
        batch.copies[batch.copies[1].contrast].input = (int) batch.inputs.size() - 1;
        const vector<double> end = generate(context.getKernel(), batch);
        EXPECT_EQ(take(batch, 1, end), take(batch, batch.copies[1].contrast, end));
    }
}
