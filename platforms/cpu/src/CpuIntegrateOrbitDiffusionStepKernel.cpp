// SPDX-License-Identifier: MIT
// How the CPU kernel hands out passes to threads and drives the sampler.
#include "CpuIntegrateOrbitDiffusionStepKernel.h"
#include "Dispatch.h"
#include <algorithm>
#include <atomic>

using namespace OpenMM;

namespace OrbitPlugin {

using std::string;
using std::vector;

/** Smaller copies are faster on one thread than on several that wait for each other. */
static const int MIN_SHARED_ATOMS = 40;

void CpuIntegrateOrbitDiffusionStepKernel::setPrecision(const string& newPrecision) {
    precision = newPrecision;
}

void CpuIntegrateOrbitDiffusionStepKernel::initialize(const System& system, const DenoiserModel& newModel) {
    HostIntegrateOrbitDiffusionStepKernel::initialize(system, newModel);
    model = std::make_unique<cpu::PackedModel>(newModel, cpu::chooseKernels(precision, newModel.getSettings()));
}

void CpuIntegrateOrbitDiffusionStepKernel::setBatch(const Batch& newBatch) {
    HostIntegrateOrbitDiffusionStepKernel::setBatch(newBatch);
    graphs.clear();
    for (const TokenInputs& inputs : batch.inputs)
        graphs.emplace_back(*model, inputs);
    conditions.clear();
    conditionOfCopy.clear();
    for (const BatchCopy& copy : batch.copies) {
        auto place = std::find(conditions.begin(), conditions.end(), copy.condition);
        conditionOfCopy.push_back((int) (place - conditions.begin()));
        if (place == conditions.end())
            conditions.push_back(copy.condition);
    }

    passes = cpu::makePasses(*model, graphs, batch, conditionOfCopy, threads.getNumThreads());
    auto endShared = std::stable_partition(passes.begin(), passes.end(), [&](const cpu::Pass& pass) {
        return isShared(pass);
    });
    numShared = (int) (endShared - passes.begin());
    workspaces.resize(threads.getNumThreads());
    for (std::size_t i = 0; i < workspaces.size(); i++) {
        if (i < passes.size())
            workspaces[i].reserve(*model, passes);
        else
            workspaces[i].reserveScratch(*model, passes);
    }
    level = cpu::NoiseLevel();
    nextLevel = cpu::NoiseLevel();

    // The levels of the first step, so that steps find all memory allocated: none of them allocates.

    const vector<double>& sigmas = batch.plan.noiseLevels;
    if (!sigmas.empty() && sigmas[0] > 0)
        cpu::prepareLevel(*model, sigmas[0], conditions, level);
    if (batch.plan.method == SamplerMethod::Heun && sigmas.size() > 1 && sigmas[1] > 0)
        cpu::prepareLevel(*model, sigmas[1], conditions, nextLevel);
}

bool CpuIntegrateOrbitDiffusionStepKernel::isShared(const cpu::Pass& pass) const {
    return pass.copies.size() == 1 && (int) passes.size() < threads.getNumThreads() && pass.numRows >= MIN_SHARED_ATOMS;
}

void CpuIntegrateOrbitDiffusionStepKernel::forEachPass(
        const std::function<void(const cpu::Pass&, cpu::Workspace&)>& task) {
    const bool alone = passes.size() == 1 || threads.getNumThreads() == 1;
    const std::size_t numAlone = alone ? passes.size() : numShared;
    for (std::size_t i = 0; i < numAlone; i++)
        task(passes[i], workspaces[0]);
    if (numAlone == passes.size())
        return;
    std::atomic<std::size_t> next(numAlone);
    auto work = [&](ThreadPool& pool, int thread) {
        // Only as many threads as passes have room for whole ones.

        if (thread >= (int) passes.size())
            return;
        for (std::size_t i = next++; i < passes.size(); i = next++)
            task(passes[i], workspaces[thread]);
    };
    threads.execute(std::ref(work));
    threads.waitForThreads();
}

void CpuIntegrateOrbitDiffusionStepKernel::start() {
    forEachPass([&](const cpu::Pass& pass, cpu::Workspace& workspace) {
        for (int copy : pass.copies)
            startCopy(copy);
    });
    historyStep = -1;
}

void CpuIntegrateOrbitDiffusionStepKernel::execute(int step) {
    const StepLevels levels = batch.plan.getLevels(step, historyStep);
    if (nextLevel.sigma == levels.sigma)
        std::swap(level, nextLevel);
    cpu::prepareLevel(*model, levels.sigma, conditions, level);
    if (batch.plan.method == SamplerMethod::Heun && levels.nextSigma > 0)
        cpu::prepareLevel(*model, levels.nextSigma, conditions, nextLevel);
    forEachPass([&](const cpu::Pass& pass, cpu::Workspace& workspace) {
        auto denoise = [&](double sigma, ArrayView<const double> y, ArrayView<double> denoised) {
            denoisePass(pass, sigma == level.sigma ? level : nextLevel, y, denoised, workspace, nullptr);
        };
        stepCopies(pass.copies, step, std::ref(denoise));
    });
    historyStep = step;
}

void CpuIntegrateOrbitDiffusionStepKernel::denoisePass(const cpu::Pass& pass, const cpu::NoiseLevel& atLevel,
        ArrayView<const double> y, ArrayView<double> denoised, cpu::Workspace& workspace, StageTaps* taps) {
    const cpu::DenoiserTask task = {
            *model, pass, atLevel.factors, atLevel.conditionings[pass.condition], y, denoised, taps};
    if (taps == nullptr && isShared(pass))
        cpu::denoise(task, threads, workspaces);
    else
        cpu::denoise(task, workspace);
}

void CpuIntegrateOrbitDiffusionStepKernel::evaluate(double sigma, vector<double>& denoised, StageTaps* taps) {
    denoised.assign(positions.size(), 0.0);
    cpu::prepareLevel(*model, sigma, conditions, level);
    if (taps == nullptr) {
        forEachPass([&](const cpu::Pass& pass, cpu::Workspace& workspace) {
            denoisePass(pass, level, positions, denoised, workspace, nullptr);
        });
        return;
    }

    // Taps stand in the order of the copies, each of them a pass of its own.

    taps->clear();
    for (int copy = 0; copy < (int) batch.copies.size(); copy++) {
        cpu::Pass single;
        single.condition = conditionOfCopy[copy];
        single.add(*model, graphs[batch.copies[copy].input], copy, batch.copies[copy].firstPoint);
        denoisePass(single, level, positions, denoised, workspaces[0], taps);
    }
}

string CpuIntegrateOrbitDiffusionStepKernel::getDescription() const {
    if (model == nullptr)
        return "CPU";
    const cpu::KernelTable& table = *model->kernels.operand;
    return string("CPU (") + table.instructionSet + (table.bf16 ? ", bf16)" : ", single)");
}

} // namespace OrbitPlugin
