// SPDX-License-Identifier: MIT
// Stage pairFeatures in tensors: radial functions, bond features and time become the attention biases of all layers.
#include "../Stages.h"
#include "openmmorbit/internal/stages/Points.h"

using at::Tensor;

namespace OrbitPlugin {
namespace torchimpl {

/** The radial functions of the distances between the reference points of all pairs, [B N N][K]. */
static Tensor computeRadial(const PairBiasTransformerSettings& settings, const Tensor& points) {
    // (4.6); exponents below -80 give 0 in every precision, and the exponential is slow on them.

    Tensor u = points.narrow(2, 3 * getReferencePoint((int) points.size(2) / 3), 3);
    double spacing = settings.radialMax / (settings.numRadial - 1);
    Tensor r = (u.unsqueeze(2) - u.unsqueeze(1)).square().sum(-1).sqrt().mul_(1 / spacing);
    Tensor radial = r.view({-1, 1}) - at::arange(settings.numRadial, r.options());
    return radial.square_().mul_(-0.5).clamp_min_(-80).exp_();
}

Tensor pairFeatures(const PairBiasTransformerSettings& settings, const NamedTensors& weights,
        const NetworkInputs& inputs, const Tensor& cond) {
    int64_t numSamples = inputs.u.size(0), numTokens = inputs.u.size(1);
    at::ScalarType type = weights.at("pair.radial.weight").scalar_type();

    // (4.7) as one product: a multi-hot row times the embedding is the sum of its rows.

    std::vector<Tensor> columns = {computeRadial(settings, inputs.u).to(type),
            at::index_select(inputs.pairTable, 0, inputs.pairIndex.view(-1)).to(type)};
    std::vector<Tensor> rows = {weights.at("pair.radial.weight").t(), weights.at("pair.embedding")};
    if (settings.selfConditioning && inputs.before.defined()) {
        columns.push_back(computeRadial(settings, inputs.before).to(type));
        rows.push_back(weights.at("pair.radialBefore.weight").t());
    }
    Tensor time = linearLayer(cond, weights.at("pair.time.weight"));
    Tensor h1 = at::mm(at::cat(columns, 1), at::cat(rows, 0)).view({numSamples, numTokens * numTokens, -1});
    h1 = at::silu(h1 + time.unsqueeze(1)).view({numSamples * numTokens * numTokens, -1});

    // (4.8)

    Tensor h2 = at::silu(linearLayer(h1, weights.at("pair.hidden.weight"), weights.at("pair.hidden.bias")));

    // (4.9), head by head, so that every layer's part is contiguous; padded keys are masked here once for all layers.

    Tensor bias = at::mm(weights.at("pair.bias.weight"), h2.t()).to(inputs.u.scalar_type());
    bias = bias + weights.at("pair.bias.bias").unsqueeze(1);
    bias = bias.view({settings.numLayers, settings.numHeads, numSamples, numTokens, numTokens});
    return bias + ((inputs.mask - 1) * 1e9).view({1, 1, numSamples, 1, numTokens});
}

} // namespace torchimpl
} // namespace OrbitPlugin
