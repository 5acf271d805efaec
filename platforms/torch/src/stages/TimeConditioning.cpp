// SPDX-License-Identifier: MIT
// Stage timeConditioning in tensors: one condition vector a sample, and the modulations of all layers.
#include "../Stages.h"

using at::Tensor;

namespace OrbitPlugin {
namespace torchimpl {

Conditioning timeConditioning(const PairBiasTransformerSettings& settings, const NamedTensors& weights,
        const Tensor& scaledTime, const Tensor& condition) {
    // (4.1)

    Tensor phase = scaledTime.unsqueeze(1) * weights.at("time.frequencies").unsqueeze(0);
    Tensor e = at::cat({at::cos(phase), at::sin(phase)}, 1);

    // (4.2)

    Tensor hidden = at::silu(linearLayer(e, weights.at("time.hidden.weight"), weights.at("time.hidden.bias")));
    Tensor row = at::embedding(weights.at("condition.embedding"), condition);
    Conditioning result;
    result.cond = at::silu(linearLayer(hidden, weights.at("time.output.weight"), weights.at("time.output.bias")) + row);

    // (4.3)

    for (int layer = 0; layer < settings.numLayers; layer++) {
        std::string prefix = "layer." + std::to_string(layer) + ".modulation.";
        Tensor rows = linearLayer(result.cond, weights.at(prefix + "weight"), weights.at(prefix + "bias"));
        result.modulation.push_back(rows.view({-1, 6, settings.width}));
    }

    // (4.4)

    Tensor head = linearLayer(result.cond, weights.at("head.modulation.weight"), weights.at("head.modulation.bias"));
    result.head = head.view({-1, 2, settings.width});
    return result;
}

} // namespace torchimpl
} // namespace OrbitPlugin
