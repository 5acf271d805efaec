// SPDX-License-Identifier: MIT
// How the Reference kernel drives the stages.
#include "ReferenceIntegrateOrbitDiffusionStepKernel.h"

using namespace OpenMM;

namespace OrbitPlugin {

using std::string;
using std::vector;

void ReferenceIntegrateOrbitDiffusionStepKernel::initialize(const System& system, const DenoiserModel& model) {
    HostIntegrateOrbitDiffusionStepKernel::initialize(system, model);
    denoiser = std::make_unique<reference::Denoiser>(model);
}

void ReferenceIntegrateOrbitDiffusionStepKernel::drawPrior() {
    for (int copy = 0; copy < (int) batch.copies.size(); copy++) {
        vector<double> noise(3 * batch.getNumAtoms(copy));
        drawCopy(copy, noise);
    }
    historyStep = -1;
}

void ReferenceIntegrateOrbitDiffusionStepKernel::execute(int step) {
    for (int copy = 0; copy < (int) batch.copies.size(); copy++) {
        const std::size_t size = 3 * batch.getNumAtoms(copy);
        vector<double> denoised(size), predicted(size), predictedDenoised(size), unguided(size);
        stepCopy(copy, step, {denoised, predicted, predictedDenoised, unguided},
                [&](double sigma, ArrayView<const double> y, ArrayView<double> output) {
                    denoiseCopy(copy, sigma, y, output, nullptr);
                });
    }
    historyStep = step;
}

void ReferenceIntegrateOrbitDiffusionStepKernel::denoiseCopy(
        int copy, double sigma, ArrayView<const double> y, ArrayView<double> denoised, StageTaps* taps) const {
    const BatchCopy& key = batch.copies[copy];
    denoiser->evaluate(batch.graphs[key.graph], key.condition, sigma, y, denoised, taps);
}

void ReferenceIntegrateOrbitDiffusionStepKernel::evaluate(double sigma, vector<double>& denoised, StageTaps* taps) {
    if (taps != nullptr)
        taps->clear();
    denoised.assign(positions.size(), 0.0);
    for (int copy = 0; copy < (int) batch.copies.size(); copy++)
        denoiseCopy(copy, sigma, getRows<const double>(copy, positions), getRows<double>(copy, denoised), taps);
}

string ReferenceIntegrateOrbitDiffusionStepKernel::getDescription() const {
    return "Reference (double)";
}

} // namespace OrbitPlugin
