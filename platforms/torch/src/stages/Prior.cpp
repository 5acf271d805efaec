// SPDX-License-Identifier: MIT
// The prior stage with tensors: noise becomes positions, or moves them.
#include "../Stages.h"

using at::Tensor;

namespace OrbitPlugin {
namespace torchimpl {

Tensor prior(double sigma, const Tensor& noise, const Tensor& mask) {
    // (6.2)

    const Tensor tokens = mask.unsqueeze(-1), points = noise.view({noise.size(0), -1, 3});
    const Tensor mean = points.sum(1, true) / (tokens.sum(1, true) * (noise.size(2) / 3));
    return sigma * ((points - mean).view(noise.sizes()) * tokens);
}

Tensor addNoise(double sigma, const Tensor& centered, const Tensor& positions) {
    return positions + sigma * centered;
}

} // namespace torchimpl
} // namespace OrbitPlugin
