// SPDX-License-Identifier: MIT
// The denoising kernel of a platform against the Reference stages, its state, and the Context.
#include "Denoiser.h"
#include "KernelContext.h"
#include "KernelRuns.h"
#include "Matchers.h"
#include "Models.h"
#include "Tolerances.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/internal/Stages.h"
#include <numeric>

using namespace OrbitPlugin;
using namespace testSupport;
using std::string;
using std::vector;

namespace {

vector<double> evaluateReference(const reference::Denoiser& denoiser, const Batch& batch, double sigma,
        const vector<double>& y, StageTaps* taps) {
    vector<double> denoised(y.size());
    for (int c = 0; c < (int) batch.copies.size(); c++) {
        const BatchCopy& copy = batch.copies[c];
        const int begin = 3 * copy.firstPoint, size = 3 * batch.getNumPoints(c);
        denoiser.evaluate(batch.inputs[copy.input], copy.condition, sigma, reference::Input(y).slice(begin, size),
            reference::Output(denoised).slice(begin, size), taps);
    }
    return denoised;
}

/** Guide the denoised positions of those copies that are. */
void guideReference(const Batch& batch, double sigma, bool isLast, vector<double>& denoised) {
    const vector<double> unguided = denoised;
    for (const BatchCopy& copy : batch.copies) {
        const TokenInputs& inputs = batch.inputs[copy.input];
        const int begin = 3 * copy.firstPoint, size = 3 * inputs.getNumPoints();
        if (!isLast && batch.plan.stereoGuidance > 0)
            reference::stereoGuidance({inputs.getNumPoints(), sigma, batch.plan.stereoGuidance, batch.plan.fadingSigma,
                copy.isHandKnown}, inputs.handedVolumes, reference::Input(unguided).slice(begin, size),
                reference::Output(denoised).slice(begin, size));
    }
}

/** The sampler written out once more, with the equations of section 5 of theory.md in their plainest form. */
vector<double> generateReference(const reference::Denoiser& denoiser, const Batch& batch, vector<double> y) {
    vector<double> history;
    const vector<double>& levels = batch.plan.noiseLevels;
    for (int step = 0; step < batch.plan.getNumSteps(); step++) {
        const double sigma = levels[step], renewed = batch.plan.renewedLevels[step];
        const double next = std::sqrt(levels[step + 1] * levels[step + 1] - renewed * renewed);
        vector<double> D = evaluateReference(denoiser, batch, sigma, y, nullptr);
        guideReference(batch, sigma, next == 0, D);
        vector<double> result(y.size());
        for (int i = 0; i < (int) y.size(); i++) {
            double target = D[i];
            if (batch.plan.method == SamplerMethod::Multistep && step > 0 && next > 0) {
                const double h = std::log(sigma / levels[step + 1]), before = std::log(levels[step - 1] / sigma);
                const double w = (h / (1 - next / sigma) + h / std::log(next / sigma)) / before;
                target = (1 + w) * D[i] - w * history[i];
            }
            result[i] = next / sigma * y[i] + (1 - next / sigma) * target;
        }
        if (batch.plan.method == SamplerMethod::Heun && next > 0) {
            vector<double> D2 = evaluateReference(denoiser, batch, next, result, nullptr);
            guideReference(batch, next, false, D2);
            for (int i = 0; i < (int) y.size(); i++)
                result[i] = y[i] + (next - sigma) / 2 * ((y[i] - D[i]) / sigma + (result[i] - D2[i]) / next);
        }
        if (batch.plan.method == SamplerMethod::Bespoke) {
            const double stage = batch.plan.stageLevels[step], weight = batch.plan.stageWeights[step];
            vector<double> between(y.size());
            for (int i = 0; i < (int) y.size(); i++)
                between[i] = D[i] + stage / sigma * (y[i] - D[i]);
            const vector<double> D2 = evaluateReference(denoiser, batch, stage, between, nullptr);
            for (int i = 0; i < (int) y.size(); i++)
                result[i] += weight * (D2[i] - D[i]);
        }
        for (int c = 0; c < (int) batch.copies.size(); c++) {
            const BatchCopy& copy = batch.copies[c];
            const int numAtoms = batch.getNumPoints(c);
            vector<double> noise(3 * numAtoms);
            reference::noise({batch.getStepSeed(step), copy.record, copy.copy, copy.draw}, noise);
            reference::addNoise({numAtoms}, renewed, noise,
                reference::Output(result).slice(3 * copy.firstPoint, 3 * numAtoms));
        }
        history = D;
        y = result;
    }
    return y;
}

/** Settings whose sizes are no multiples of any vector length. */
DenoiserModel makeOddModel(int pointsPerToken = 1) {
    PairBiasTransformerSettings settings;
    settings.pointsPerToken = pointsPerToken;
    settings.width = 30;
    settings.numLayers = 3;
    settings.numHeads = 5;
    settings.transitionFactor = 1;
    settings.pairWidth = 7;
    settings.numRadial = 11;
    settings.conditionWidth = 9;
    settings.numFrequencies = 3;
    return DenoiserModel::createRandom(settings, 5);
}

} // namespace

TEST(DenoiserKernel, everyTapAgreesWithReference) {
    const vector<DenoiserModel> models = {makeSmallModel(), makeOddModel(), makeSmallModel(2, 3), makeOddModel(2),
        DenoiserModel::createRandom(PairBiasTransformerSettings(), 3)};
    for (const DenoiserModel& model : models) {
        const Batch batch = makeMixedBatch(model);
        const reference::Denoiser denoiser(model);
        KernelContext context(model);
        context.getKernel().setBatch(batch);
        for (double sigma : {20.0, 1.5, 0.02}) {
            const vector<double> positions = makeBatchPositions(batch, 2 + 2 * sigma);
            context.getKernel().setPositions(positions);
            StageTaps taps, expectedTaps;
            vector<double> denoised;
            context.getKernel().evaluate(sigma, denoised, &taps);
            const vector<double> expected = evaluateReference(denoiser, batch, sigma, positions, &expectedTaps);
            const vector<string> names = getTapNames(model.getSettings().numLayers);
            ASSERT_EQ(expectedTaps.size(), names.size());
            EXPECT_EQ(taps.size(), names.size());
            for (const string& name : names)
                expectClose(name + " at sigma " + std::to_string(sigma), taps[name], expectedTaps.at(name),
                    tolerance(name, precisionName()));
            expectClose("denoiser", denoised, expected, tolerance("denoiser", precisionName()));
        }
    }
}

TEST(DenoiserKernel, evaluateLeavesPositionsAndNeedsNoTaps) {
    const DenoiserModel model = makeSmallModel();
    const Batch batch = makeMixedBatch(model);
    KernelContext context(model);
    context.getKernel().setBatch(batch);
    context.getKernel().setPositions(makeBatchPositions(batch, 2));
    const vector<double> before = context.getKernel().getPositions();
    vector<double> plain, tapped;
    StageTaps taps;
    context.getKernel().evaluate(1.0, plain, nullptr);
    context.getKernel().evaluate(1.0, tapped, &taps);
    context.getKernel().evaluate(1.0, tapped, &taps);
    EXPECT_EQ(context.getKernel().getPositions(), before);
    expectClose("denoiser", tapped, plain, tolerance("exact", precisionName()));
    EXPECT_EQ((int) taps["coordinateHead"].size(), 3 * batch.getNumPoints());
}

namespace {

void checkGeneration(const DenoiserModel& model) {
    const reference::Denoiser denoiser(model);
    KernelContext context(model);
    for (SamplerMethod method : {SamplerMethod::Euler, SamplerMethod::Heun, SamplerMethod::Multistep})
        for (double renewal : {0.0, 0.8}) {
            const Batch batch = makeMixedBatch(model, method, 6, renewal);
            context.getKernel().setBatch(batch);
            context.getKernel().start();
            const vector<double> start = context.getKernel().getPositions();
            expectClose("generation", generate(context.getKernel(), batch), generateReference(denoiser, batch, start),
                tolerance("generation", precisionName()));
        }
    const Batch batch = makeMixedBatch(model, SamplerMethod::Bespoke, 8);
    context.getKernel().setBatch(batch);
    context.getKernel().start();
    const vector<double> start = context.getKernel().getPositions();
    expectClose("bespoke generation", generate(context.getKernel(), batch), generateReference(denoiser, batch, start),
        tolerance("generation", precisionName()));
}

} // namespace

TEST(DenoiserKernel, generationAgreesWithReference) {
    checkGeneration(makeSmallModel());
}

TEST(DenoiserKernel, generationWithSeveralPointsATokenAgreesWithReference) {
    checkGeneration(makeSmallModel(3, 3));
}

TEST(DenoiserKernel, pointsOfATokenAreChecked) {
    KernelContext context(makeSmallModel(1, 3));
    const Batch batch = makeMixedBatch(makeSmallModel());
    expectThrows<ArgumentError>("Batch::validate: expected 3 points a token, as the model has, got 1",
        [&] { context.getKernel().setBatch(batch); });
}

namespace {

/** A molecule with two handed volumes; of several points a token, the volumes are those of different ones. */
TokenInputs makeHanded(const DenoiserModel& model) {
    TokenInputs inputs = makeFeatures(makeDichlorodifluoroethane(), model);
    for (HandedVolume& volume : inputs.handedVolumes)
        for (int k = 0; k < 4; k++)
            volume.atoms[k] = inputs.pointsPerToken * volume.atoms[k] + k % inputs.pointsPerToken;
    return inputs;
}

void checkGuidedGeneration(const DenoiserModel& model) {
    const reference::Denoiser denoiser(model);
    KernelContext context(model);
    for (SamplerMethod method : {SamplerMethod::Euler, SamplerMethod::Heun, SamplerMethod::Multistep}) {
        Batch batch = makeMixedBatch(model, method, 6, 0.8);
        batch.inputs.push_back(makeHanded(model));
        for (int i = 0; i < 3; i++) {
            BatchCopy copy;
            copy.input = 3;
            copy.copy = i;
            copy.isHandKnown = i == 1;
            batch.addCopy(copy);
        }
        vector<double> results[2];
        for (bool guided : {false, true}) {
            batch.plan.stereoGuidance = guided ? 4 : 0;
            context.getKernel().setBatch(batch);
            context.getKernel().start();
            const vector<double> start = context.getKernel().getPositions();
            results[guided] = generate(context.getKernel(), batch);
            expectClose("generation", results[guided], generateReference(denoiser, batch, start),
                tolerance("generation", precisionName()));
        }
        const int first = 3 * batch.copies[5].firstPoint;
        for (int i = 0; i < first; i++)
            EXPECT_EQ(results[0][i], results[1][i]) << "molecules without handed volumes";
        EXPECT_FALSE(isClose("guidance", vector<double>(results[1].begin() + first, results[1].end()),
            vector<double>(results[0].begin() + first, results[0].end()), tolerance("generation", precisionName())));
    }
}

} // namespace

TEST(DenoiserKernel, guidedGenerationAgreesWithReference) {
    checkGuidedGeneration(makeSmallModel());
}

TEST(DenoiserKernel, guidanceMovesPointsOfTokens) {
    checkGuidedGeneration(makeSmallModel(1, 3));
}

TEST(DenoiserKernel, samplerStateContinuesAGeneration) {
    const DenoiserModel model = makeSmallModel();
    for (SamplerMethod method : {SamplerMethod::Euler, SamplerMethod::Heun, SamplerMethod::Multistep})
        checkContinuation(model, makeMixedBatch(model, method, 6, 0.8));
}

TEST(DenoiserKernel, sizesAreChecked) {
    const DenoiserModel model = makeSmallModel();
    KernelContext context(model);
    context.getKernel().setBatch(makeMixedBatch(model));
    EXPECT_THROW(context.getKernel().setPositions(vector<double>(3)), OpenMM::OpenMMException);
    EXPECT_THROW(context.getKernel().setSamplerState(vector<double>(3)), OpenMM::OpenMMException);
}

namespace {

void checkScatter(const DenoiserModel& model) {
    Batch batch = makeMixedBatch(model, SamplerMethod::Euler, 2);
    const int numRows = batch.getNumPoints(), numParticles = numRows + 3;
    batch.particles.resize(numRows);
    for (int i = 0; i < numRows; i++)
        batch.particles[i] = numParticles - 1 - i;
    KernelContext context(model, numParticles);
    const vector<double> numbers = makeNumbers(3 * numParticles, 9, 5.0);
    vector<OpenMM::Vec3> before;
    for (int i = 0; i < numParticles; i++)
        before.emplace_back(numbers[3 * i], numbers[3 * i + 1], numbers[3 * i + 2]);
    context.getContext().setPositions(before);
    context.getKernel().setBatch(batch);
    context.getKernel().gather(context.getImpl());
    context.getKernel().start();
    context.getKernel().execute(0);
    context.getKernel().scatter(context.getImpl());
    const vector<OpenMM::Vec3> after = context.getContext().getState(OpenMM::State::Positions).getPositions();
    vector<OpenMM::Vec3> expected = before;
    const vector<double> positions = context.getKernel().getPositions();
    for (int c = 0; c < (int) batch.copies.size(); c++) {
        const int first = batch.copies[c].firstPoint, n = batch.getNumPoints(c);
        OpenMM::Vec3 centroid;
        for (int i = first; i < first + n; i++)
            centroid += before[batch.particles[i]] / n;
        for (int i = first; i < first + n; i++)
            expected[batch.particles[i]] = centroid +
                OpenMM::Vec3(positions[3 * i], positions[3 * i + 1], positions[3 * i + 2]) * 0.1;
    }
    expectClose("positions", after, expected, tolerance("positions", precisionName()));
}

} // namespace

TEST(DenoiserKernel, scatterKeepsCentroidsAndOtherParticles) {
    checkScatter(makeSmallModel());
    checkScatter(makeSmallModel(1, 3));
}

TEST(DenoiserKernel, namesItsPlatform) {
    KernelContext context(makeSmallModel());
    EXPECT_EQ(context.getKernel().getDescription().find(platformName()), 0u) << context.getKernel().getDescription();
}
