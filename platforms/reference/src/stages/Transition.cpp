// SPDX-License-Identifier: MIT
// The transition stage, Reference: a gated two-layer network on every token.
#include "ReferenceStages.h"

namespace OrbitPlugin {

void reference::transition(const TransitionShape& shape, const TransitionWeights<double>& weights, Input modulation,
        Output x) {
    const int N = shape.numTokens, d = shape.width, inner = shape.factor * d;
    const Input shift = modulation.slice(3 * d, d), scale = modulation.slice(4 * d, d),
                gate = modulation.slice(5 * d, d);

    // (4.15)
    std::vector<double> a((std::size_t) N * d);
    layerNorm({N, d}, x, shift, scale, a);

    // (4.16)
    std::vector<double> up((std::size_t) N * 2 * inner);
    linear({N, d, 2 * inner}, weights.up, a, up);

    // (4.17)
    std::vector<double> gated((std::size_t) N * inner), down((std::size_t) N * d);
    for (int i = 0; i < N; i++)
        for (int c = 0; c < inner; c++)
            gated[(std::size_t) i * inner + c] = silu(up[(std::size_t) i * 2 * inner + c]) *
                up[(std::size_t) i * 2 * inner + inner + c];
    linear({N, inner, d}, weights.down, gated, down);
    for (int i = 0; i < N; i++)
        for (int c = 0; c < d; c++)
            x[(std::size_t) i * d + c] += gate[c] * down[(std::size_t) i * d + c];
}

} // namespace OrbitPlugin
