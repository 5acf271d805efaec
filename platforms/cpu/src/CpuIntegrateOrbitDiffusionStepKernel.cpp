// SPDX-License-Identifier: MIT
// How the CPU kernel hands out passes to threads and drives the sampler.
#include "CpuIntegrateOrbitDiffusionStepKernel.h"
#include "openmmorbit/internal/stages/DenoiserWeights.h"
#include <algorithm>
#include <atomic>

using namespace OpenMM;

namespace OrbitPlugin {

using std::string;
using std::vector;

/** Smaller copies are faster on one thread than on several that wait for each other. */
static const int MIN_SHARED_ROWS = 40;

void CpuIntegrateOrbitDiffusionStepKernel::setPrecision(const string& newPrecision) {
    precision = newPrecision;
}

void CpuIntegrateOrbitDiffusionStepKernel::initialize(const System& system, const DenoiserModel& newModel) {
    HostIntegrateOrbitDiffusionStepKernel::initialize(system, newModel);
    network = cpu::makeNetwork(newModel, precision);
    dataScale = newModel.getSettings().dataScale;
    parametrization = getParametrization(newModel);
    usesBefore = network->usesBefore();
}

void CpuIntegrateOrbitDiffusionStepKernel::setBatch(const Batch& newBatch) {
    HostIntegrateOrbitDiffusionStepKernel::setBatch(newBatch);
    plan = cpu::PassPlan();
    plan.numThreads = threads.getNumThreads();
    plan.passRows = network->getTable().passRows;
    for (const TokenInputs& inputs : batch.inputs)
        plan.wordsOfInput.push_back(network->countWords(inputs));
    conditions.clear();
    for (const BatchCopy& copy : batch.copies) {
        auto place = std::find(conditions.begin(), conditions.end(), copy.condition);
        plan.conditionOfCopy.push_back((int) (place - conditions.begin()));
        if (place == conditions.end())
            conditions.push_back(copy.condition);
    }

    passes = cpu::makePasses(batch, plan);
    auto endShared = std::stable_partition(passes.begin(), passes.end(), [&](const cpu::Pass& pass) {
        return isShared(pass);
    });
    numShared = (int) (endShared - passes.begin());
    network->setBatch(batch, passes, threads.getNumThreads());
    scaled.resize(positions.size());
    output.resize(positions.size());
    level = {0};
    nextLevel = {1};

    // The levels of the first step, so that steps find all memory allocated: none of them allocates.

    if (batch.plan.noiseLevels.empty() || batch.plan.noiseLevels[0] <= 0)
        return;
    const StepLevels first = batch.plan.getLevels(0, -1);
    prepareLevel(first.sigma, level);
    if (first.stageSigma > 0)
        prepareLevel(first.stageSigma, nextLevel);
}

void CpuIntegrateOrbitDiffusionStepKernel::prepareLevel(double sigma, Level& level) {
    if (level.sigma == sigma)
        return;
    level.sigma = sigma;
    level.factors = getPreconditioning(sigma, dataScale, parametrization);
    network->prepareLevel(level.place, level.factors.logSigma, conditions);
}

bool CpuIntegrateOrbitDiffusionStepKernel::isShared(const cpu::Pass& pass) const {
    return pass.copies.size() == 1 && (int) passes.size() < threads.getNumThreads() && pass.numRows >= MIN_SHARED_ROWS;
}

void CpuIntegrateOrbitDiffusionStepKernel::forEachPass(const std::function<void(const cpu::Pass&, int)>& task) {
    const bool alone = passes.size() == 1 || threads.getNumThreads() == 1;
    const std::size_t numAlone = alone ? passes.size() : numShared;
    for (std::size_t i = 0; i < numAlone; i++)
        task(passes[i], 0);
    if (numAlone == passes.size())
        return;
    std::atomic<std::size_t> next(numAlone);
    auto work = [&](ThreadPool& pool, int thread) {
        // Only as many threads as passes have room for whole ones.

        if (thread >= (int) passes.size())
            return;
        for (std::size_t i = next++; i < passes.size(); i = next++)
            task(passes[i], thread);
    };
    threads.execute(std::ref(work));
    threads.waitForThreads();
}

void CpuIntegrateOrbitDiffusionStepKernel::start() {
    forEachPass([&](const cpu::Pass& pass, int thread) {
        for (int copy : pass.copies)
            startCopy(copy);
    });
    historyStep = -1;
}

void CpuIntegrateOrbitDiffusionStepKernel::execute(int step) {
    const StepLevels levels = batch.plan.getLevels(step, historyStep);
    if (nextLevel.sigma == levels.sigma)
        std::swap(level, nextLevel);
    prepareLevel(levels.sigma, level);
    if (levels.stageSigma > 0)
        prepareLevel(levels.stageSigma, nextLevel);
    forEachPass([&](const cpu::Pass& pass, int thread) {
        auto denoise = [&](const DenoiserInput& input, ArrayView<double> denoised) {
            denoisePass(pass, input, denoised, thread, nullptr);
        };
        stepCopies(pass.copies, step, std::ref(denoise));
    });
    historyStep = step;
}

void CpuIntegrateOrbitDiffusionStepKernel::denoisePass(const cpu::Pass& pass, const DenoiserInput& input,
        ArrayView<double> denoised, int thread, StageTaps* taps) {
    const Level& atLevel = input.sigma == level.sigma ? level : nextLevel;
    const Preconditioning& factors = atLevel.factors;
    const ArrayView<const double> y = input.y;
    const cpu::NetworkTask task = {pass, atLevel.place, scaled, input.before, output};

    // (3.1)
    for (int copy : pass.copies) {
        const ArrayView<double> u = getRows<double>(copy, scaled);
        const ArrayView<const double> rows = getRows(copy, y);
        for (std::size_t i = 0; i < u.size(); i++)
            u[i] = factors.input * rows[i];
    }
    if (taps == nullptr && isShared(pass))
        network->evaluateOnAll(task, threads);
    else
        network->evaluate(task, thread, taps);

    // (3.2)
    for (int copy : pass.copies) {
        const ArrayView<double> F = getRows<double>(copy, output), D = getRows(copy, denoised);
        const ArrayView<const double> rows = getRows(copy, y);
        for (std::size_t i = 0; i < F.size(); i++)
            D[i] = factors.skip * rows[i] + factors.output * F[i];
    }
}

void CpuIntegrateOrbitDiffusionStepKernel::evaluate(double sigma, vector<double>& denoised, StageTaps* taps) {
    denoised.assign(positions.size(), 0.0);
    prepareLevel(sigma, level);
    if (taps == nullptr) {
        forEachPass([&](const cpu::Pass& pass, int thread) {
            denoisePass(pass, {sigma, positions, getBefore()}, denoised, thread, nullptr);
        });
        return;
    }

    // Taps stand in the order of the copies, each of them a pass of its own.

    taps->clear();
    for (int copy = 0; copy < (int) batch.copies.size(); copy++) {
        cpu::Pass single;
        single.condition = plan.conditionOfCopy[copy];
        single.add(batch, copy, plan.wordsOfInput[batch.copies[copy].input]);
        denoisePass(single, {sigma, positions, getBefore()}, denoised, 0, taps);
    }
}

string CpuIntegrateOrbitDiffusionStepKernel::getDescription() const {
    if (network == nullptr)
        return "CPU";
    const cpu::KernelTable& table = network->getTable();
    return string("CPU (") + table.instructionSet + (table.bf16 ? ", bf16): " : ", single): ") + network->getReason();
}

} // namespace OrbitPlugin
