// SPDX-License-Identifier: MIT
// Times one evaluation of the denoiser: the CPU kernel, the reference, and LibTorch if built, on one thread; the CPU
// kernel on several threads; GPU platforms where there is a device. Of OpenCL on a CPU the time of all threads counts.
#include "CpuIntegrateOrbitDiffusionStepKernel.h"
#include "Denoiser.h"
#include "Dispatch.h"
#include "KernelContext.h"
#include "Matchers.h"
#include "Models.h"
#include "Platforms.h"
#include "Systems.h"
#include "Timing.h"
#include "Tolerances.h"
#include "openmm/internal/ThreadPool.h"
#include <algorithm>
#include <cstdlib>
#include <map>
#include <stdexcept>
#if __has_include("Stages.h")
#define ORBIT_BENCHMARK_TORCH
#include "Stages.h"
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#endif

using namespace OrbitPlugin;
using std::vector;

namespace {

const double SIGMA = 1.0;

/** A chain of carbons, with an oxygen at one or both ends, and its hydrogens: 10 atoms or more. */
MolecularGraph makeChain(int numAtoms) {
    const int numOxygens = numAtoms % 3 == 0 ? 1 : numAtoms % 3 == 1 ? 2 : 0;
    const int numCarbons = (numAtoms - 2 - numOxygens) / 3;
    vector<int> elements(numCarbons + numOxygens, 6), used(numCarbons + numOxygens, 0);
    vector<std::pair<int, int>> bonds;
    const int numHeavy = (int) elements.size();
    if (numOxygens > 0)
        elements[0] = 8;
    if (numOxygens > 1)
        elements[numHeavy - 1] = 8;
    for (int i = 0; i < numHeavy; i++) {
        const int chainBonds = (i > 0) + (i + 1 < numHeavy);
        if (i > 0)
            bonds.emplace_back(i - 1, i);
        for (int hydrogen = chainBonds; hydrogen < (elements[i] == 8 ? 2 : 4); hydrogen++) {
            bonds.emplace_back(i, (int) elements.size());
            elements.push_back(1);
        }
    }
    return testSupport::makeGraph("chain", elements, bonds);
}

/** The network of the default settings with pseudo-random weights, as short as those of a file, and one molecule. */
struct Case {
    explicit Case(int numAtoms) :
            model(testSupport::shortenWeights(DenoiserModel::createRandom(PairBiasTransformerSettings(), 3))),
            features(describeMolecule(makeChain(numAtoms), model)),
            positions(testSupport::makePositions(numAtoms, 5)) {
        if (features.numTokens != numAtoms)
            throw std::logic_error("makeChain: expected " + std::to_string(numAtoms) + " atoms");
    }
    DenoiserModel model;
    TokenInputs features;
    vector<double> positions;
};

/** Multiplications and additions of one evaluation: linear layers, attention and pair stage. */
double countOperations(const PairBiasTransformerSettings& s, double numAtoms) {
    const double depths = 4.0 * s.width + 3 * s.numHeads + 3.0 * s.transitionFactor * s.width;
    const double layer = numAtoms * s.width * depths +
        numAtoms * numAtoms * (2.0 * s.width + 3 * s.numHeads);
    const double pair = numAtoms * numAtoms * s.pairWidth * (s.numRadial + s.pairWidth + s.numLayers * s.numHeads);
    return 2 * (s.numLayers * layer + pair);
}

/**
 * Time evaluate(): the shortest of many repetitions, in processor time where possible, since the machine may be busy.
 */
template <class Evaluate>
void timeEvaluations(benchmark::State& state, const Case& c, int numCopies, Evaluate evaluate,
        clockid_t clock = CLOCK_THREAD_CPUTIME_ID) {
    const double shortest = benchSupport::measureShortest(state, evaluate, clock);
    state.counters["us_per_molecule"] = shortest / numCopies * 1e6;
    const double operations = countOperations(c.model.getSettings(), c.features.numTokens) * numCopies;
    state.counters["GFLOPs"] = operations / shortest * 1e-9;
}

/** The reference's answer, computed once for each size. */
const vector<double>& evaluateReference(const Case& c) {
    static std::map<int, vector<double>> answers;
    vector<double>& denoised = answers[c.features.numTokens];
    if (denoised.empty()) {
        denoised.resize(c.positions.size());
        reference::Denoiser(c.model).evaluate(c.features, 0, SIGMA, c.positions, denoised, nullptr);
    }
    return denoised;
}

/** Refuse to time what is wrong. */
bool isWrong(benchmark::State& state, const Case& c, const vector<double>& denoised, bool bf16) {
    const auto result = testSupport::isClose("denoiser", denoised, evaluateReference(c),
        testSupport::tolerance("denoiser", bf16 ? "bfloat16" : "single"));
    if (!result)
        state.SkipWithError(result.message());
    return !result;
}

/** Check and time one kernel on as many copies as the case asks for. */
void timeKernel(benchmark::State& state, const Case& c, IntegrateOrbitDiffusionStepKernel& kernel, bool bf16,
        clockid_t clock = CLOCK_THREAD_CPUTIME_ID) {
    const int numCopies = (int) state.range(1);
    Batch batch;
    batch.inputs = {c.features};
    vector<double> positions, denoised;
    for (int i = 0; i < numCopies; i++) {
        batch.addCopy(BatchCopy());
        positions.insert(positions.end(), c.positions.begin(), c.positions.end());
    }
    kernel.setBatch(batch);
    kernel.setPositions(positions);
    kernel.evaluate(SIGMA, denoised, nullptr);
    if (isWrong(state, c, {denoised.end() - c.positions.size(), denoised.end()}, bf16))
        return;
    timeEvaluations(state, c, numCopies, [&] {
        kernel.evaluate(SIGMA, denoised, nullptr);
    }, clock);
}

void benchReference(benchmark::State& state) {
    const Case c((int) state.range(0));
    const reference::Denoiser denoiser(c.model);
    vector<double> denoised(c.positions.size());
    timeEvaluations(state, c, 1, [&] {
        denoiser.evaluate(c.features, 0, SIGMA, c.positions, denoised, nullptr);
    });
}

void benchCpu(benchmark::State& state, const cpu::KernelTable* table, int numThreads, clockid_t clock) {
    const Case c((int) state.range(0));
    setenv("ORBIT_CPU_ISA", table->instructionSet, 1);
    setenv("ORBIT_CPU_PRECISION", table->bf16 ? "bf16" : "single", 1);
    OpenMM::ThreadPool threads(numThreads);
    CpuIntegrateOrbitDiffusionStepKernel kernel(IntegrateOrbitDiffusionStepKernel::Name(),
        OpenMM::Platform::getPlatform(0), threads);
    kernel.initialize(OpenMM::System(), c.model);
    timeKernel(state, c, kernel, table->bf16, clock);
}

void benchPlatform(benchmark::State& state, const std::string& name, const std::string& precision) {
    OpenMM::Platform* platform = benchSupport::findPlatform(name);
    if (platform == nullptr) {
        state.SkipWithError("no device");
        return;
    }
    const Case c((int) state.range(0));
    testSupport::options().platform = name;
    platform->setPropertyDefaultValue("Precision", precision);
    testSupport::KernelContext context(c.model);
    IntegrateOrbitDiffusionStepKernel& kernel = context.getKernel();
    timeKernel(state, c, kernel, false, name == "OpenCL" ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC);
}

#ifdef ORBIT_BENCHMARK_TORCH
/** Rows of categorical inputs as LibTorch takes them: multi-hot, listed once for every combination. */
std::pair<at::Tensor, at::Tensor> makeTable(const vector<int>& features, int numFeatures, int size) {
    vector<vector<int>> combinations;
    vector<int64_t> index;
    for (std::size_t i = 0; i < features.size(); i += numFeatures) {
        const vector<int> row(features.begin() + i, features.begin() + i + numFeatures);
        const auto place = std::find(combinations.begin(), combinations.end(), row);
        index.push_back(place - combinations.begin());
        if (place == combinations.end())
            combinations.push_back(row);
    }
    at::Tensor table = at::zeros({(int64_t) combinations.size(), size});
    for (int64_t i = 0; i < (int64_t) combinations.size(); i++)
        for (int feature : combinations[i])
            table[i][feature] += 1;
    return {table, at::tensor(index)};
}

int countValues(const vector<FeatureVocabulary>& vocabularies) {
    int count = 0;
    for (const FeatureVocabulary& vocabulary : vocabularies)
        count += (int) vocabulary.values.size();
    return count;
}

void benchTorch(benchmark::State& state, bool bf16) {
    const Case c((int) state.range(0));
    const int64_t N = state.range(0), B = state.range(1);
    at::set_num_threads(1);
    const at::NoGradGuard noGradients;
    const PairBiasTransformerSettings settings = c.model.getSettings();
    torchimpl::NamedTensors weights = torchimpl::getTensors(c.model);
    if (bf16)
        weights = torchimpl::cast(weights, at::kBFloat16);
    const double variance = SIGMA * SIGMA + settings.dataScale * settings.dataScale;
    torchimpl::NetworkInputs inputs;
    const at::Tensor y = at::tensor(c.positions).reshape({1, N, 3}).expand({B, N, 3});
    inputs.u = (y * (settings.dataScale / std::sqrt(variance))).to(at::kFloat).contiguous();
    inputs.scaledTime = at::full({B}, std::log(SIGMA) / 4);
    inputs.condition = at::zeros({B}, at::kLong);
    inputs.mask = at::ones({B, N});
    const auto [atomTable, atomIndex] = makeTable(c.features.tokenFeatures, c.features.numTokenFeatures,
        countValues(c.model.getAtomVocabularies()));
    const auto [pairTable, pairIndex] = makeTable(c.features.pairFeatures, c.features.numPairFeatures,
        countValues(c.model.getPairVocabularies()));
    inputs.atomTable = atomTable;
    inputs.atomIndex = atomIndex.reshape({1, N}).expand({B, N}).contiguous();
    inputs.pairTable = pairTable;
    inputs.pairIndex = pairIndex.reshape({1, N, N}).expand({B, N, N}).contiguous();
    const at::Tensor F = torchimpl::pairBiasTransformer(settings, weights, inputs).to(at::kDouble);
    const at::Tensor D = (y * (settings.dataScale * settings.dataScale / variance) +
        F * (SIGMA * settings.dataScale / std::sqrt(variance)))[B - 1].contiguous();
    if (isWrong(state, c, {D.data_ptr<double>(), D.data_ptr<double>() + 3 * N}, bf16))
        return;
    timeEvaluations(state, c, (int) B, [&] {
        benchmark::DoNotOptimize(torchimpl::pairBiasTransformer(settings, weights, inputs));
    });
}
#endif

/** Register every implementation for all sizes; --benchmark_filter chooses among them. */
const bool registered = [] {
    auto addSizes = [](benchmark::internal::Benchmark* added, const vector<int>& copies) {
        for (int numAtoms : {10, 20, 44, 100})
            for (int numCopies : copies)
                added->Args({numAtoms, numCopies});
        added->UseManualTime()->Unit(benchmark::kMicrosecond);
    };
    addSizes(benchmark::RegisterBenchmark("reference", benchReference), {1});
    for (const cpu::KernelTable* table : cpu::getAvailableTables()) {
        addSizes(benchmark::RegisterBenchmark((std::string("cpu/") + table->instructionSet).c_str(), benchCpu, table, 1,
                CLOCK_THREAD_CPUTIME_ID), {1, 4, 16, 64});

        // Of several threads only the clock on the wall tells: an idle machine is needed.

        for (int numThreads : {1, 2}) {
            const std::string name = "threads" + std::to_string(numThreads) + "/" + table->instructionSet;
            addSizes(benchmark::RegisterBenchmark(name.c_str(), benchCpu, table, numThreads, CLOCK_MONOTONIC), {1, 64});
        }
    }
    for (const std::string name : {"OpenCL", "CUDA", "HIP"})
        for (const std::string precision : {"single", "double"})
            addSizes(benchmark::RegisterBenchmark((name + "/" + precision).c_str(), benchPlatform, name, precision),
                    {1, 64});
#ifdef ORBIT_BENCHMARK_TORCH
    addSizes(benchmark::RegisterBenchmark("torch/single", benchTorch, false), {1, 64});
    addSizes(benchmark::RegisterBenchmark("torch/bf16", benchTorch, true), {1, 64});
#endif
    return true;
}();

} // namespace
