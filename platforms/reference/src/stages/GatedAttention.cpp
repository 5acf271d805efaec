// SPDX-License-Identifier: MIT
// The gatedAttention stage, Reference: attention between all tokens, gated by the tokens themselves.
#include "ReferenceStages.h"
#include <cmath>

namespace OrbitPlugin {

using std::vector;

namespace {

/** What one row reads from all of them, head after head, before its gate. */
void readRows(const GatedAttentionShape& shape, reference::Input qkv, reference::Input bias, int i, double* out) {
    const int M = shape.numRows, d = shape.width, H = shape.numHeads, headWidth = d / H;
    vector<double> w(M);
    for (int h = 0; h < H; h++) {
        for (int j = 0; j < M; j++) {
            double product = 0;
            for (int c = h * headWidth; c < (h + 1) * headWidth; c++)
                product += qkv[(std::size_t) i * 3 * d + c] * qkv[(std::size_t) j * 3 * d + d + c];
            w[j] = product / std::sqrt((double) headWidth) + bias[((std::size_t) h * M + i) * M + j];
        }
        reference::softmax(w);
        for (int j = 0; j < M; j++)
            for (int c = h * headWidth; c < (h + 1) * headWidth; c++)
                out[c] += w[j] * qkv[(std::size_t) j * 3 * d + 2 * d + c];
    }
}

} // namespace

void reference::gatedAttention(const GatedAttentionShape& shape, const GatedAttentionWeights<double>& weights,
        const GatedAttentionInputs<double>& inputs, Output x) {
    const int M = shape.numRows, R = shape.numRegisters, d = shape.width;
    const std::size_t size = (std::size_t) M * d;

    // (9.8)
    vector<double> a(size);
    for (int row = 0; row < M; row++) {
        const Input modulation = row < R ? inputs.registerModulation : inputs.modulation;
        layerNorm({1, d}, Input(x).slice((std::size_t) row * d, d), modulation.slice(0, d), modulation.slice(d, d),
            Output(a).slice((std::size_t) row * d, d));
    }
    layerNorm({M, d}, weights.norm, a, a);

    // (9.9)
    vector<double> qkv(3 * size), gate(size), o(size, 0.0), projected(size);
    linear({M, d, 3 * d}, weights.qkv, a, qkv);
    for (int row = 0; row < M; row++) {
        const Output queries = Output(qkv).slice((std::size_t) row * 3 * d, d);
        const Output keys = Output(qkv).slice((std::size_t) row * 3 * d + d, d);
        layerNorm({1, d}, weights.queryNorm, queries, queries);
        layerNorm({1, d}, weights.keyNorm, keys, keys);
    }

    // (9.10)
    for (int i = 0; i < M; i++)
        readRows(shape, qkv, inputs.bias, i, o.data() + (std::size_t) i * d);

    // (9.11)
    linear({M, d, d}, weights.gate, a, gate);
    for (std::size_t k = 0; k < size; k++)
        o[k] *= sigmoid(gate[k]);
    linear({M, d, d}, weights.output, o, projected);
    for (std::size_t k = 0; k < size; k++)
        x[k] += (k / d < (std::size_t) R ? inputs.registerModulation : inputs.modulation)[2 * d + k % d] * projected[k];
}

} // namespace OrbitPlugin
