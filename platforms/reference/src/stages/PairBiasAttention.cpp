// SPDX-License-Identifier: MIT
// The pairBiasAttention stage, Reference: attention with pair biases and relative coordinates.
#include "ReferenceStages.h"
#include <cmath>

namespace OrbitPlugin {

void reference::pairBiasAttention(const PairBiasAttentionShape& shape, const PairBiasAttentionWeights<double>& weights,
        const PairBiasAttentionInputs<double>& inputs, Output x) {
    const int N = shape.numTokens, d = shape.width, H = shape.numHeads, headWidth = d / H;
    const Input shift = inputs.modulation.slice(0, d), scale = inputs.modulation.slice(d, d);
    const Input gate = inputs.modulation.slice(2 * d, d);
    const std::size_t size = (std::size_t) N * d;
    const int components = 3 * shape.pointsPerToken, reference = 3 * getReferencePoint(shape.pointsPerToken);

    // (4.10)
    std::vector<double> a(size);
    layerNorm({N, d}, x, shift, scale, a);

    // (4.11)
    std::vector<double> qkv(3 * size);
    linear({N, d, 3 * d}, weights.qkv, a, qkv);

    std::vector<double> w(N), o(size, 0.0), rho((std::size_t) N * components * H, 0.0);
    for (int h = 0; h < H; h++)
        for (int i = 0; i < N; i++) {
            // (4.12)
            for (int j = 0; j < N; j++) {
                double product = 0;
                for (int c = h * headWidth; c < (h + 1) * headWidth; c++)
                    product += qkv[(std::size_t) i * 3 * d + c] * qkv[(std::size_t) j * 3 * d + d + c];
                w[j] = product / std::sqrt((double) headWidth) + inputs.bias[((std::size_t) h * N + i) * N + j];
            }
            softmax(w);

            // (4.13)
            for (int j = 0; j < N; j++) {
                for (int c = h * headWidth; c < (h + 1) * headWidth; c++)
                    o[(std::size_t) i * d + c] += w[j] * qkv[(std::size_t) j * 3 * d + 2 * d + c];
                for (int k = 0; k < components; k++)
                    rho[((std::size_t) i * H + h) * components + k] +=
                        w[j] * (inputs.u[components * j + k] - inputs.u[components * i + reference + k % 3]);
            }
        }

    // (4.14)
    std::vector<double> fromValues(size), fromRelative(size);
    linear({N, d, d}, weights.output, o, fromValues);
    linear({N, components * H, d}, {weights.relative, {}}, rho, fromRelative);
    for (int i = 0; i < N; i++)
        for (int c = 0; c < d; c++)
            x[(std::size_t) i * d + c] += gate[c] *
                (fromValues[(std::size_t) i * d + c] + fromRelative[(std::size_t) i * d + c]);
}

} // namespace OrbitPlugin
