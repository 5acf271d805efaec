// SPDX-License-Identifier: MIT
// The samplerStep stage with tensors: Euler and multistep, for what validation and a teacher integrate.
#include "../Stages.h"

using at::Tensor;

namespace OrbitPlugin {
namespace torchimpl {

Tensor eulerStep(const StepLevels& levels, const Tensor& positions, const Tensor& denoised) {
    // (5.1), (5.2), as a mean of noisy and denoised positions

    const double ratio = levels.nextSigma / levels.sigma;
    return ratio * positions + (1 - ratio) * denoised;
}

Tensor multistepStep(const StepLevels& levels, const Tensor& positions, const Tensor& denoised,
        const Tensor& previousDenoised) {
    // (5.4)

    const double weight = getMultistepWeight(levels);
    return eulerStep(levels, positions,
            weight == 0 ? denoised : (1 + weight) * denoised - weight * previousDenoised);
}

} // namespace torchimpl
} // namespace OrbitPlugin
