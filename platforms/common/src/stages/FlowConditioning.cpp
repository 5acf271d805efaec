// SPDX-License-Identifier: MIT
// The flowConditioning stage, common host: waves of the time, and the products that make modulations of them.
#include "openmmorbit/internal/stages/FlowConditioning.h"
#include "GatedStages.h"
#include <cmath>

namespace OrbitPlugin {

void common::product(const GatedPass& pass, const std::string& kernel, const Matrix& matrix, Buffer& input,
        Buffer& output, int numColumns, int numRows) {
    const auto [launch, span] = launchProduct(pass.device, matrix, numRows);
    pass.device[kernel](launch, input, matrix.numInputs, pass.weights.values, matrix.weights, matrix.bias,
        matrix.numInputs, matrix.numOutputs, numColumns, numRows, span, output);
}

/** Waves (9.1) for all conditions; registers have none. */
static std::vector<double> makeWaves(const common::GatedPass& pass, double logSigma) {
    const int T = pass.weights.settings.numFrequencies, stride = pass.weights.sizes.paddedWaves;
    std::vector<double> waves((std::size_t) pass.arrays.numConditionRows * stride, 0.0);
    const double t = 1 / (1 + std::exp(4 * logSigma));
    for (int row = 0; row < pass.arrays.numConditionRows - 1; row++)
        for (int k = 0; k < T; k++) {
            const double angle = t * std::pow(MAX_WAVE_FREQUENCY, 1 - (double) k / (T - 1));
            waves[row * stride + k] = std::sin(angle);
            waves[row * stride + T + k] = std::cos(angle);
        }
    return waves;
}

void common::flowConditioning(const GatedPass& pass, double logSigma) {
    Device& device = pass.device;
    PackedGatedWeights& weights = pass.weights;
    GatedArrays& arrays = pass.arrays;
    const GatedSizes& sizes = weights.sizes;
    const int numRows = arrays.numConditionRows, c = sizes.conditionWidth, cP = sizes.paddedConditionWidth;
    const int numLayers = weights.settings.numLayers, inner = roundUp(2 * c, PADDING);
    arrays.waves.uploadNumbers(device.context, makeWaves(pass, logSigma), device.precision.realIsDouble);
    product(pass, "plainProduct", weights.time, arrays.waves, arrays.cond, cP, numRows);
    device["addConditions"](device.elements((long long) numRows * c), numRows, c, cP, arrays.conditions, weights.values,
        weights.conditionEmbedding, arrays.cond);
    for (int k = 0; k < 2; k++) {
        product(pass, "gatedProduct", weights.timeUp[k], arrays.cond, arrays.hidden, inner, numRows);
        product(pass, "plainProduct", weights.timeDown[k], arrays.hidden, k == 0 ? arrays.cond : arrays.normalized, cP,
            numRows);
    }

    // The last product went to an array of its own, so that the gates can read cond before it is normalised.

    product(pass, "plainProduct", weights.gates, arrays.normalized, arrays.gateValues,
        2 * numLayers * sizes.paddedWidth, numRows);
    arrays.normalized.getArray().copyTo(arrays.cond.getArray());
    device["normalizeRows"](device.groups(numRows), numRows, c, cP, weights.values, -1, arrays.normalized);
    product(pass, "plainProduct", weights.shiftAndScale, arrays.normalized, arrays.made,
        4 * numLayers * sizes.paddedWidth, numRows);
    product(pass, "plainProduct", weights.pairTime, arrays.waves, arrays.pairCond, cP, numRows);
    device["normalizeRows"](device.groups(numRows), numRows, c, cP, weights.values, weights.pairTimeNorm,
        arrays.pairCond);
    device["normalizeRows"](device.groups(numRows), numRows, c, cP, weights.values, -1, arrays.pairCond);
    product(pass, "plainProduct", weights.ofPairs, arrays.pairCond, arrays.pairValues, 2 * sizes.paddedPairWidth,
        numRows);
    device["assembleModulation"](device.elements((long long) numRows * sizes.modulationSize), numRows, numLayers,
        sizes.paddedWidth, sizes.paddedPairWidth, arrays.made, arrays.gateValues, arrays.pairValues, weights.values,
        weights.headNorm, sizes.modulationSize, arrays.modulation);
}

} // namespace OrbitPlugin
