// SPDX-License-Identifier: MIT
// Stage pairBiasAttention in tensors: the first half of a layer.
#include "../Stages.h"
#include "openmmorbit/internal/stages/Points.h"
#include <cmath>

using at::Tensor;

namespace OrbitPlugin {
namespace torchimpl {

Tensor pairBiasAttention(const NamedTensors& weights, int layer, const Tensor& x, const Tensor& u, const Tensor& bias,
        const Tensor& modulation) {
    std::string prefix = "layer." + std::to_string(layer) + ".attention.";
    int64_t numSamples = x.size(0), numTokens = x.size(1), width = x.size(2), numHeads = bias.size(0);
    int64_t headWidth = width / numHeads;
    const Tensor& outputWeight = weights.at(prefix + "output.weight");

    // (4.10)

    Tensor a = modulatedLayerNorm(x, modulation.select(1, 0), modulation.select(1, 1));

    // (4.11)

    Tensor qkv = linearLayer(a, weights.at(prefix + "qkv.weight"), weights.at(prefix + "qkv.bias"));
    qkv = qkv.view({numSamples, numTokens, 3, numHeads, headWidth}).permute({2, 3, 0, 1, 4}).contiguous();
    qkv = qkv.view({3, numHeads * numSamples, numTokens, headWidth});
    std::vector<Tensor> parts = qkv.unbind(0);

    // (4.12)

    Tensor scores = at::bmm(parts[0], parts[1].transpose(1, 2)).to(x.scalar_type());
    scores = at::add(bias, scores.view(bias.sizes()), 1 / std::sqrt((double) headWidth));
    Tensor w = at::softmax(scores, -1);

    // (4.13); the weights sum to 1, so that u_i leaves the sum.

    Tensor o = at::bmm(w.to(qkv.scalar_type()).view({numHeads * numSamples, numTokens, numTokens}), parts[2]);
    o = o.view({numHeads, numSamples, numTokens, headWidth})
                .permute({1, 2, 0, 3})
                .reshape({numSamples, numTokens, width});
    Tensor reference = u.narrow(2, 3 * getReferencePoint((int) u.size(2) / 3), 3).repeat({1, 1, u.size(2) / 3});
    Tensor relative = at::matmul(w, u) - reference;
    relative = relative.permute({1, 2, 0, 3}).reshape({numSamples, numTokens, u.size(2) * numHeads});

    // (4.14)

    Tensor change = linearLayer(o, outputWeight, weights.at(prefix + "output.bias")).to(x.scalar_type()) +
            linearLayer(relative, weights.at(prefix + "relative.weight"));
    return at::addcmul(x, modulation.select(1, 2).unsqueeze(1), change);
}

} // namespace torchimpl
} // namespace OrbitPlugin
