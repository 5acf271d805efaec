// SPDX-License-Identifier: MIT
// The binnedPairs stage, Reference: the attention bias of every layer from binned distances.
#include "ReferenceStages.h"
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

/** Write the biases of one pair of rows, from its normalised description before (9.7)'s weights; null: zeros. */
void writeBiases(const BinnedPairsShape& shape, const BinnedPairsWeights<double>& weights, const double* normalized,
        std::size_t pair, reference::Output bias) {
    const int p = shape.pairWidth, H = shape.numHeads;
    const std::size_t M = shape.numRegisters + shape.numTokens;
    for (int layer = 0; layer < shape.numLayers; layer++) {
        const LayerBiasWeights<double>& of = weights.layers[layer];
        for (int h = 0; h < H; h++) {
            double sum = 0;
            for (int c = 0; c < p; c++)
                sum += of.weight[(std::size_t) h * p + c] *
                    ((normalized == nullptr ? 0 : normalized[c]) * of.norm.weight[c] + of.norm.bias[c]);
            bias[((std::size_t) layer * H + h) * M * M + pair] = sum;
        }
    }
}

} // namespace

void reference::binnedPairs(const BinnedPairsShape& shape, const BinnedPairsWeights<double>& weights,
        const BinnedPairsInputs<double>& inputs, Output bias) {
    const int N = shape.numTokens, R = shape.numRegisters, M = R + N, p = shape.pairWidth;
    const vector<double> none(p, 0.0);
    vector<double> h(p);
    for (int row = 0; row < M; row++)
        for (int column = 0; column < M; column++) {
            const int i = row - R, j = column - R;
            const std::size_t pair = (std::size_t) row * M + column;
            if (i < 0 || j < 0) {
                writeBiases(shape, weights, nullptr, pair, bias);
                continue;
            }

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

            // (9.7)
            layerNorm({1, p}, h, none, none, h);
            writeBiases(shape, weights, h.data(), pair, bias);
        }
}

} // namespace OrbitPlugin
