// SPDX-License-Identifier: MIT
// The gated transformer of a platform against the Reference stages, with and without an estimate of before.
#include "Denoiser.h"
#include "KernelContext.h"
#include "KernelRuns.h"
#include "Matchers.h"
#include "Models.h"
#include "Tolerances.h"
#include "openmmorbit/BackboneInputs.h"
#include "openmmorbit/internal/Stages.h"

using namespace OrbitPlugin;
using namespace testSupport;
using std::string;
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

vector<double> evaluateReference(const reference::Denoiser& denoiser, const Batch& batch, double sigma,
        const vector<double>& y, const vector<double>& before, StageTaps* taps) {
    vector<double> denoised(y.size());
    for (int c = 0; c < (int) batch.copies.size(); c++) {
        const BatchCopy& copy = batch.copies[c];
        const int begin = 3 * copy.firstPoint, size = 3 * batch.getNumPoints(c);
        denoiser.evaluate(batch.inputs[copy.input], copy.condition, sigma, reference::Input(y).slice(begin, size),
            reference::Output(denoised).slice(begin, size), taps,
            before.empty() ? reference::Input() : reference::Input(before).slice(begin, size));
    }
    return denoised;
}

/** The sampler written out: every evaluation but the first one sees what the one before denoised. */
vector<double> generateReference(const reference::Denoiser& denoiser, const Batch& batch, vector<double> y) {
    vector<double> before;
    const vector<double>& levels = batch.plan.noiseLevels;
    for (int step = 0; step < batch.plan.getNumSteps(); step++) {
        const double sigma = levels[step], renewed = batch.plan.renewedLevels[step];
        const double next = std::sqrt(levels[step + 1] * levels[step + 1] - renewed * renewed);
        const vector<double> D = evaluateReference(denoiser, batch, sigma, y, before, nullptr);
        vector<double> result(y.size());
        for (int i = 0; i < (int) y.size(); i++) {
            double target = D[i];
            if (batch.plan.method == SamplerMethod::Multistep && step > 0 && next > 0) {
                const double h = std::log(sigma / levels[step + 1]), last = std::log(levels[step - 1] / sigma);
                const double w = (h / (1 - next / sigma) + h / std::log(next / sigma)) / last;
                target = (1 + w) * D[i] - w * before[i];
            }
            result[i] = next / sigma * y[i] + (1 - next / sigma) * target;
        }
        before = D;
        if (batch.plan.method == SamplerMethod::Heun && next > 0) {
            const vector<double> D2 = evaluateReference(denoiser, batch, next, result, before, nullptr);
            for (int i = 0; i < (int) y.size(); i++)
                result[i] = y[i] + (next - sigma) / 2 * ((y[i] - D[i]) / sigma + (result[i] - D2[i]) / next);
            before = D2;
        }
        for (int c = 0; c < (int) batch.copies.size(); c++) {
            const BatchCopy& copy = batch.copies[c];
            const int numPoints = batch.getNumPoints(c);
            vector<double> noise(3 * numPoints);
            reference::noise({batch.getStepSeed(step), copy.record, copy.copy, copy.draw}, noise);
            reference::addNoise({numPoints}, renewed, noise,
                reference::Output(result).slice(3 * copy.firstPoint, 3 * numPoints));
        }
        y = result;
    }
    return y;
}

} // namespace

namespace {

vector<DenoiserModel> makeModels() {
    vector<DenoiserModel> models = {makeGatedModel(), makeOddModel(3), makeOddModel(0)};
    for (int triangleWidth : {5, 0})
        models.push_back(makeUpdatingModel(triangleWidth));
    return models;
}

} // namespace

TEST(GatedTransformer, everyTapAgreesWithReference) {
    for (const DenoiserModel& model : makeModels()) {
        const Batch batch = makeBackboneBatch(model);
        const reference::Denoiser denoiser(model);
        KernelContext context(model);
        context.getKernel().setBatch(batch);
        for (double sigma : {1e6, 1.5, 0.002})
            for (bool hasBefore : {false, true}) {
                const vector<double> positions = makeBatchPositions(batch, 1 + 2 * sigma);
                const vector<double> before = hasBefore ? makeBatchPositions(batch, 1.3) : vector<double>();
                context.getKernel().setPositions(positions);
                const vector<double> centred = context.getKernel().getPositions();
                if (hasBefore) {
                    vector<double> state = {0};
                    state.insert(state.end(), centred.begin(), centred.end());
                    state.insert(state.end(), before.begin(), before.end());
                    context.getKernel().setSamplerState(state);
                }
                StageTaps taps, expectedTaps;
                vector<double> denoised, untapped;
                context.getKernel().evaluate(sigma, denoised, &taps);
                context.getKernel().evaluate(sigma, untapped, nullptr);
                const vector<double> expected =
                    evaluateReference(denoiser, batch, sigma, centred, before, &expectedTaps);
                const vector<string> names = getGatedTapNames(model.getSettings().numLayers);
                ASSERT_EQ(expectedTaps.size(), names.size());
                EXPECT_EQ(taps.size(), names.size());
                for (const string& name : names)
                    expectClose(name + " at sigma " + std::to_string(sigma), taps[name], expectedTaps.at(name),
                        tolerance(name, precisionName()));
                expectClose("denoiser", denoised, expected, tolerance("denoiser", precisionName()));
                expectClose("denoiser", untapped, denoised, tolerance("exact", precisionName()));
            }
    }
}

namespace {

void checkGeneration(const DenoiserModel& model) {
    const reference::Denoiser denoiser(model);
    KernelContext context(model);
    for (SamplerMethod method : {SamplerMethod::Euler, SamplerMethod::Heun, SamplerMethod::Multistep})
        for (double renewal : {0.0, 1.0}) {
            const Batch batch = makeBackboneBatch(model, method, renewal);
            context.getKernel().setBatch(batch);
            context.getKernel().start();
            const vector<double> start = context.getKernel().getPositions();
            expectClose("generation", generate(context.getKernel(), batch), generateReference(denoiser, batch, start),
                tolerance("generation", precisionName()));
        }
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
