// SPDX-License-Identifier: MIT
// The scalars around the network: how a denoiser is made of it.
#include "Denoiser.h"
#include "openmmorbit/internal/stages/DenoiserWeights.h"

namespace OrbitPlugin {

reference::Denoiser::Denoiser(const DenoiserModel& model) : network(makeNetwork(model)),
        dataScale(model.getSettings().dataScale), parametrization(getParametrization(model)) {
}

void reference::Denoiser::evaluate(const TokenInputs& inputs, int condition, double sigma, Input y, Output denoised,
        StageTaps* taps, Input before) const {
    // (3.1)
    const Preconditioning factors = getPreconditioning(sigma, dataScale, parametrization);
    std::vector<double> u(y.size()), F(y.size());
    for (std::size_t i = 0; i < y.size(); i++)
        u[i] = factors.input * y[i];
    network->evaluate(inputs, {condition, factors.logSigma, u, usesBefore() ? before : Input()}, F, taps);

    // (3.2)
    for (std::size_t i = 0; i < y.size(); i++)
        denoised[i] = factors.skip * y[i] + factors.output * F[i];
}

} // namespace OrbitPlugin
