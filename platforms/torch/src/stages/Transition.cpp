// SPDX-License-Identifier: MIT
// Stage transition in tensors: the second half of a layer, a gated linear unit.
#include "../Stages.h"

using at::Tensor;

namespace OrbitPlugin {
namespace torchimpl {

Tensor transition(const NamedTensors& weights, int layer, const Tensor& x, const Tensor& modulation) {
    std::string prefix = "layer." + std::to_string(layer) + ".transition.";

    // (4.15)

    Tensor a = modulatedLayerNorm(x, modulation.select(1, 3), modulation.select(1, 4));

    // (4.16)

    Tensor up = linearLayer(a, weights.at(prefix + "up.weight"), weights.at(prefix + "up.bias"));
    std::vector<Tensor> parts = up.chunk(2, -1);

    // (4.17)

    Tensor h = at::silu(parts[0]) * parts[1];
    Tensor change =
            linearLayer(h, weights.at(prefix + "down.weight"), weights.at(prefix + "down.bias")).to(x.scalar_type());
    return at::addcmul(x, modulation.select(1, 5).unsqueeze(1), change);
}

} // namespace torchimpl
} // namespace OrbitPlugin
