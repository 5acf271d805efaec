// SPDX-License-Identifier: MIT
// The pairUpdate stage, Reference: descriptions of pairs learn from tokens, triangles and themselves.
#include "ReferenceStages.h"
#include <algorithm>

namespace OrbitPlugin {

using std::vector;

namespace {

/** A layer of the normalised descriptions, times the sigmoid of another one. */
vector<double> gate(const LinearShape& shape, const LinearWeights<double>& weights, const LinearWeights<double>& gates,
        const vector<double>& input) {
    vector<double> values((std::size_t) shape.numRows * shape.numOutputs), factors(values.size());
    reference::linear(shape, weights, input, values);
    reference::linear(shape, gates, input, factors);
    for (std::size_t k = 0; k < values.size(); k++)
        values[k] *= reference::sigmoid(factors[k]);
    return values;
}

void updateTriangles(const PairUpdateShape& shape, const TriangleWeights<double>& weights, bool isOutgoing,
        reference::Output pairs) {
    const int M = shape.numRows, p = shape.pairWidth, t = shape.triangleWidth;
    const std::size_t row = (std::size_t) M * t;

    // (9.13)
    vector<double> n(pairs.size()), s(M * row, 0.0), output(pairs.size()), gates(pairs.size());
    reference::layerNorm({M * M, p}, weights.norm, pairs, n);
    const vector<double> a = gate({M * M, p, t}, weights.left, weights.leftGate, n);
    const vector<double> b = gate({M * M, p, t}, weights.right, weights.rightGate, n);
    for (int i = 0; i < M; i++)
        for (int j = 0; j < M; j++)
            for (int k = 0; k < M; k++)
                for (int c = 0; c < t; c++)
                    s[i * row + (std::size_t) j * t + c] += isOutgoing ?
                        a[i * row + (std::size_t) k * t + c] * b[j * row + (std::size_t) k * t + c] :
                        a[k * row + (std::size_t) i * t + c] * b[k * row + (std::size_t) j * t + c];

    // (9.14)
    reference::layerNorm({M * M, t}, weights.productNorm, s, s);
    reference::linear({M * M, t, p}, weights.output, s, output);
    reference::linear({M * M, p, p}, weights.gate, n, gates);
    for (std::size_t k = 0; k < pairs.size(); k++)
        pairs[k] += reference::sigmoid(gates[k]) * output[k];
}

} // namespace

void reference::pairUpdate(const PairUpdateShape& shape, const PairUpdateWeights<double>& weights, Input x,
        Output pairs) {
    const int M = shape.numRows, d = shape.width, p = shape.pairWidth;

    // (9.12)
    vector<double> normalized(x.size()), projected((std::size_t) M * 2 * p);
    layerNorm({M, d}, weights.tokenNorm, x, normalized);
    linear({M, d, 2 * p}, {weights.tokens, {}}, normalized, projected);
    for (int i = 0; i < M; i++)
        for (int j = 0; j < M; j++)
            for (int c = 0; c < p; c++)
                pairs[((std::size_t) i * M + j) * p + c] += projected[(std::size_t) j * 2 * p + c] +
                    projected[(std::size_t) i * 2 * p + p + c];

    // (9.13) and (9.14)
    if (shape.triangleWidth > 0) {
        updateTriangles(shape, weights.outgoing, true, pairs);
        updateTriangles(shape, weights.incoming, false, pairs);
    }

    // (9.15)
    vector<double> n(pairs.size()), hidden(2 * pairs.size()), down(pairs.size());
    layerNorm({M * M, p}, weights.transitionNorm, pairs, n);
    linear({M * M, p, 2 * p}, weights.up, n, hidden);
    for (double& value : hidden)
        value = std::max(value, 0.0);
    linear({M * M, 2 * p, p}, weights.down, hidden, down);
    for (std::size_t k = 0; k < pairs.size(); k++)
        pairs[k] += down[k];
}

} // namespace OrbitPlugin
