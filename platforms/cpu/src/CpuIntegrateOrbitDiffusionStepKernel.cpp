// SPDX-License-Identifier: MIT
// How the CPU kernel hands out copies to threads and drives the sampler.
#include "CpuIntegrateOrbitDiffusionStepKernel.h"
#include "Dispatch.h"
#include <algorithm>
#include <atomic>
#include <numeric>

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
    int largest = 0;
    for (const GraphFeatures& features : batch.graphs) {
        graphs.emplace_back(*model, features);
        largest = std::max(largest, features.numAtoms);
    }
    conditions.clear();
    conditionOfCopy.clear();
    for (const BatchCopy& copy : batch.copies) {
        auto place = std::find(conditions.begin(), conditions.end(), copy.condition);
        conditionOfCopy.push_back((int) (place - conditions.begin()));
        if (place == conditions.end())
            conditions.push_back(copy.condition);
    }

    // Large copies first, so that no thread starts one when the others have finished.

    order.resize(batch.copies.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
        return batch.getNumAtoms(a) > batch.getNumAtoms(b);
    });
    workspaces.resize(threads.getNumThreads());
    int numUsed = std::min((int) workspaces.size(), std::max(1, (int) batch.copies.size()));
    for (int i = 0; i < (int) workspaces.size(); i++) {
        workspaces[i].reserve(*model, i < numUsed ? largest : 0);
        workspaces[i].reserveScratch(*model, largest);
    }
    level = cpu::NoiseLevel();
    nextLevel = cpu::NoiseLevel();

    // The levels of the first step, so that steps find all memory allocated: none of them allocates.

    const vector<double>& sigmas = batch.noiseLevels;
    if (!sigmas.empty() && sigmas[0] > 0)
        cpu::prepareLevel(*model, sigmas[0], conditions, level);
    if (batch.method == SamplerMethod::Heun && sigmas.size() > 1 && sigmas[1] > 0)
        cpu::prepareLevel(*model, sigmas[1], conditions, nextLevel);
}

bool CpuIntegrateOrbitDiffusionStepKernel::isShared(int copy) const {
    return (int) order.size() < threads.getNumThreads() && batch.getNumAtoms(copy) >= MIN_SHARED_ATOMS;
}

void CpuIntegrateOrbitDiffusionStepKernel::forEachCopy(const std::function<void(int, cpu::Workspace&)>& task) {
    // Large copies that the threads share come first, one after another.

    std::size_t numAlone = 0;
    while (numAlone < order.size() && (isShared(order[numAlone]) || order.size() == 1 || threads.getNumThreads() == 1))
        task(order[numAlone++], workspaces[0]);
    if (numAlone == order.size())
        return;
    std::atomic<std::size_t> next(numAlone);
    auto work = [&](ThreadPool& pool, int thread) {
        // Only as many threads as copies have room for whole ones.

        if (thread >= (int) order.size())
            return;
        for (std::size_t i = next++; i < order.size(); i = next++)
            task(order[i], workspaces[thread]);
    };
    threads.execute(std::ref(work));
    threads.waitForThreads();
}

void CpuIntegrateOrbitDiffusionStepKernel::drawPrior() {
    forEachCopy([&](int copy, cpu::Workspace& workspace) {
        drawCopy(copy, {workspace.predicted.data(), 3 * (std::size_t) batch.getNumAtoms(copy)});
    });
    historyStep = -1;
}

void CpuIntegrateOrbitDiffusionStepKernel::execute(int step) {
    const StepLevels levels = batch.getLevels(step, historyStep);
    if (nextLevel.sigma == levels.sigma)
        std::swap(level, nextLevel);
    cpu::prepareLevel(*model, levels.sigma, conditions, level);
    if (batch.method == SamplerMethod::Heun && levels.nextSigma > 0)
        cpu::prepareLevel(*model, levels.nextSigma, conditions, nextLevel);
    forEachCopy([&](int copy, cpu::Workspace& workspace) {
        const std::size_t size = 3 * batch.getNumAtoms(copy);
        const StepBuffers buffers = {{workspace.denoised.data(), size}, {workspace.predicted.data(), size},
                {workspace.predictedDenoised.data(), size}, {workspace.unguided.data(), size}};
        auto denoise = [&](double sigma, ArrayView<const double> y, ArrayView<double> denoised) {
            denoiseCopy(copy, sigma == level.sigma ? level : nextLevel, y, denoised, workspace, nullptr);
        };
        stepCopy(copy, step, buffers, std::ref(denoise));
    });
    historyStep = step;
}

void CpuIntegrateOrbitDiffusionStepKernel::denoiseCopy(int copy, const cpu::NoiseLevel& atLevel,
        ArrayView<const double> y, ArrayView<double> denoised, cpu::Workspace& workspace, StageTaps* taps) {
    const cpu::DenoiserTask task = {*model, graphs[batch.copies[copy].graph], atLevel.factors,
            atLevel.conditionings[conditionOfCopy[copy]], y, denoised, taps};
    if (taps == nullptr && isShared(copy))
        cpu::denoise(task, threads, workspaces);
    else
        cpu::denoise(task, workspace);
}

void CpuIntegrateOrbitDiffusionStepKernel::evaluate(double sigma, vector<double>& denoised, StageTaps* taps) {
    denoised.assign(positions.size(), 0.0);
    cpu::prepareLevel(*model, sigma, conditions, level);
    auto evaluateCopy = [&](int copy, cpu::Workspace& workspace) {
        denoiseCopy(copy, level, getRows<const double>(copy, positions), getRows<double>(copy, denoised), workspace,
                taps);
    };
    if (taps == nullptr) {
        forEachCopy(evaluateCopy);
        return;
    }

    // Taps stand in the order of the copies.

    taps->clear();
    for (int copy = 0; copy < (int) batch.copies.size(); copy++)
        evaluateCopy(copy, workspaces[0]);
}

string CpuIntegrateOrbitDiffusionStepKernel::getDescription() const {
    if (model == nullptr)
        return "CPU";
    const cpu::KernelTable& table = *model->kernels.operand;
    return string("CPU (") + table.instructionSet + (table.bf16 ? ", bf16)" : ", single)");
}

} // namespace OrbitPlugin
