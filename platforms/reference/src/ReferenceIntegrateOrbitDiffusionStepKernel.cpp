// SPDX-License-Identifier: MIT
// How the Reference kernel drives the stages.
#include "ReferenceIntegrateOrbitDiffusionStepKernel.h"
#include <numeric>

using namespace OpenMM;

namespace OrbitPlugin {

using std::string;
using std::vector;

void ReferenceIntegrateOrbitDiffusionStepKernel::initialize(const System& system, const DenoiserModel& model) {
    HostIntegrateOrbitDiffusionStepKernel::initialize(system, model);
    denoiser = std::make_unique<reference::Denoiser>(model);
}

void ReferenceIntegrateOrbitDiffusionStepKernel::start() {
    for (int copy = 0; copy < (int) batch.copies.size(); copy++)
        startCopy(copy);
    historyStep = -1;
}

void ReferenceIntegrateOrbitDiffusionStepKernel::execute(int step) {
    vector<int> copies(batch.copies.size());
    std::iota(copies.begin(), copies.end(), 0);
    stepCopies(copies, step, [&](double sigma, ArrayView<const double> y, ArrayView<double> denoised) {
        denoiseCopies(sigma, y, denoised, nullptr);
    });
    historyStep = step;
}

void ReferenceIntegrateOrbitDiffusionStepKernel::denoiseCopies(
        double sigma, ArrayView<const double> y, ArrayView<double> denoised, StageTaps* taps) const {
    for (int copy = 0; copy < (int) batch.copies.size(); copy++) {
        const BatchCopy& key = batch.copies[copy];
        denoiser->evaluate(
                batch.inputs[key.input], key.condition, sigma, getRows(copy, y), getRows(copy, denoised), taps);
    }
}

void ReferenceIntegrateOrbitDiffusionStepKernel::evaluate(double sigma, vector<double>& denoised, StageTaps* taps) {
    if (taps != nullptr)
        taps->clear();
    denoised.assign(positions.size(), 0.0);
    denoiseCopies(sigma, positions, denoised, taps);
}

string ReferenceIntegrateOrbitDiffusionStepKernel::getDescription() const {
    return "Reference (double)";
}

} // namespace OrbitPlugin
