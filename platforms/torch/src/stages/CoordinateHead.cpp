// SPDX-License-Identifier: MIT
// Stage coordinateHead in tensors: tokens become centred coordinates.
#include "../Stages.h"

using at::Tensor;

namespace OrbitPlugin {
namespace torchimpl {

Tensor coordinateHead(const NamedTensors& weights, const Tensor& x, const Tensor& mask, const Tensor& modulation) {
    // (4.18)

    Tensor a = modulatedLayerNorm(x, modulation.select(1, 0), modulation.select(1, 1));
    Tensor tokens = mask.unsqueeze(-1);
    Tensor F = linearLayer(a, weights.at("head.weight")) * tokens;
    Tensor points = F.view({F.size(0), -1, 3});
    Tensor mean = points.sum(1, true) / (tokens.sum(1, true) * (F.size(2) / 3));
    return (points - mean).view(F.sizes()) * tokens;
}

} // namespace torchimpl
} // namespace OrbitPlugin
