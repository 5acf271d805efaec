// SPDX-License-Identifier: MIT
// The timeConditioning stage, common host: noise level and condition to modulation vectors of every condition in use.
#include "CommonStages.h"

namespace OrbitPlugin {

void common::timeConditioning(DeviceModel& model, DeviceBatch& batch, double logSigma) {
    Device& device = model.device;
    device["timeConditioning"](device.groups(batch.numConditions), batch.numConditions, model.settings.numFrequencies,
        MixedArgument{logSigma}, batch.conditions, model.weights, model.frequencies, model.timeHidden.weights,
        model.timeHidden.bias, model.timeOutput.weights, model.timeOutput.bias, model.conditionEmbedding, batch.cond);
    device["modulation"](device.elements(batch.numConditions * model.sizes.modulationSize / device.tiles.vectorWidth),
        batch.numConditions, model.modulation.numInputs, model.sizes.modulationSize, model.weights,
        model.modulation.weights, model.modulation.bias, batch.cond, batch.modulation);
}

} // namespace OrbitPlugin
