// SPDX-License-Identifier: MIT
// The timeConditioning stage, Reference: noise level and condition to modulation vectors.
#include "ReferenceStages.h"
#include <cmath>

namespace OrbitPlugin {

void reference::timeConditioning(const TimeConditioningShape& shape, const TimeConditioningWeights<double>& weights,
        double logSigma, int condition, Output cond) {
    const int T = shape.numFrequencies, c = shape.conditionWidth;

    // (4.1)
    std::vector<double> e(2 * T);
    for (int k = 0; k < T; k++) {
        e[k] = std::cos(weights.frequencies[k] * logSigma);
        e[T + k] = std::sin(weights.frequencies[k] * logSigma);
    }

    // (4.2)
    std::vector<double> hidden(c);
    linear({1, 2 * T, c}, weights.hidden, e, hidden);
    for (double& value : hidden)
        value = silu(value);
    linear({1, c, c}, weights.output, hidden, cond);
    for (int i = 0; i < c; i++)
        cond[i] = silu(cond[i] + weights.conditionEmbedding[(std::size_t) condition * c + i]);
}

void reference::modulation(const LinearWeights<double>& weights, Input cond, Output modulation) {
    // (4.3) for a layer, (4.4) for the head
    linear({1, (int) cond.size(), (int) modulation.size()}, weights, cond, modulation);
}

} // namespace OrbitPlugin
