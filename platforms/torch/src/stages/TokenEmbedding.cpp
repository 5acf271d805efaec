// SPDX-License-Identifier: MIT
// Stage tokenEmbedding in tensors: features and coordinates become tokens.
#include "../Stages.h"

using at::Tensor;

namespace OrbitPlugin {
namespace torchimpl {

Tensor tokenEmbedding(const NamedTensors& weights, const NetworkInputs& inputs) {
    int64_t numSamples = inputs.u.size(0), numTokens = inputs.u.size(1);
    Tensor rows = at::index_select(inputs.atomTable, 0, inputs.atomIndex.view(-1));

    // (4.5) as one product: a multi-hot row times the embedding is the sum of its rows.

    Tensor columns = at::cat({rows, inputs.u.view({-1, inputs.u.size(2)})}, 1);
    Tensor weight = at::cat({weights.at("token.embedding"), weights.at("token.coordinates.weight").t()}, 0);
    return at::mm(columns, weight).view({numSamples, numTokens, -1});
}

} // namespace torchimpl
} // namespace OrbitPlugin
