// SPDX-License-Identifier: MIT
// The samplerStep stage, Reference: Euler, two stages and multistep.
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

void reference::twoStageStep(
        const StepLevels& levels, Input positions, Input denoised, Input predictedDenoised, Output next) {
    // (5.3)
    const double ratio = levels.nextSigma / levels.sigma, weight = levels.stageWeight;
    for (std::size_t i = 0; i < next.size(); i++)
        next[i] = ratio * positions[i] + (1 - ratio - weight) * denoised[i] + weight * predictedDenoised[i];
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
