// SPDX-License-Identifier: MIT
// The samplerStep stage, Reference: Euler, Heun and multistep.
#include "ReferenceStages.h"

namespace OrbitPlugin {

void reference::eulerStep(const StepLevels& levels, Input positions, Input denoised, Output next) {
    for (std::size_t i = 0; i < next.size(); i++) {
        // (5.1)
        const double slope = (positions[i] - denoised[i]) / levels.sigma;

        // (5.2)
        next[i] = positions[i] + (levels.nextSigma - levels.sigma) * slope;
    }
}

void reference::heunStep(const StepLevels& levels, const HeunInputs<double>& inputs, Output next) {
    for (std::size_t i = 0; i < next.size(); i++) {
        // (5.3)
        const double slope = (inputs.positions[i] - inputs.denoised[i]) / levels.sigma;
        const double nextSlope = (inputs.predicted[i] - inputs.predictedDenoised[i]) / levels.nextSigma;
        next[i] = inputs.positions[i] + (levels.nextSigma - levels.sigma) * 0.5 * (slope + nextSlope);
    }
}

void reference::multistepStep(const StepLevels& levels, Input positions, Input denoised, Input previousDenoised,
        Output next) {
    // (5.4)
    const double weight = getMultistepWeight(levels);
    const double ratio = levels.nextSigma / levels.sigma;
    for (std::size_t i = 0; i < next.size(); i++) {
        const double extrapolated = weight == 0 ? denoised[i] :
            (1 + weight) * denoised[i] - weight * previousDenoised[i];
        next[i] = ratio * positions[i] + (1 - ratio) * extrapolated;
    }
}

} // namespace OrbitPlugin
