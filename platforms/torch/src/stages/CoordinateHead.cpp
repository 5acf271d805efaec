// SPDX-License-Identifier: MIT
// Stage coordinateHead in tensors: tokens become centred coordinates.
#include "../Stages.h"

using at::Tensor;

namespace OrbitPlugin {
namespace torchimpl {

Tensor coordinateHead(const NamedTensors& weights, const Tensor& x, const Tensor& mask, const Tensor& modulation) {
    // (4.18)

    Tensor a = modulatedLayerNorm(x, modulation.select(1, 0), modulation.select(1, 1));
    Tensor atoms = mask.unsqueeze(-1);
    Tensor F = linearLayer(a, weights.at("head.weight")) * atoms;
    Tensor mean = F.sum(1, true) / atoms.sum(1, true);
    return (F - mean) * atoms;
}

} // namespace torchimpl
} // namespace OrbitPlugin
