// SPDX-License-Identifier: MIT
// The interpolant stage: noisy positions of a training sample, and what the network sees of them and must predict.
#include "../Stages.h"

namespace OrbitPlugin {
namespace torchimpl {

void interpolant(double sigma, ArrayView<const double> clean, ArrayView<const double> noise, ArrayView<double> noisy) {
    // (1.4), (3.3)

    for (std::size_t i = 0; i < noisy.size(); i++)
        noisy[i] = clean[i] + sigma * noise[i];
}

void precondition(const Preconditioning& factors, ArrayView<const double> noisy, ArrayView<const double> mean,
        ArrayView<float> input, ArrayView<float> target) {
    // (3.1), (3.2)

    for (std::size_t i = 0; i < noisy.size(); i++) {
        input[i] = (float) (factors.input * noisy[i]);
        target[i] = (float) ((mean[i] - factors.skip * noisy[i]) / factors.output);
    }
}

} // namespace torchimpl
} // namespace OrbitPlugin
