// SPDX-License-Identifier: MIT
// Stage samplerStep on the CPU: double precision, a few operations an atom.
#include "CpuStages.h"

namespace OrbitPlugin {
namespace cpu {

void eulerStep(const StepLevels& levels, ArrayView<const double> positions, ArrayView<const double> denoised,
        ArrayView<double> next) {
    double change = levels.nextSigma - levels.sigma;
    for (std::size_t i = 0; i < next.size(); i++) {

        // (5.1)

        double slope = (positions[i] - denoised[i]) / levels.sigma;

        // (5.2)

        next[i] = positions[i] + change * slope;
    }
}

void heunStep(const StepLevels& levels, const HeunInputs<double>& inputs, ArrayView<double> next) {
    double change = levels.nextSigma - levels.sigma;
    for (std::size_t i = 0; i < next.size(); i++) {

        // (5.1)

        double slope = (inputs.positions[i] - inputs.denoised[i]) / levels.sigma;
        double predictedSlope = (inputs.predicted[i] - inputs.predictedDenoised[i]) / levels.nextSigma;

        // (5.3)

        next[i] = inputs.positions[i] + change * (0.5 * (slope + predictedSlope));
    }
}

void multistepStep(const StepLevels& levels, ArrayView<const double> positions, ArrayView<const double> denoised,
        ArrayView<const double> previousDenoised, ArrayView<double> next) {

    // (5.4)

    double weight = getMultistepWeight(levels), ratio = levels.nextSigma / levels.sigma;
    for (std::size_t i = 0; i < next.size(); i++) {
        double extrapolated = denoised[i];
        if (weight != 0)
            extrapolated = (1 + weight) * denoised[i] - weight * previousDenoised[i];
        next[i] = ratio * positions[i] + (1 - ratio) * extrapolated;
    }
}

} // namespace cpu
} // namespace OrbitPlugin
