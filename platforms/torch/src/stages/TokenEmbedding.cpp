// SPDX-License-Identifier: MIT
// Stage tokenEmbedding in tensors: atom features and coordinates become tokens.
#include "../Stages.h"

using at::Tensor;

namespace OrbitPlugin {
namespace torchimpl {

Tensor tokenEmbedding(const NamedTensors& weights, const NetworkInputs& inputs) {
    int64_t numSamples = inputs.u.size(0), numAtoms = inputs.u.size(1);
    Tensor rows = at::index_select(inputs.atomTable, 0, inputs.atomIndex.view(-1));

    // (4.5) as one product: a multi-hot row times the embedding is the sum of its rows.

    Tensor columns = at::cat({rows, inputs.u.view({-1, 3})}, 1);
    Tensor weight = at::cat({weights.at("token.embedding"), weights.at("token.coordinates.weight").t()}, 0);
    return at::mm(columns, weight).view({numSamples, numAtoms, -1});
}

} // namespace torchimpl
} // namespace OrbitPlugin
