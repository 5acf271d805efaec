// SPDX-License-Identifier: MIT
// The flowConditioning stage, Reference: the time of a flow to the vectors that steer a gated transformer.
#include "ReferenceStages.h"
#include <cmath>

namespace OrbitPlugin {

using std::vector;

namespace {

/** Shift and scale of rows, from a vector. */
void modulate(const FlowConditioningShape& shape, const ModulationWeights<double>& weights, reference::Input cond,
        reference::Output shift, reference::Output scale) {
    const int c = shape.conditionWidth;
    vector<double> normalized(c);
    reference::layerNorm({1, c}, weights.norm, cond, normalized);
    reference::linear({1, c, shape.width}, {weights.shift, {}}, normalized, shift);
    reference::linear({1, c, shape.width}, weights.scale, normalized, scale);
    for (double& value : scale)
        value = reference::sigmoid(value) - 1;
}

} // namespace

void reference::timeWaves(double logSigma, Output waves) {
    // (9.1)
    const int T = (int) waves.size() / 2;
    const double t = 1 / (1 + std::exp(4 * logSigma));
    for (int k = 0; k < T; k++) {
        const double angle = t * std::pow(MAX_WAVE_FREQUENCY, 1 - (double) k / (T - 1));
        waves[k] = std::sin(angle);
        waves[T + k] = std::cos(angle);
    }
}

void reference::flowConditioning(const FlowConditioningShape& shape, const FlowConditioningWeights<double>& weights,
        Input waves, int condition, Output cond) {
    const int c = shape.conditionWidth, inner = 2 * c;

    // (9.2)
    linear({1, 2 * shape.numFrequencies, c}, {weights.time, {}}, waves, cond);
    for (int i = 0; i < c; i++)
        cond[i] += weights.conditionEmbedding[(std::size_t) condition * c + i];
    vector<double> up(2 * inner), gated(inner);
    for (int k = 0; k < 2; k++) {
        linear({1, c, 2 * inner}, {weights.up[k], {}}, cond, up);
        for (int i = 0; i < inner; i++)
            gated[i] = silu(up[i]) * up[inner + i];
        linear({1, inner, c}, {weights.down[k], {}}, gated, cond);
    }
}

void reference::gatedModulation(const FlowConditioningShape& shape, const GatedModulationWeights<double>& weights,
        Input cond, Output modulation) {
    // (9.3)
    const int d = shape.width;
    modulate(shape, weights.attention, cond, modulation.slice(0, d), modulation.slice(d, d));
    modulate(shape, weights.transition, cond, modulation.slice(3 * d, d), modulation.slice(4 * d, d));
    linear({1, shape.conditionWidth, d}, weights.attentionGate, cond, modulation.slice(2 * d, d));
    linear({1, shape.conditionWidth, d}, weights.transitionGate, cond, modulation.slice(5 * d, d));
    for (int part : {2, 5})
        for (double& gate : modulation.slice(part * d, d))
            gate = sigmoid(gate);
}

void reference::pairModulation(const FlowConditioningShape& shape, const PairModulationWeights<double>& weights,
        Input waves, Output modulation) {
    // (9.4)
    const int c = shape.conditionWidth, p = shape.width;
    vector<double> hidden(c);
    linear({1, 2 * shape.numFrequencies, c}, {weights.time, {}}, waves, hidden);
    layerNorm({1, c}, weights.timeNorm, hidden, hidden);
    modulate(shape, weights.modulation, hidden, modulation.slice(0, p), modulation.slice(p, p));
}

} // namespace OrbitPlugin
