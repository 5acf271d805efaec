// SPDX-License-Identifier: MIT
// Stage flowConditioning on the CPU: one vector a noise level and condition, from which all modulations follow.
#include "openmmorbit/internal/stages/FlowConditioning.h"
#include "GatedStages.h"
#include <cmath>

namespace OrbitPlugin {
namespace cpu {

namespace {

void applySigmoid(float* values, int count) {
    for (int k = 0; k < count; k++)
        values[k] = 1 / (1 + std::exp(-values[k]));
}

/** A shift and a scale, of a stride each, of a vector. */
void modulate(const PackedGatedWeights& weights, const PackedModulation& modulation, const float* cond, int stride,
        float* normalized, float* out) {
    normalizeRows(weights.table, cond, 1, 0, modulation.norm, normalized);
    applyToVector(weights.table, modulation.shiftAndScale, normalized, out);
    applySigmoid(out + stride, stride);
}

/** The parts of the scratch, each long enough for any vector. */
struct Scratch {
    Scratch(const PackedGatedWeights& weights, AlignedBuffer& buffer) {
        const PairBiasTransformerSettings& s = weights.settings;
        const int longest = std::max({s.width, s.pairWidth, 2 * s.conditionWidth, 2 * s.numFrequencies});
        const std::size_t size = 2 * roundUp(longest, ROW_PADDING) + ROW_PADDING;
        buffer.reserve(5 * size);
        for (int k = 0; k < 5; k++)
            parts[k] = buffer.data() + k * size;
    }
    float* parts[5];
};

/** (9.3) */
void modulateLayers(const PackedGatedWeights& weights, const float* cond, const Scratch& scratch,
        GatedConditioning& result) {
    const int stride = weights.widthStride;
    float* normalized = scratch.parts[3];
    float* made = scratch.parts[4];
    result.values.reserve((std::size_t) 6 * weights.settings.numLayers * stride);
    for (int layer = 0; layer < weights.settings.numLayers; layer++)
        for (int half = 0; half < 2; half++) {
            float* out = result.values.data() + (std::size_t) (6 * layer + 3 * half) * stride;
            modulate(weights, weights.layers[layer].modulations[half], cond, stride, normalized, made);
            std::copy(made, made + 2 * stride, out);
            applyToVector(weights.table, weights.layers[layer].modulationGates[half], cond, made);
            applySigmoid(made, weights.settings.width);
            std::copy(made, made + weights.settings.width, out + 2 * stride);
        }
}

} // namespace

void flowConditioning(const PackedGatedWeights& weights, double logSigma, int condition, GatedConditioning& result) {
    const Scratch scratch(weights, result.scratch);
    float* waves = scratch.parts[0];
    float* cond = scratch.parts[1];
    float* hidden = scratch.parts[2];
    const int T = weights.settings.numFrequencies, c = weights.settings.conditionWidth;

    // (9.1)

    const double t = 1 / (1 + std::exp(4 * logSigma));
    for (int k = 0; k < T; k++) {
        const double angle = t * std::pow(MAX_WAVE_FREQUENCY, 1 - (double) k / (T - 1));
        waves[k] = (float) std::sin(angle);
        waves[T + k] = (float) std::cos(angle);
    }

    // (9.2)

    applyToVector(weights.table, weights.time, waves, cond);
    for (int i = 0; i < c; i++)
        cond[i] += weights.conditionEmbedding[(std::size_t) condition * c + i];
    for (int k = 0; k < 2; k++) {
        applyToVector(weights.table, weights.timeUp[k], cond, hidden, Epilogue::SwiGlu);
        applyToVector(weights.table, weights.timeDown[k], hidden, cond);
    }
    result.cond.assign(cond, cond + c);

    // (9.3)

    modulateLayers(weights, cond, scratch, result);

    // (9.4)

    float* ofPairs = scratch.parts[1];
    applyToVector(weights.table, weights.pairTime, waves, ofPairs);
    normalizeRows(weights.table, ofPairs, 1, 0, weights.pairTimeNorm, ofPairs);
    float* made = scratch.parts[4];
    modulate(weights, weights.pairModulation, ofPairs, weights.pairStride, scratch.parts[3], made);
    result.pair.reserve(2 * weights.pairStride);
    std::copy(made, made + 2 * weights.pairStride, result.pair.data());
}

void conditionRegisters(const PackedGatedWeights& weights, GatedConditioning& result) {
    const Scratch scratch(weights, result.scratch);
    std::fill_n(scratch.parts[1], weights.settings.conditionWidth, 0.0f);
    modulateLayers(weights, scratch.parts[1], scratch, result);
}

} // namespace cpu
} // namespace OrbitPlugin
