// SPDX-License-Identifier: MIT
// Stage timeConditioning on the CPU: one vector a noise level and condition, from which all modulations follow.
#include "LinearStage.h"
#include <algorithm>
#include <cmath>

namespace OrbitPlugin {
namespace cpu {

void timeConditioning(const PairBiasWeights& weights, double logSigma, int condition, Conditioning& conditioning) {
    const KernelTable& table = *weights.kernels.single;
    int numFrequencies = (int) weights.frequencies.size(), width = weights.settings.conditionWidth;
    int padded = roundUp(std::max(width, 2 * numFrequencies), ROW_PADDING);
    conditioning.scratch.reserve(3 * padded);
    conditioning.values.reserve(weights.modulation.bias.size());
    conditioning.cond.resize(width);
    float* e = conditioning.scratch.data();
    float* hidden = e + padded;
    float* cond = hidden + padded;

    // (4.1)

    for (int k = 0; k < numFrequencies; k++) {
        e[k] = (float) std::cos(weights.frequencies[k] * logSigma);
        e[numFrequencies + k] = (float) std::sin(weights.frequencies[k] * logSigma);
    }

    // (4.2)

    applyToVector(table, weights.timeHidden, e, hidden);
    table.silu(hidden, hidden, padded);
    applyToVector(table, weights.timeOutput, hidden, cond);
    for (int c = 0; c < width; c++)
        cond[c] += weights.conditionEmbedding[(std::size_t) condition * width + c];
    table.silu(cond, cond, padded);
    std::copy(cond, cond + width, conditioning.cond.begin());

    // (4.3), (4.4), and W_t cond of (4.7)

    applyToVector(table, weights.modulation, cond, conditioning.values.data());
}

} // namespace cpu
} // namespace OrbitPlugin
