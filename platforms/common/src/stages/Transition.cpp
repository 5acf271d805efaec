// SPDX-License-Identifier: MIT
// The transition stage, common host: a gated two-layer network on every token.
#include "GatedStages.h"

namespace OrbitPlugin {

void common::transition(const PairBiasPass& pass, int layer) {
    PairBiasWeights& weights = pass.weights;
    PairBiasArrays& arrays = pass.arrays;
    const PairBiasSizes& sizes = weights.sizes;
    const int offset = (6 * layer + 3) * sizes.paddedWidth;
    linear(pass, "transitionUp", {weights.layers[layer].up, arrays.x, arrays.gated,
        {sizes.width, sizes.paddedInnerWidth, offset}});
    linear(pass, "transitionDown", {weights.layers[layer].down, arrays.gated, arrays.x,
        {0, sizes.paddedWidth, offset + 2 * sizes.paddedWidth}});
}

void common::transition(const GatedPass& pass, int layer) {
    PackedGatedWeights& weights = pass.weights;
    GatedArrays& arrays = pass.arrays;
    const GatedSizes& sizes = weights.sizes;
    const int offset = (6 * layer + 3) * sizes.paddedWidth;
    linear(pass.getRows(), "transitionUp", {weights.layers[layer].up, arrays.x, arrays.gated,
        {sizes.width, sizes.paddedInnerWidth, offset}});
    linear(pass.getRows(), "transitionDown", {weights.layers[layer].down, arrays.gated, arrays.x,
        {0, sizes.paddedWidth, offset + 2 * sizes.paddedWidth}});
}

} // namespace OrbitPlugin
