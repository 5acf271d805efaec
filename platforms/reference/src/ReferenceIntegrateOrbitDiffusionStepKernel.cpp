// SPDX-License-Identifier: MIT
// How the Reference kernel drives the stages.
#include "ReferenceIntegrateOrbitDiffusionStepKernel.h"
#include "ReferencePlatform.h"
#include "openmm/OpenMMException.h"

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

void ReferenceIntegrateOrbitDiffusionStepKernel::initialize(const System& system, const DenoiserModel& model) {
    denoiser = std::make_unique<reference::Denoiser>(model);
    unitInNanometers = model.getUnitInNanometers();
}

void ReferenceIntegrateOrbitDiffusionStepKernel::setBatch(const Batch& newBatch) {
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

void ReferenceIntegrateOrbitDiffusionStepKernel::drawPrior() {
    for (int c = 0; c < (int) batch.copies.size(); c++) {
        const BatchCopy& copy = batch.copies[c];
        const int numAtoms = batch.getNumAtoms(c);
        vector<double> noise(3 * numAtoms);
        reference::noise({batch.seed, copy.record, copy.copy, copy.draw}, noise);
        reference::prior({numAtoms}, batch.noiseLevels[0], noise,
            reference::Output(positions).slice(3 * copy.firstAtom, 3 * numAtoms));
    }
    historyStep = -1;
}

void ReferenceIntegrateOrbitDiffusionStepKernel::execute(int step) {
    StepLevels levels;
    levels.sigma = batch.noiseLevels[step];
    levels.nextSigma = batch.noiseLevels[step + 1];
    vector<double> denoised;
    denoise(levels.sigma, positions, denoised, nullptr);
    if (batch.method == SamplerMethod::Multistep) {
        if (step > 0 && historyStep == step - 1)
            levels.previousSigma = batch.noiseLevels[step - 1];
        reference::multistepStep(levels, positions, denoised, previousDenoised, positions);
        previousDenoised = denoised;
        historyStep = step;
        return;
    }
    vector<double> predicted(positions.size());
    reference::eulerStep(levels, positions, denoised, predicted);
    if (batch.method == SamplerMethod::Heun && levels.nextSigma > 0) {
        vector<double> predictedDenoised;
        denoise(levels.nextSigma, predicted, predictedDenoised, nullptr);
        reference::heunStep(levels, {positions, denoised, predicted, predictedDenoised}, positions);
    }
    else
        positions = predicted;
}

void ReferenceIntegrateOrbitDiffusionStepKernel::denoise(double sigma, const vector<double>& y,
        vector<double>& denoised, StageTaps* taps) const {
    denoised.assign(y.size(), 0.0);
    for (int c = 0; c < (int) batch.copies.size(); c++) {
        const BatchCopy& copy = batch.copies[c];
        const int begin = 3 * copy.firstAtom, size = 3 * batch.getNumAtoms(c);
        denoiser->evaluate(batch.graphs[copy.graph], copy.condition, sigma, reference::Input(y).slice(begin, size),
            reference::Output(denoised).slice(begin, size), taps);
    }
}

void ReferenceIntegrateOrbitDiffusionStepKernel::evaluate(double sigma, vector<double>& denoised, StageTaps* taps) {
    if (taps != nullptr)
        taps->clear();
    denoise(sigma, positions, denoised, taps);
}

vector<double> ReferenceIntegrateOrbitDiffusionStepKernel::getPositions() const {
    return positions;
}

void ReferenceIntegrateOrbitDiffusionStepKernel::setPositions(const vector<double>& newPositions) {
    checkSize("setPositions", positions.size(), newPositions.size());
    for (int c = 0; c < (int) batch.copies.size(); c++) {
        const int begin = 3 * batch.copies[c].firstAtom, size = 3 * batch.getNumAtoms(c);

        // The prior stage with a noise level of 1 subtracts the centroid.

        reference::prior({size / 3}, 1.0, reference::Input(newPositions).slice(begin, size),
            reference::Output(positions).slice(begin, size));
    }
    historyStep = -1;
}

vector<double> ReferenceIntegrateOrbitDiffusionStepKernel::getSamplerState() const {
    vector<double> state = {(double) historyStep};
    state.insert(state.end(), positions.begin(), positions.end());
    state.insert(state.end(), previousDenoised.begin(), previousDenoised.end());
    return state;
}

void ReferenceIntegrateOrbitDiffusionStepKernel::setSamplerState(const vector<double>& state) {
    checkSize("setSamplerState", 1 + 2 * positions.size(), state.size());
    historyStep = (int) state[0];
    const auto middle = state.begin() + 1 + positions.size();
    positions.assign(state.begin() + 1, middle);
    previousDenoised.assign(middle, state.end());
}

void ReferenceIntegrateOrbitDiffusionStepKernel::gather(ContextImpl& context) {
    if (batch.particles.empty())
        return;
    reference::gather({(int) batch.copies.size()}, getContextPositions(context), batch.particles, firstAtoms,
        centroids);
}

void ReferenceIntegrateOrbitDiffusionStepKernel::scatter(ContextImpl& context) {
    if (batch.particles.empty())
        return;
    reference::scatter({(int) batch.copies.size(), unitInNanometers},
        {positions, batch.particles, firstAtoms, centroids}, getContextPositions(context));
}

string ReferenceIntegrateOrbitDiffusionStepKernel::getDescription() const {
    return "Reference (double)";
}

} // namespace OrbitPlugin
