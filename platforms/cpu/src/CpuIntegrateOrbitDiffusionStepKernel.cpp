// SPDX-License-Identifier: MIT
// How the CPU kernel hands out copies to threads and drives the sampler.
#include "CpuIntegrateOrbitDiffusionStepKernel.h"
#include "Dispatch.h"
#include "ReferencePlatform.h"
#include "openmm/OpenMMException.h"
#include <algorithm>
#include <atomic>
#include <numeric>

using namespace OpenMM;

namespace OrbitPlugin {

using std::string;
using std::vector;

static vector<Vec3>& getContextPositions(ContextImpl& context) {
    return *static_cast<ReferencePlatform::PlatformData*>(context.getPlatformData())->positions;
}

static void checkSize(const string& where, std::size_t expected, std::size_t got) {
    if (expected != got)
        throw OpenMMException("IntegrateOrbitDiffusionStepKernel::" + where + ": expected " + std::to_string(expected) +
            " values for this batch, got " + std::to_string(got));
}

void CpuIntegrateOrbitDiffusionStepKernel::initialize(const System& system, const DenoiserModel& newModel) {
    model = std::make_unique<cpu::PackedModel>(newModel, cpu::chooseKernels());
    unitInNanometers = newModel.getUnitInNanometers();
}

void CpuIntegrateOrbitDiffusionStepKernel::setBatch(const Batch& newBatch) {
    batch = newBatch;
    graphs.clear();
    int largest = 0;
    for (const GraphFeatures& features : batch.graphs) {
        graphs.emplace_back(*model, features);
        largest = std::max(largest, features.numAtoms);
    }
    firstAtoms.clear();
    conditions.clear();
    conditionOfCopy.clear();
    for (const BatchCopy& copy : batch.copies) {
        firstAtoms.push_back(copy.firstAtom);
        auto place = std::find(conditions.begin(), conditions.end(), copy.condition);
        conditionOfCopy.push_back((int) (place - conditions.begin()));
        if (place == conditions.end())
            conditions.push_back(copy.condition);
    }
    firstAtoms.push_back(batch.getNumAtoms());

    // Large copies first, so that no thread starts one when the others have finished.

    order.resize(batch.copies.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
        return batch.getNumAtoms(a) > batch.getNumAtoms(b);
    });
    workspaces.resize(threads.getNumThreads());
    int numUsed = std::min((int) workspaces.size(), std::max(1, (int) batch.copies.size()));
    for (int i = 0; i < (int) workspaces.size(); i++)
        workspaces[i].reserve(*model, i < numUsed ? largest : 0);
    level = cpu::NoiseLevel();
    nextLevel = cpu::NoiseLevel();
    positions.assign(3 * batch.getNumAtoms(), 0.0);
    previousDenoised.assign(positions.size(), 0.0);
    centroids.assign(3 * batch.copies.size(), 0.0);
    historyStep = -1;
}

void CpuIntegrateOrbitDiffusionStepKernel::forEachCopy(const std::function<void(int, cpu::Workspace&)>& task) {
    if (order.size() < 2 || threads.getNumThreads() < 2) {
        for (int copy : order)
            task(copy, workspaces[0]);
        return;
    }
    std::atomic<std::size_t> next(0);
    threads.execute([&](ThreadPool& pool, int thread) {
        for (std::size_t i = next++; i < order.size(); i = next++)
            task(order[i], workspaces[thread]);
    });
    threads.waitForThreads();
}

void CpuIntegrateOrbitDiffusionStepKernel::drawPrior() {
    forEachCopy([&](int c, cpu::Workspace& workspace) {
        const BatchCopy& copy = batch.copies[c];
        int numAtoms = batch.getNumAtoms(c);
        ArrayView<double> noise(workspace.predicted.data(), 3 * numAtoms);
        cpu::noise({batch.seed, copy.record, copy.copy, copy.draw}, noise);
        cpu::prior({numAtoms}, batch.noiseLevels[0], noise,
            ArrayView<double>(positions).slice(3 * copy.firstAtom, 3 * numAtoms));
    });
    historyStep = -1;
}

void CpuIntegrateOrbitDiffusionStepKernel::execute(int step) {
    StepLevels levels;
    levels.sigma = batch.noiseLevels[step];
    levels.nextSigma = batch.noiseLevels[step + 1];
    if (batch.method == SamplerMethod::Multistep && step > 0 && historyStep == step - 1)
        levels.previousSigma = batch.noiseLevels[step - 1];
    if (nextLevel.sigma == levels.sigma)
        std::swap(level, nextLevel);
    cpu::prepareLevel(*model, levels.sigma, conditions, level);
    if (batch.method == SamplerMethod::Heun && levels.nextSigma > 0)
        cpu::prepareLevel(*model, levels.nextSigma, conditions, nextLevel);
    forEachCopy([&](int copy, cpu::Workspace& workspace) {
        stepCopy(copy, levels, workspace);
    });
    historyStep = step;
}

void CpuIntegrateOrbitDiffusionStepKernel::stepCopy(int copy, const StepLevels& levels, cpu::Workspace& workspace) {
    int begin = 3 * batch.copies[copy].firstAtom, size = 3 * batch.getNumAtoms(copy);
    ArrayView<double> y = ArrayView<double>(positions).slice(begin, size);
    ArrayView<double> denoised(workspace.denoised.data(), size);
    denoiseCopy(copy, level, y, denoised, workspace, nullptr);
    if (batch.method == SamplerMethod::Multistep) {
        ArrayView<double> history = ArrayView<double>(previousDenoised).slice(begin, size);
        cpu::multistepStep(levels, y, denoised, history, y);
        std::copy(denoised.begin(), denoised.end(), history.begin());
        return;
    }
    if (batch.method == SamplerMethod::Euler || levels.nextSigma <= 0) {
        cpu::eulerStep(levels, y, denoised, y);
        return;
    }
    ArrayView<double> predicted(workspace.predicted.data(), size);
    ArrayView<double> predictedDenoised(workspace.predictedDenoised.data(), size);
    cpu::eulerStep(levels, y, denoised, predicted);
    denoiseCopy(copy, nextLevel, predicted, predictedDenoised, workspace, nullptr);
    cpu::heunStep(levels, {y, denoised, predicted, predictedDenoised}, y);
}

void CpuIntegrateOrbitDiffusionStepKernel::denoiseCopy(int copy, const cpu::NoiseLevel& atLevel,
        ArrayView<const double> y, ArrayView<double> denoised, cpu::Workspace& workspace, StageTaps* taps) const {
    cpu::denoise(*model, graphs[batch.copies[copy].graph], atLevel.factors,
        atLevel.conditionings[conditionOfCopy[copy]], {y, denoised, taps}, workspace);
}

void CpuIntegrateOrbitDiffusionStepKernel::evaluate(double sigma, vector<double>& denoised, StageTaps* taps) {
    denoised.assign(positions.size(), 0.0);
    cpu::prepareLevel(*model, sigma, conditions, level);
    auto evaluateCopy = [&](int copy, cpu::Workspace& workspace) {
        int begin = 3 * batch.copies[copy].firstAtom, size = 3 * batch.getNumAtoms(copy);
        denoiseCopy(copy, level, ArrayView<double>(positions).slice(begin, size),
            ArrayView<double>(denoised).slice(begin, size), workspace, taps);
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

vector<double> CpuIntegrateOrbitDiffusionStepKernel::getPositions() const {
    return positions;
}

void CpuIntegrateOrbitDiffusionStepKernel::setPositions(const vector<double>& newPositions) {
    checkSize("setPositions", positions.size(), newPositions.size());
    for (int c = 0; c < (int) batch.copies.size(); c++) {
        int begin = 3 * batch.copies[c].firstAtom, size = 3 * batch.getNumAtoms(c);

        // The prior stage with a noise level of 1 subtracts the centroid.

        cpu::prior({size / 3}, 1.0, ArrayView<const double>(newPositions).slice(begin, size),
            ArrayView<double>(positions).slice(begin, size));
    }
    historyStep = -1;
}

vector<double> CpuIntegrateOrbitDiffusionStepKernel::getSamplerState() const {
    vector<double> state = {(double) historyStep};
    state.insert(state.end(), positions.begin(), positions.end());
    state.insert(state.end(), previousDenoised.begin(), previousDenoised.end());
    return state;
}

void CpuIntegrateOrbitDiffusionStepKernel::setSamplerState(const vector<double>& state) {
    checkSize("setSamplerState", 1 + 2 * positions.size(), state.size());
    historyStep = (int) state[0];
    auto middle = state.begin() + 1 + positions.size();
    positions.assign(state.begin() + 1, middle);
    previousDenoised.assign(middle, state.end());
}

void CpuIntegrateOrbitDiffusionStepKernel::gather(ContextImpl& context) {
    if (batch.particles.empty())
        return;
    cpu::gather({(int) batch.copies.size()}, getContextPositions(context), batch.particles, firstAtoms, centroids);
}

void CpuIntegrateOrbitDiffusionStepKernel::scatter(ContextImpl& context) {
    if (batch.particles.empty())
        return;
    cpu::scatter({(int) batch.copies.size(), unitInNanometers}, {positions, batch.particles, firstAtoms, centroids},
        getContextPositions(context));
}

string CpuIntegrateOrbitDiffusionStepKernel::getDescription() const {
    if (model == nullptr)
        return "CPU";
    const cpu::KernelTable& table = *model->kernels.operand;
    return string("CPU (") + table.instructionSet + (table.bf16 ? ")" : ", single)");
}

} // namespace OrbitPlugin
