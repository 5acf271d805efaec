// SPDX-License-Identifier: MIT
// How the kernels of the Reference and CPU platforms keep a batch, drive the sampler and meet the Context.
#include "HostIntegrateOrbitDiffusionStepKernel.h"
#include "../ReferenceStages.h"
#include "ReferencePlatform.h"
#include "openmm/OpenMMException.h"
#include <algorithm>

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

void HostIntegrateOrbitDiffusionStepKernel::initialize(const System& system, const DenoiserModel& model) {
    unitInNanometers = model.getUnitInNanometers();
    pointsPerToken = model.getSettings().pointsPerToken;
}

void HostIntegrateOrbitDiffusionStepKernel::setBatch(const Batch& newBatch) {
    newBatch.validate(pointsPerToken);
    batch = newBatch;
    firstPoints.clear();
    for (const BatchCopy& copy : batch.copies)
        firstPoints.push_back(copy.firstPoint);
    firstPoints.push_back(batch.getNumPoints());
    positions.assign(3 * batch.getNumPoints(), 0.0);
    for (vector<double>* array : {&previousDenoised, &now.denoised, &now.predicted, &now.predictedDenoised,
            &now.unguided})
        array->assign(positions.size(), 0.0);
    centroids.assign(3 * batch.copies.size(), 0.0);
    historyStep = -1;
}

ArrayView<double> HostIntegrateOrbitDiffusionStepKernel::drawNoise(std::uint64_t seed, int copy) {
    const BatchCopy& key = batch.copies[copy];
    const ArrayView<double> noise = getRows<double>(copy, now.denoised);
    reference::noise({seed, key.record, key.copy, key.draw}, noise);
    return noise;
}

void HostIntegrateOrbitDiffusionStepKernel::startCopy(int copy) {
    const PriorShape shape = {batch.getNumPoints(copy)};
    const double sigma = batch.plan.noiseLevels[0];
    const ArrayView<double> y = getRows<double>(copy, positions), noise = drawNoise(batch.seed, copy);
    if (batch.start.empty()) {
        reference::prior(shape, sigma, noise, y);
        return;
    }
    centerCopy(copy, batch.start);
    reference::addNoise(shape, sigma, noise, y);
}

void HostIntegrateOrbitDiffusionStepKernel::centerCopy(int copy, ArrayView<const double> values) {
    // The prior stage with a noise level of 1 subtracts the centroid.

    reference::prior({batch.getNumPoints(copy)}, 1.0, getRows(copy, values), getRows<double>(copy, positions));
}

void HostIntegrateOrbitDiffusionStepKernel::stepCopies(ArrayView<const int> copies, int step, const Denoise& denoise) {
    const StepLevels levels = batch.plan.getLevels(step, historyStep);
    stepDown(copies, levels, historyStep == step - 1 ? getBefore() : ArrayView<const double>(), denoise);
    if (levels.drawn <= 0)
        return;

    // (5.8)

    for (int copy : copies)
        reference::addNoise({batch.getNumPoints(copy)}, levels.drawn, drawNoise(batch.getStepSeed(step), copy),
                getRows<double>(copy, positions));
}

void HostIntegrateOrbitDiffusionStepKernel::stepDown(
        ArrayView<const int> copies, const StepLevels& levels, ArrayView<const double> before, const Denoise& denoise) {
    denoiseGuided(copies, levels, {levels.sigma, positions, before}, now.denoised, denoise);
    const bool hasSecond = levels.stageSigma > 0;
    for (int copy : copies) {
        const ArrayView<double> y = getRows<double>(copy, positions), D = getRows<double>(copy, now.denoised);
        if (batch.plan.method == SamplerMethod::Multistep) {
            const ArrayView<double> history = getRows<double>(copy, previousDenoised);
            reference::multistepStep(levels, y, D, history, y);
            std::copy(D.begin(), D.end(), history.begin());
        }
        else if (hasSecond)
            reference::eulerStep(levels.toStage(), y, D, getRows<double>(copy, now.predicted));
        else
            reference::eulerStep(levels, y, D, y);
        if (usesBefore && !hasSecond)
            std::copy(D.begin(), D.end(), getRows<double>(copy, previousDenoised).begin());
    }
    if (!hasSecond)
        return;
    DenoiserInput second = {levels.stageSigma, now.predicted, {}};
    if (usesBefore)
        second.before = now.denoised;
    denoiseGuided(copies, levels, second, now.predictedDenoised, denoise);
    for (int copy : copies) {
        if (usesBefore) {
            const ArrayView<double> D = getRows<double>(copy, now.predictedDenoised);
            std::copy(D.begin(), D.end(), getRows<double>(copy, previousDenoised).begin());
        }
        const ArrayView<double> y = getRows<double>(copy, positions);
        reference::twoStageStep(levels, y, getRows<double>(copy, now.denoised),
                getRows<double>(copy, now.predictedDenoised), y);
    }
}

void HostIntegrateOrbitDiffusionStepKernel::denoiseGuided(ArrayView<const int> copies, const StepLevels& levels,
        const DenoiserInput& input, ArrayView<double> guided, const Denoise& denoise) {
    denoise(input, guided);
    for (int copy : copies)
        if (batch.copies[copy].contrast >= 0)
            reference::classifierFreeGuidance(
                    batch.plan.guidanceScale, getRows(copy, guided), getRows(batch.copies[copy].contrast, guided));
    for (int copy : copies) {
        const TokenInputs& inputs = batch.getInputs(copy);
        const ArrayView<double> rows = getRows(copy, guided), before = getRows<double>(copy, now.unguided);
        if (batch.plan.isGuided(inputs, levels)) {
            std::copy(rows.begin(), rows.end(), before.begin());
            reference::stereoGuidance({inputs.getNumPoints(), input.sigma, batch.plan.stereoGuidance,
                    batch.plan.fadingSigma, batch.copies[copy].isHandKnown}, inputs.handedVolumes, before, rows);
        }
        if (!batch.fixed.empty())
            placeFixed(copy, input.sigma, rows);
        reference::avoidPocket({inputs.getNumPoints(), input.sigma, batch.plan.fadingSigma},
                batch.getPocket(copy), rows);
        reference::turnTorsions({inputs.getNumPoints()}, batch.getTorsions(copy), rows);
    }
}

void HostIntegrateOrbitDiffusionStepKernel::placeFixed(int copy, double sigma, ArrayView<double> denoised) const {
    const int N = batch.getNumPoints(copy), first = batch.copies[copy].firstPoint;
    const ArrayView<const char> fixed = ArrayView<const char>(batch.fixed).slice(first, N);
    const ArrayView<const double> start = ArrayView<const double>(batch.start).slice(3 * first, 3 * N);
    if (!batch.leaders.empty())
        reference::followFixed({N, batch.plan.nearDistance, sigma, batch.plan.bodySigma}, fixed,
                ArrayView<const int>(batch.leaders).slice(first, N), start, denoised);
    else
        reference::clampFixed({N}, fixed, start, denoised);
}

vector<double> HostIntegrateOrbitDiffusionStepKernel::getPositions() const {
    return positions;
}

void HostIntegrateOrbitDiffusionStepKernel::setPositions(const vector<double>& newPositions) {
    checkSize("setPositions", positions.size(), newPositions.size());

    for (int copy = 0; copy < (int) batch.copies.size(); copy++)
        centerCopy(copy, newPositions);
    historyStep = -1;
}

vector<double> HostIntegrateOrbitDiffusionStepKernel::getSamplerState() const {
    vector<double> state = {(double) historyStep};
    state.insert(state.end(), positions.begin(), positions.end());
    state.insert(state.end(), previousDenoised.begin(), previousDenoised.end());
    return state;
}

void HostIntegrateOrbitDiffusionStepKernel::setSamplerState(const vector<double>& state) {
    checkSize("setSamplerState", 1 + 2 * positions.size(), state.size());
    historyStep = (int) state[0];
    const auto middle = state.begin() + 1 + positions.size();
    positions.assign(state.begin() + 1, middle);
    previousDenoised.assign(middle, state.end());
}

void HostIntegrateOrbitDiffusionStepKernel::gather(ContextImpl& context) {
    if (batch.particles.empty())
        return;
    reference::gather(
            {(int) batch.copies.size()}, getContextPositions(context), batch.particles, firstPoints, centroids);
}

void HostIntegrateOrbitDiffusionStepKernel::scatter(ContextImpl& context) {
    if (batch.particles.empty())
        return;
    reference::scatter({(int) batch.copies.size(), unitInNanometers},
            {positions, batch.particles, firstPoints, centroids}, getContextPositions(context));
}

} // namespace OrbitPlugin
