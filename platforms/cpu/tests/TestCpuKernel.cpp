// SPDX-License-Identifier: MIT
// The CPU kernel with every instruction set: agreement with the reference, equal bits for all batches and threads.
#include "CpuIntegrateOrbitDiffusionStepKernel.h"
#include "CpuTestSupport.h"
#include "Denoiser.h"
#include "Models.h"
#include "networks/PairBiasWorkspace.h"

using namespace OpenMM;
using namespace OrbitPlugin;
using namespace testSupport;
using std::string;
using std::vector;

namespace {

/** Sizes that are multiples of nothing. */
DenoiserModel makeOddModel(int headWidth) {
    PairBiasTransformerSettings settings;
    settings.numHeads = 5;
    settings.width = 5 * headWidth;
    settings.numLayers = 3;
    settings.transitionFactor = 3;
    settings.pairWidth = 7;
    settings.numRadial = 9;
    settings.conditionWidth = 11;
    settings.numFrequencies = 5;
    return DenoiserModel::createRandom(settings, 5);
}

Batch makeBatch(const vector<TokenInputs>& graphs) {
    Batch batch;
    batch.inputs = graphs;
    batch.seed = 77;
    batch.plan.noiseLevels = {12.0, 3.0, 0.7, 0.1, 0};
    batch.plan.renewedLevels.clear();
    for (int i = 0; i < (int) graphs.size(); i++) {
        BatchCopy copy;
        copy.input = i;
        copy.record = 100 + i;
        batch.addCopy(copy);
    }
    return batch;
}

/** One instruction set by name, with the precision of its operands. */
struct Kernels {
    string instructionSet, precision;
};

/** GoogleTest would print the bytes of the strings, some of which nobody has set. */
void PrintTo(const Kernels& kernels, std::ostream* stream) {
    *stream << kernels.instructionSet << ", " << kernels.precision;
}

vector<Kernels> getAvailableKernels() {
    vector<Kernels> result;
    for (const cpu::KernelTable* table : getTestedTables())
        result.push_back({table->instructionSet, table->bf16 ? "bf16" : "single"});
    return result;
}

class CpuKernel : public testing::TestWithParam<Kernels> {
protected:
    void SetUp() override {
        instructionSet = std::make_unique<ScopedEnvironment>("ORBIT_CPU_ISA", GetParam().instructionSet);
        precision = std::make_unique<ScopedEnvironment>("ORBIT_CPU_PRECISION", GetParam().precision);
    }
    std::unique_ptr<CpuIntegrateOrbitDiffusionStepKernel> makeKernel(const DenoiserModel& model,
            ThreadPool& threads) const {
        auto kernel = std::make_unique<CpuIntegrateOrbitDiffusionStepKernel>(IntegrateOrbitDiffusionStepKernel::Name(),
            Platform::getPlatform(0), threads);
        kernel->initialize(System(), model);
        return kernel;
    }
    Tolerance toleranceOf(const string& stage) const {
        return tolerance(stage, GetParam().precision == "bf16" ? "bfloat16" : "single");
    }
    void checkAgreement(const DenoiserModel& model, const vector<TokenInputs>& graphs);
    std::unique_ptr<ScopedEnvironment> instructionSet, precision;
};

void CpuKernel::checkAgreement(const DenoiserModel& model, const vector<TokenInputs>& graphs) {
    ThreadPool threads(2);
    auto kernel = makeKernel(model, threads);
    const Batch batch = makeBatch(graphs);
    kernel->setBatch(batch);
    vector<double> positions;
    for (const TokenInputs& graph : graphs)
        for (double value : makePositions(graph.getNumPoints(), 3 + graph.numTokens))
            positions.push_back(value);
    kernel->setPositions(positions);
    positions = kernel->getPositions();
    reference::Denoiser denoiser(model);
    for (double sigma : {0.05, 4.0}) {
        vector<double> denoised, expected(positions.size());
        StageTaps taps, expectedTaps;
        kernel->evaluate(sigma, denoised, &taps);
        for (const BatchCopy& copy : batch.copies) {
            const int size = 3 * graphs[copy.input].getNumPoints();
            denoiser.evaluate(graphs[copy.input], copy.condition, sigma,
                ArrayView<const double>(positions).slice(3 * copy.firstPoint, size),
                ArrayView<double>(expected).slice(3 * copy.firstPoint, size), &expectedTaps);
        }
        expectClose("denoiser", denoised, expected, toleranceOf("denoiser"));
        for (const auto& [stage, values] : taps)
            expectClose(stage, values, expectedTaps[stage], toleranceOf(stage));
        EXPECT_EQ(taps.size(), expectedTaps.size());

        // Without taps, several copies pass through the layers together.

        vector<double> together;
        kernel->evaluate(sigma, together, nullptr);
        EXPECT_EQ(together, denoised);
    }
}

TEST_P(CpuKernel, agreesWithReference) {
    const DenoiserModel model = makeSmallModel();
    vector<TokenInputs> graphs;
    for (int numAtoms : {1, 2, 3, 7, 16, 17, 33, 65, 5})
        graphs.push_back(makeFeatures(model, numAtoms, numAtoms));
    checkAgreement(model, graphs);
    for (TokenInputs& graph : graphs)
        graph = makeSymmetric(graph);
    checkAgreement(model, graphs);
}

TEST_P(CpuKernel, agreesWithReferenceForSeveralPointsAToken) {
    for (int points : {2, 3, 8}) {
        const DenoiserModel model = makeSmallModel(4, points);
        vector<TokenInputs> inputs;
        for (int numTokens : {1, 2, 7, 16, 33})
            inputs.push_back(makeFeatures(model, numTokens, numTokens));
        checkAgreement(model, inputs);
    }
}

TEST_P(CpuKernel, agreesWithReferenceForHeadsOf32) {
    for (int points : {1, 3}) {
        PairBiasTransformerSettings settings = makeSmallSettings(points);
        settings.width = 96;
        settings.numHeads = 3;
        settings.pairWidth = settings.numRadial = 32;
        const DenoiserModel model = shortenWeights(DenoiserModel::createRandom(settings, 6));
        vector<TokenInputs> inputs;
        for (int numTokens : {17, 2, 33, 16})
            inputs.push_back(makeFeatures(model, numTokens, numTokens));
        checkAgreement(model, inputs);
    }
}

TEST_P(CpuKernel, agreesWithReferenceForOddSizes) {
    const DenoiserModel model = makeOddModel(6);
    checkAgreement(model, {makeFeatures(model, 19, 1), makeFeatures(model, 6, 2)});
    if (GetParam().precision == "bf16")
        return;
    const DenoiserModel odd = makeOddModel(3);
    checkAgreement(odd, {makeFeatures(odd, 19, 1), makeFeatures(odd, 6, 2)});
    checkAgreement(shortenWeights(odd), {makeFeatures(odd, 19, 1), makeFeatures(odd, 6, 2)});
}

TEST_P(CpuKernel, agreesWithReferenceForLargeMolecules) {
    PairBiasTransformerSettings settings = makeOddModel(4).getSettings();
    settings.numLayers = 2;
    settings.numHeads = 27;
    settings.width = 54;
    settings.pairWidth = 27;
    const DenoiserModel model = DenoiserModel::createRandom(settings, 9);
    const vector<int> sizes = {12, 565, 13};
    vector<TokenInputs> graphs;
    for (int numAtoms : sizes)
        graphs.push_back(makeFeatures(model, numAtoms, numAtoms));
    const long biasWords = 54l * 565 * 576, embeddingWords = 27l * 565 * 576;
    ASSERT_GT(biasWords, cpu::MAX_PASS_WORDS);
    ASSERT_GT(embeddingWords, cpu::MAX_EMBEDDING_WORDS);
    ThreadPool threads(1);
    auto kernel = makeKernel(model, threads);
    const Batch batch = makeBatch(graphs);
    kernel->setBatch(batch);
    kernel->setPositions(makePositions(batch.getNumPoints(), 6, 9.0));

    // The reference is slow for this size: once for all instruction sets.

    static vector<double> expected;
    const vector<double> positions = kernel->getPositions();
    if (expected.empty()) {
        expected.resize(positions.size());
        reference::Denoiser denoiser(model);
        for (const BatchCopy& copy : batch.copies)
            denoiser.evaluate(graphs[copy.input], 0, 1.5,
                ArrayView<const double>(positions).slice(3 * copy.firstPoint, 3 * sizes[copy.input]),
                ArrayView<double>(expected).slice(3 * copy.firstPoint, 3 * sizes[copy.input]), nullptr);
    }
    vector<double> denoised;
    kernel->evaluate(1.5, denoised, nullptr);
    expectClose("denoiser", denoised, expected, toleranceOf("denoiser"));

    // On more threads than passes the large copy is shared out, and its rows use the threads' own workspaces between
    // two evaluations of the small ones.

    ThreadPool many(4);
    auto mixed = makeKernel(model, many);
    mixed->setBatch(batch);
    mixed->setPositions(makePositions(batch.getNumPoints(), 6, 9.0));
    for (int evaluation = 0; evaluation < 5; evaluation++) {
        vector<double> again;
        mixed->evaluate(1.5, again, nullptr);
        EXPECT_EQ(again, denoised) << "evaluation " << evaluation;
    }

    // The large copy alone, shared out over three threads: the same bits.

    ThreadPool several(3);
    auto sharing = makeKernel(model, several);
    sharing->setBatch(makeBatch({graphs[1]}));
    const vector<double> large(positions.begin() + 3 * 12, positions.begin() + 3 * (12 + 565));
    sharing->setPositions(large);
    vector<double> shared, alone;
    sharing->evaluate(1.5, shared, nullptr);
    kernel->setBatch(makeBatch({graphs[1]}));
    kernel->setPositions(large);
    kernel->evaluate(1.5, alone, nullptr);
    EXPECT_EQ(shared, alone);
    expectClose("shared", shared, vector<double>(expected.begin() + 3 * 12, expected.begin() + 3 * (12 + 565)),
        toleranceOf("denoiser"));
}

TEST_P(CpuKernel, sharedCopiesHaveTheSameBits) {
    const DenoiserModel model = makeSmallModel();
    for (const vector<int>& sizes : vector<vector<int>>{{97}, {41}, {120, 17, 64}}) {
        vector<TokenInputs> graphs;
        for (int numAtoms : sizes)
            graphs.push_back(makeFeatures(model, numAtoms, 7 + numAtoms));

        // Where threads share a copy, they compute the pairs of which one thread needs half.

        if (sizes != vector<int>{41})
            graphs[0] = makeSymmetric(graphs[0]);
        Batch batch = makeBatch(graphs);
        batch.plan.method = SamplerMethod::Heun;
        vector<double> expected;
        for (int numThreads : {1, 2, 4, 7}) {
            ThreadPool threads(numThreads);
            auto kernel = makeKernel(model, threads);
            kernel->setBatch(batch);
            kernel->start();
            for (int step = 0; step < batch.plan.getNumSteps(); step++)
                kernel->execute(step);
            if (numThreads == 1)
                expected = kernel->getPositions();
            expectFinite("positions", expected);
            EXPECT_EQ(kernel->getPositions(), expected) << numThreads << " threads, " << sizes.size() << " copies";
        }
    }
}

TEST_P(CpuKernel, extremeCoordinates) {
    const DenoiserModel model = makeSmallModel();
    ThreadPool threads(1);
    auto kernel = makeKernel(model, threads);
    kernel->setBatch(makeBatch({makeFeatures(model, 9, 4)}));
    reference::Denoiser denoiser(model);
    for (double scale : {0.0, 1e-42, 1e-30, 1e4, 1e7}) {
        kernel->setPositions(makePositions(9, 8, scale));
        vector<double> denoised, expected(27);
        kernel->evaluate(2.0, denoised, nullptr);
        denoiser.evaluate(makeFeatures(model, 9, 4), 0, 2.0, kernel->getPositions(), expected, nullptr);
        Tolerance limit = toleranceOf("denoiser");
        limit.absolute *= 1 + scale;
        expectClose("denoiser at scale " + std::to_string(scale), denoised, expected, limit);
    }
}

TEST_P(CpuKernel, sameBitsForAllBatchesAndThreads) {
    const DenoiserModel model = makeSmallModel();
    vector<TokenInputs> graphs;
    for (int numAtoms : {9, 21, 4, 33, 21, 1, 50, 16, 9})
        graphs.push_back(makeFeatures(model, numAtoms, 50 + graphs.size()));
    for (int symmetric : {1, 4, 6, 8})
        graphs[symmetric] = makeSymmetric(graphs[symmetric]);
    for (SamplerMethod method : {SamplerMethod::Euler, SamplerMethod::Heun, SamplerMethod::Multistep}) {
        Batch batch = makeBatch(graphs);
        batch.plan.method = method;
        for (int i = 0; i < (int) batch.copies.size(); i++)
            batch.copies[i].condition = i % 3 == 0;
        auto generate = [&](const Batch& batch, int numThreads) {
            ThreadPool threads(numThreads);
            auto kernel = makeKernel(model, threads);
            kernel->setBatch(batch);
            kernel->start();
            for (int step = 0; step < batch.plan.getNumSteps(); step++)
                kernel->execute(step);
            return kernel->getPositions();
        };
        const vector<double> expected = generate(batch, 1);
        expectFinite("positions", expected);
        EXPECT_EQ(generate(batch, 2), expected);
        EXPECT_EQ(generate(batch, 5), expected);
        for (int copy : {0, 3, 5, 6}) {
            Batch single = batch;
            single.copies = {batch.copies[copy]};
            single.copies[0].firstPoint = 0;
            const int first = 3 * batch.copies[copy].firstPoint;
            const auto begin = expected.begin() + first;
            const vector<double> slice(begin, begin + 3 * batch.getNumPoints(copy));
            EXPECT_EQ(generate(single, 2), slice) << "copy " << copy;
        }
    }
}

TEST_P(CpuKernel, evaluationBetweenStepsChangesNothing) {
    const DenoiserModel model = makeSmallModel();
    ThreadPool threads(2);
    auto kernel = makeKernel(model, threads);
    const Batch batch = makeBatch({makeFeatures(model, 14, 1), makeFeatures(model, 8, 2)});
    vector<vector<double>> results;
    for (bool evaluates : {false, true}) {
        kernel->setBatch(batch);
        kernel->start();
        for (int step = 0; step < batch.plan.getNumSteps(); step++) {
            vector<double> denoised;
            if (evaluates)
                kernel->evaluate(1.3, denoised, nullptr);
            kernel->execute(step);
        }
        results.push_back(kernel->getPositions());
    }
    EXPECT_EQ(results[0], results[1]);
}

TEST_P(CpuKernel, description) {
    ThreadPool threads(1);
    const Kernels& kernels = GetParam();
    EXPECT_EQ(makeKernel(makeSmallModel(), threads)->getDescription(), "CPU (" + kernels.instructionSet + ", " +
        kernels.precision + "): " + (kernels.instructionSet == "emulatedamx" ? "ORBIT_CPU_ISA is emulatedamx" :
        "precision " + kernels.precision + " as asked"));
}

INSTANTIATE_TEST_SUITE_P(InstructionSets, CpuKernel, testing::ValuesIn(getAvailableKernels()),
    [](const testing::TestParamInfo<Kernels>& info) {
        return info.param.instructionSet;
    });

} // namespace
