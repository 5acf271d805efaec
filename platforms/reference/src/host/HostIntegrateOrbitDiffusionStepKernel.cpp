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
}

void HostIntegrateOrbitDiffusionStepKernel::setBatch(const Batch& newBatch) {
    batch = newBatch;
    firstAtoms.clear();
    for (const BatchCopy& copy : batch.copies)
        firstAtoms.push_back(copy.firstAtom);
    firstAtoms.push_back(batch.getNumAtoms());
    positions.assign(3 * batch.getNumAtoms(), 0.0);
    previousDenoised.assign(positions.size(), 0.0);
    centroids.assign(3 * batch.copies.size(), 0.0);
    historyStep = -1;
}

void HostIntegrateOrbitDiffusionStepKernel::drawCopy(int copy, ArrayView<double> noise) {
    const BatchCopy& key = batch.copies[copy];
    reference::noise({batch.seed, key.record, key.copy, key.draw}, noise);
    reference::prior({batch.getNumAtoms(copy)}, batch.noiseLevels[0], noise, getRows<double>(copy, positions));
}

void HostIntegrateOrbitDiffusionStepKernel::stepCopy(
        int copy, int step, const StepBuffers& buffers, const Denoise& denoise) {
    const StepLevels levels = batch.getLevels(step, historyStep);
    stepDown(copy, levels, buffers, denoise);
    if (levels.renewed > 0) {
        // (5.8)
        const BatchCopy& key = batch.copies[copy];
        reference::noise({batch.getStepSeed(step), key.record, key.copy, key.draw}, buffers.denoised);
        reference::addNoise(
                {batch.getNumAtoms(copy)}, levels.renewed, buffers.denoised, getRows<double>(copy, positions));
    }
}

void HostIntegrateOrbitDiffusionStepKernel::stepDown(
        int copy, const StepLevels& levels, const StepBuffers& buffers, const Denoise& denoise) {
    const ArrayView<double> y = getRows<double>(copy, positions), denoised = buffers.denoised;
    const GraphFeatures& graph = batch.graphs[batch.copies[copy].graph];
    auto evaluate = [&](double sigma, ArrayView<const double> from, ArrayView<double> to) {
        if (!batch.isGuided(graph, levels)) {
            denoise(sigma, from, to);
            return;
        }
        denoise(sigma, from, buffers.unguided);
        reference::stereoGuidance(
                {graph.numAtoms, sigma, batch.stereoGuidance}, graph.handedVolumes, buffers.unguided, to);
    };
    evaluate(levels.sigma, y, denoised);
    if (batch.method == SamplerMethod::Multistep) {
        const ArrayView<double> history = getRows<double>(copy, previousDenoised);
        reference::multistepStep(levels, y, denoised, history, y);
        std::copy(denoised.begin(), denoised.end(), history.begin());
        return;
    }
    if (batch.method == SamplerMethod::Euler || levels.nextSigma <= 0) {
        reference::eulerStep(levels, y, denoised, y);
        return;
    }
    reference::eulerStep(levels, y, denoised, buffers.predicted);
    evaluate(levels.nextSigma, buffers.predicted, buffers.predictedDenoised);
    reference::heunStep(levels, {y, denoised, buffers.predicted, buffers.predictedDenoised}, y);
}

vector<double> HostIntegrateOrbitDiffusionStepKernel::getPositions() const {
    return positions;
}

void HostIntegrateOrbitDiffusionStepKernel::setPositions(const vector<double>& newPositions) {
    checkSize("setPositions", positions.size(), newPositions.size());

    // The prior stage with a noise level of 1 subtracts the centroid.

    for (int copy = 0; copy < (int) batch.copies.size(); copy++)
        reference::prior({batch.getNumAtoms(copy)}, 1.0, getRows<const double>(copy, newPositions),
                getRows<double>(copy, positions));
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
            {(int) batch.copies.size()}, getContextPositions(context), batch.particles, firstAtoms, centroids);
}

void HostIntegrateOrbitDiffusionStepKernel::scatter(ContextImpl& context) {
    if (batch.particles.empty())
        return;
    reference::scatter({(int) batch.copies.size(), unitInNanometers},
            {positions, batch.particles, firstAtoms, centroids}, getContextPositions(context));
}

} // namespace OrbitPlugin
