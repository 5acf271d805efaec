// SPDX-License-Identifier: MIT
// The gated transformer of a platform against the Reference stages, with and without an estimate of before.
#include "KernelRuns.h"
#include "Matchers.h"
#include "Models.h"
#include "ReferenceRuns.h"
#include "Tolerances.h"
#include "openmmorbit/BackboneInputs.h"
#include "openmmorbit/internal/Stages.h"

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

namespace {

DenoiserModel makeGatedModel() {
    return DenoiserModel::createRandomGated(makeSmallSettings(), GatedTransformerSettings(), 1);
}

/** Sizes that are no multiples of any vector length. */
DenoiserModel makeOddModel(int numRegisters) {
    PairBiasTransformerSettings settings;
    settings.width = 30;
    settings.numLayers = 3;
    settings.numHeads = 5;
    settings.transitionFactor = 1;
    settings.pairWidth = 7;
    settings.conditionWidth = 9;
    settings.numFrequencies = 3;
    GatedTransformerSettings gated;
    gated.numRegisters = numRegisters;
    gated.numBins = 9;
    gated.numSelfBins = 5;
    gated.binMax = 2;
    return DenoiserModel::createRandomGated(settings, gated, 5);
}

/** Pairs are updated behind layers 0 and 2 of 4. */
DenoiserModel makeUpdatingModel(int triangleWidth) {
    PairBiasTransformerSettings settings = makeSmallSettings();
    settings.numLayers = 4;
    GatedTransformerSettings gated;
    gated.numRegisters = 2;
    gated.pairUpdateInterval = 2;
    gated.triangleWidth = triangleWidth;
    return DenoiserModel::createRandomGated(settings, gated, 3);
}

/** Backbones of 21, 5 and 1 residues in two conditions; 5 copies. */
Batch makeBackboneBatch(const DenoiserModel& model, SamplerMethod method = SamplerMethod::Euler, double renewal = 0) {
    Batch batch;
    for (int length : {21, 5, 1})
        batch.inputs.push_back(describeBackbone(makeBackbone({length}), model));
    batch.seed = 0x123456789abcdefULL;
    SamplerSettings settings;
    settings.method = method;
    settings.schedule = NoiseSchedule::LogarithmicTime;
    settings.numSteps = 5;
    settings.sigmaMax = 30;
    settings.sigmaMin = 0.01;
    settings.renewalRule = RenewalRule::Rate;
    settings.renewal = renewal;
    batch.plan = makeSamplerPlan(settings, 1.0);
    const int inputs[] = {0, 1, 0, 2, 1};
    for (int i = 0; i < 5; i++) {
        BatchCopy copy;
        copy.input = inputs[i];
        copy.record = 10 + inputs[i];
        copy.copy = i;
        copy.condition = i % 2;
        batch.addCopy(copy);
    }
    return batch;
}

vector<DenoiserModel> makeModels() {
    vector<DenoiserModel> models = {makeGatedModel(), makeOddModel(3), makeOddModel(0)};
    for (int triangleWidth : {5, 0})
        models.push_back(makeUpdatingModel(triangleWidth));
    return models;
}

} // namespace

TEST(GatedTransformer, everyTapAgreesWithReference) {
    for (const DenoiserModel& model : makeModels())
        checkTaps(model, makeBackboneBatch(model), getGatedTapNames(model.getSettings().numLayers),
            {1e6, 1.5, 0.002});
}

namespace {

void checkGeneration(const DenoiserModel& model) {
    vector<Batch> batches;
    for (SamplerMethod method : {SamplerMethod::Euler, SamplerMethod::Heun, SamplerMethod::Multistep})
        for (double renewal : {0.0, 1.0})
            batches.push_back(makeBackboneBatch(model, method, renewal));
    checkReferenceGenerations(model, batches);
}

} // namespace

TEST(GatedTransformer, generationAgreesWithReference) {
    checkGeneration(makeGatedModel());
    checkGeneration(makeUpdatingModel(5));
}

TEST(GatedTransformer, samplerStateContinuesAGeneration) {
    const DenoiserModel model = makeGatedModel();
    for (SamplerMethod method : {SamplerMethod::Euler, SamplerMethod::Heun, SamplerMethod::Multistep})
        checkContinuation(model, makeBackboneBatch(model, method, 1));
}

TEST(GatedTransformer, copiesDoNotDependOnTheirBatch) {
    const DenoiserModel model = makeGatedModel();
    checkCopiesAlone(model, makeBackboneBatch(model, SamplerMethod::Euler, 1));
}

TEST(GatedTransformer, aThreadSharesALargeCopy) {
    // 60 tokens are one pass that several threads share; two copies are a pass for each thread.

    const DenoiserModel model = makeUpdatingModel(5);
    KernelContext context(model);
    Batch batch = makeBackboneBatch(model, SamplerMethod::Euler, 1);
    batch.inputs = {describeBackbone(makeBackbone({60}), model)};
    batch.copies.clear();
    batch.addCopy(BatchCopy());
    const vector<double> alone = generate(context.getKernel(), batch);
    for (int i = 1; i < 9; i++) {
        BatchCopy copy;
        copy.copy = i;
        batch.addCopy(copy);
    }
    const vector<double> together = generate(context.getKernel(), batch);
    expectClose("copy", vector<double>(together.begin(), together.begin() + 180), alone,
        tolerance("exact", precisionName()));
}
