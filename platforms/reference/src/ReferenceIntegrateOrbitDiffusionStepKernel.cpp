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
    usesBefore = denoiser->usesBefore();
}

void ReferenceIntegrateOrbitDiffusionStepKernel::start() {
    for (int copy = 0; copy < (int) batch.copies.size(); copy++)
        startCopy(copy);
    historyStep = -1;
}

void ReferenceIntegrateOrbitDiffusionStepKernel::execute(int step) {
    vector<int> copies(batch.copies.size());
    std::iota(copies.begin(), copies.end(), 0);
    stepCopies(copies, step, [&](const DenoiserInput& input, ArrayView<double> denoised) {
        denoiseCopies(input, denoised, nullptr);
    });
    historyStep = step;
}

void ReferenceIntegrateOrbitDiffusionStepKernel::denoiseCopies(
        const DenoiserInput& input, ArrayView<double> denoised, StageTaps* taps) const {
    for (int copy = 0; copy < (int) batch.copies.size(); copy++) {
        const BatchCopy& key = batch.copies[copy];
        denoiser->evaluate(batch.inputs[key.input], key.condition, input.sigma, getRows(copy, input.y),
                getRows(copy, denoised), taps, getRowsOf(copy, input.before));
    }
}

void ReferenceIntegrateOrbitDiffusionStepKernel::evaluate(double sigma, vector<double>& denoised, StageTaps* taps) {
    if (taps != nullptr)
        taps->clear();
    denoised.assign(positions.size(), 0.0);
    denoiseCopies({sigma, positions, getBefore()}, denoised, taps);
}

string ReferenceIntegrateOrbitDiffusionStepKernel::getDescription() const {
    return "Reference (double)";
}

} // namespace OrbitPlugin
