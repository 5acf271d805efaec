// SPDX-License-Identifier: MIT
// The timeConditioning stage, common host: noise level and condition to modulation vectors of every condition in use.
#include "CommonStages.h"

namespace OrbitPlugin {

void common::timeConditioning(const PairBiasPass& pass, double logSigma) {
    PairBiasWeights& weights = pass.weights;
    PairBiasArrays& arrays = pass.arrays;
    DeviceBatch& batch = pass.batch;
    Device& device = pass.device;
    device["timeConditioning"](device.groups(batch.numConditions), batch.numConditions, weights.settings.numFrequencies,
        MixedArgument{logSigma}, batch.conditions, weights.values, weights.frequencies, weights.timeHidden.weights,
        weights.timeHidden.bias, weights.timeOutput.weights, weights.timeOutput.bias, weights.conditionEmbedding,
        arrays.cond);
    device["modulation"](device.elements(batch.numConditions * weights.sizes.modulationSize / device.tiles.vectorWidth),
        batch.numConditions, weights.modulation.numInputs, weights.sizes.modulationSize, weights.values,
        weights.modulation.weights, weights.modulation.bias, arrays.cond, arrays.modulation);
}

} // namespace OrbitPlugin
