// SPDX-License-Identifier: MIT
// The pairFeatures stage, Reference: the attention bias of every layer at once.
#include "ReferenceStages.h"
#include <cmath>

namespace OrbitPlugin {

/** The radial functions of the distance between the reference points of two tokens. */
static void computeRadial(const PairFeaturesShape& shape, reference::Input points, int i, int j,
        reference::Output rho) {
    // (4.6)
    const int components = 3 * shape.pointsPerToken, reference = 3 * getReferencePoint(shape.pointsPerToken);
    const double spacing = shape.radialMax / (shape.numRadial - 1);
    double squared = 0;
    for (int k = 0; k < 3; k++) {
        const int at = reference + k;
        const double difference = points[components * i + at] - points[components * j + at];
        squared += difference * difference;
    }
    const double r = std::sqrt(squared);
    for (int k = 0; k < shape.numRadial; k++) {
        const double reduced = (r - k * spacing) / spacing;
        rho[k] = std::exp(-0.5 * reduced * reduced);
    }
}

void reference::pairFeatures(const PairFeaturesShape& shape, const PairFeaturesWeights<double>& weights,
        const PairFeaturesInputs<double>& inputs, Output bias) {
    const int N = shape.numTokens, p = shape.pairWidth, K = shape.numRadial;
    std::vector<double> rho(K), fromRadial(p), fromBefore(p), fromTime(p), h1(p), h2(p), row(shape.numOutputs);
    linear({1, shape.conditionWidth, p}, {weights.time, {}}, inputs.cond, fromTime);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            // (4.7)
            computeRadial(shape, inputs.u, i, j, rho);
            linear({1, K, p}, {weights.radial, {}}, rho, fromRadial);
            if (inputs.before.size() > 0) {
                computeRadial(shape, inputs.before, i, j, rho);
                linear({1, K, p}, {weights.radialBefore, {}}, rho, fromBefore);
            }
            const std::size_t pair = (std::size_t) i * N + j;
            for (int c = 0; c < p; c++) {
                double sum = fromRadial[c] + fromTime[c];
                for (int f = 0; f < shape.numFeatures; f++)
                    sum += weights.embedding[(std::size_t) inputs.features[pair * shape.numFeatures + f] * p + c];
                h1[c] = silu(sum + fromBefore[c]);
            }

            // (4.8)
            linear({1, p, p}, weights.hidden, h1, h2);
            for (double& value : h2)
                value = silu(value);

            // (4.9)
            linear({1, p, shape.numOutputs}, weights.bias, h2, row);
            for (int out = 0; out < shape.numOutputs; out++)
                bias[(std::size_t) out * N * N + pair] = row[out];
        }
}

} // namespace OrbitPlugin
