// SPDX-License-Identifier: MIT
// The binnedPairs stage, Reference: descriptions of pairs from binned distances, and the attention bias of a layer.
#include "ReferenceStages.h"
#include <algorithm>
#include <cmath>

namespace OrbitPlugin {

using std::vector;

namespace {

/** The distance of two points of rows of u; offset is 0 for noisy points, 3 for those of before. */
double findDistance(reference::Input u, int i, int j, int offset) {
    double squared = 0;
    for (int k = offset; k < offset + 3; k++) {
        const double difference = u[6 * i + k] - u[6 * j + k];
        squared += difference * difference;
    }
    return std::sqrt(squared);
}

} // namespace

void reference::binnedPairs(const BinnedPairsShape& shape, const BinnedPairsWeights<double>& weights,
        const BinnedPairsInputs<double>& inputs, Output pairs) {
    const int N = shape.numTokens, R = shape.numRegisters, M = R + N, p = shape.pairWidth;
    std::fill(pairs.begin(), pairs.end(), 0.0);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            const Output h = pairs.slice(((std::size_t) (R + i) * M + R + j) * p, p);

            // (9.5)
            const int bin = findBin(findDistance(inputs.u, i, j, 0), shape.numBins, shape.binMin, shape.binMax);
            const int before = findBin(findDistance(inputs.u, i, j, 3), shape.numSelfBins, shape.binMin, shape.binMax);
            for (int c = 0; c < p; c++) {
                h[c] = weights.bins[(std::size_t) bin * p + c];
                if (shape.hasBefore)
                    h[c] += weights.binsBefore[(std::size_t) before * p + c];
                for (int f = 0; f < shape.numFeatures; f++)
                    h[c] += weights.embedding[(std::size_t) inputs.features[((std::size_t) i * N + j) *
                        shape.numFeatures + f] * p + c];
            }
            layerNorm({1, p}, weights.norm, h, h);

            // (9.6)
            layerNorm({1, p}, h, inputs.modulation.slice(0, p), inputs.modulation.slice(p, p), h);
        }
}

void reference::pairBiases(const BinnedPairsShape& shape, const LayerBiasWeights<double>& weights, Input pairs,
        Output bias) {
    const int p = shape.pairWidth, H = shape.numHeads;
    const std::size_t M = shape.numRegisters + shape.numTokens;
    vector<double> h(p), row(H);
    for (std::size_t pair = 0; pair < M * M; pair++) {
        // (9.7)
        layerNorm({1, p}, weights.norm, pairs.slice(pair * p, p), h);
        linear({1, p, H}, {weights.weight, {}}, h, row);
        for (int head = 0; head < H; head++)
            bias[head * M * M + pair] = row[head];
    }
}

} // namespace OrbitPlugin
