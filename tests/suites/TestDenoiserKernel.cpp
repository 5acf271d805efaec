// SPDX-License-Identifier: MIT
// The denoising kernel of a platform against the Reference stages, and its symmetries: atoms, copies, batches, Context.
#include "Denoiser.h"
#include "KernelContext.h"
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

vector<double> makeBatchPositions(const Batch& batch, double scale) {
    vector<double> positions;
    for (int c = 0; c < (int) batch.copies.size(); c++) {
        const vector<double> part = makePositions(batch.getNumPoints(c), 100 + c, scale);
        positions.insert(positions.end(), part.begin(), part.end());
    }
    return positions;
}

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
        const TokenInputs& graph = batch.inputs[copy.input];
        const int begin = 3 * copy.firstPoint, size = 3 * graph.numTokens;
        if (!isLast && batch.plan.stereoGuidance > 0)
            reference::stereoGuidance({graph.numTokens, sigma, batch.plan.stereoGuidance}, graph.handedVolumes,
                reference::Input(unguided).slice(begin, size), reference::Output(denoised).slice(begin, size));
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

vector<double> generate(IntegrateOrbitDiffusionStepKernel& kernel, const Batch& batch) {
    kernel.setBatch(batch);
    kernel.start();
    for (int step = 0; step < batch.plan.getNumSteps(); step++)
        kernel.execute(step);
    return kernel.getPositions();
}

vector<double> denoise(IntegrateOrbitDiffusionStepKernel& kernel, const vector<double>& positions, double sigma) {
    vector<double> denoised;
    kernel.setPositions(positions);
    kernel.evaluate(sigma, denoised, nullptr);
    return denoised;
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

TEST(DenoiserKernel, guidedGenerationAgreesWithReference) {
    const DenoiserModel model = makeSmallModel();
    const reference::Denoiser denoiser(model);
    KernelContext context(model);
    for (SamplerMethod method : {SamplerMethod::Euler, SamplerMethod::Heun, SamplerMethod::Multistep}) {
        Batch batch = makeMixedBatch(model, method, 6, 0.8);
        batch.inputs.push_back(makeFeatures(makeDichlorodifluoroethane(), model));
        for (int i = 0; i < 3; i++) {
            BatchCopy copy;
            copy.input = 3;
            copy.copy = i;
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

TEST(DenoiserKernel, copiesDoNotDependOnTheBatch) {
    for (SamplerMethod method : {SamplerMethod::Heun, SamplerMethod::Multistep}) {
        const DenoiserModel model = makeSmallModel(1, method == SamplerMethod::Heun ? 1 : 3);
        const Batch batch = makeMixedBatch(model, method, 4, 0.8);
        KernelContext context(model);
        const vector<double> all = generate(context.getKernel(), batch);
        for (const BatchCopy& copy : batch.copies) {
            Batch single = batch;
            single.copies.clear();
            single.addCopy(copy);
            const vector<double> alone = generate(context.getKernel(), single);
            const auto begin = all.begin() + 3 * copy.firstPoint;
            expectClose("generation", alone, vector<double>(begin, begin + alone.size()),
                tolerance("exact", precisionName()));
        }
    }
}

TEST(DenoiserKernel, manyCopiesAreTheSameAsOneByOne) {
    const DenoiserModel model = makeSmallModel();
    Batch batch = makeMixedBatch(model, SamplerMethod::Euler, 2);
    for (int i = 0; i < 60; i++) {
        BatchCopy copy = batch.copies[i % 5];
        copy.copy = 100 + i;
        batch.addCopy(copy);
    }
    KernelContext context(model);
    const vector<double> all = generate(context.getKernel(), batch);
    const BatchCopy last = batch.copies.back();
    Batch single = batch;
    single.copies.clear();
    single.addCopy(last);
    expectClose("generation", vector<double>(all.begin() + 3 * last.firstPoint, all.end()),
        generate(context.getKernel(), single), tolerance("exact", precisionName()));
}

TEST(DenoiserKernel, translationDoesNotMatter) {
    const DenoiserModel model = makeSmallModel();
    const Batch batch = makeMixedBatch(model);
    KernelContext context(model);
    context.getKernel().setBatch(batch);
    vector<double> positions = makeBatchPositions(batch, 2);
    const vector<double> base = denoise(context.getKernel(), positions, 0.7);
    for (int i = 0; i < (int) positions.size(); i++)
        positions[i] += 3 - i % 3;
    expectClose("denoiser", denoise(context.getKernel(), positions, 0.7), base,
        tolerance("equivariance", precisionName()));
}

TEST(DenoiserKernel, denoisedPositionsAreCentred) {
    const DenoiserModel model = makeSmallModel();
    const Batch batch = makeMixedBatch(model);
    KernelContext context(model);
    context.getKernel().setBatch(batch);
    const vector<double> denoised = denoise(context.getKernel(), makeBatchPositions(batch, 2), 0.7);
    for (int c = 0; c < (int) batch.copies.size(); c++)
        for (int k = 0; k < 3; k++) {
            double mean = 0;
            for (int i = 0; i < batch.getNumPoints(c); i++)
                mean += denoised[3 * (batch.copies[c].firstPoint + i) + k] / batch.getNumPoints(c);
            expectClose("mean", mean, 0.0, tolerance("coordinateHead", precisionName()));
        }
}

TEST(DenoiserKernel, renumberedAtomsGiveRenumberedPositions) {
    const DenoiserModel model = makeSmallModel();
    const MolecularGraph graph = makeEthanol();
    const int n = graph.getNumAtoms();
    const vector<int> order = {4, 0, 7, 2, 8, 1, 3, 6, 5}; // new atom i is the old atom order[i]
    vector<int> place(n);
    for (int i = 0; i < n; i++)
        place[order[i]] = i;
    MolecularGraph renumbered = graph;
    for (int i = 0; i < n; i++)
        renumbered.atoms[i] = graph.atoms[order[i]];
    for (GraphBond& bond : renumbered.bonds) {
        bond.atom1 = place[bond.atom1];
        bond.atom2 = place[bond.atom2];
    }
    Batch batch;
    batch.inputs = {makeFeatures(graph, model), makeFeatures(renumbered, model)};
    batch.plan.noiseLevels = {1.0, 0.0};
    batch.plan.renewedLevels.clear();
    batch.addCopy(BatchCopy());
    BatchCopy second;
    second.input = 1;
    batch.addCopy(second);
    vector<double> positions = makePositions(n, 3);
    for (int i = 0; i < n; i++)
        positions.insert(positions.end(), positions.begin() + 3 * order[i], positions.begin() + 3 * order[i] + 3);
    KernelContext context(model);
    context.getKernel().setBatch(batch);
    const vector<double> denoised = denoise(context.getKernel(), positions, 0.7);
    vector<double> expected;
    for (int i = 0; i < n; i++)
        expected.insert(expected.end(), denoised.begin() + 3 * order[i], denoised.begin() + 3 * order[i] + 3);
    expectClose("denoiser", vector<double>(denoised.begin() + 3 * n, denoised.end()), expected,
        tolerance("equivariance", precisionName()));
}

TEST(DenoiserKernel, conditionAndNoiseLevelMatter) {
    const DenoiserModel model = makeSmallModel();
    Batch batch = makeMixedBatch(model);
    KernelContext context(model);
    context.getKernel().setBatch(batch);
    const vector<double> positions = makeBatchPositions(batch, 2);
    const vector<double> base = denoise(context.getKernel(), positions, 0.7);
    EXPECT_FALSE(isClose("sigma", denoise(context.getKernel(), positions, 0.8), base, tolerance("denoiser", "single")));
    for (BatchCopy& copy : batch.copies)
        copy.condition = 1 - copy.condition % 2;
    context.getKernel().setBatch(batch);
    EXPECT_FALSE(isClose("condition", denoise(context.getKernel(), positions, 0.7), base,
        tolerance("denoiser", "single")));
}

TEST(DenoiserKernel, oneAtom) {
    const DenoiserModel model = makeSmallModel();
    Batch batch = makeMixedBatch(model);
    batch.inputs = {makeFeatures(makeGraph("bromide", {35}, {}), model)};
    batch.copies.clear();
    batch.addCopy(BatchCopy());
    KernelContext context(model);
    expectClose("positions", generate(context.getKernel(), batch), vector<double>(3, 0.0),
        tolerance("coordinateHead", precisionName()));
}

TEST(DenoiserKernel, samplerStateContinuesAGeneration) {
    const DenoiserModel model = makeSmallModel();
    for (SamplerMethod method : {SamplerMethod::Euler, SamplerMethod::Heun, SamplerMethod::Multistep}) {
        const Batch batch = makeMixedBatch(model, method, 6, 0.8);
        KernelContext first(model), second(model);
        first.getKernel().setBatch(batch);
        first.getKernel().start();
        for (int step = 0; step < 3; step++)
            first.getKernel().execute(step);
        second.getKernel().setBatch(batch);
        second.getKernel().setSamplerState(first.getKernel().getSamplerState());
        for (int step = 3; step < 6; step++) {
            first.getKernel().execute(step);
            second.getKernel().execute(step);
        }
        expectClose("generation", second.getKernel().getPositions(), first.getKernel().getPositions(),
            tolerance("exact", precisionName()));
    }
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
