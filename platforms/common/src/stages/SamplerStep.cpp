// SPDX-License-Identifier: MIT
// The samplerStep stage, common host: Euler, two stages and multistep.
#include "CommonStages.h"

namespace OrbitPlugin {

void common::scaleInput(Device& device, DeviceBatch& batch, Buffer& y, double factor, Buffer& u) {
    const int numValues = 3 * batch.getNumPoints();
    device["scaleInput"](device.elements(numValues), numValues, MixedArgument{factor}, y, u, batch.getUStride());
}

void common::scaleOutput(
        Device& device, DeviceBatch& batch, Buffer& y, Buffer& denoised, double skip, double output) {
    const int numValues = 3 * batch.getNumPoints();
    device["scaleOutput"](device.elements(numValues), numValues, MixedArgument{skip},
        MixedArgument{output}, y, batch.output, denoised);
}

void common::eulerStep(Device& device, DeviceBatch& batch, const StepLevels& levels, Buffer& next) {
    const int numValues = 3 * batch.getNumPoints();
    device["eulerStep"](device.elements(numValues), numValues, MixedArgument{levels.sigma},
        MixedArgument{levels.nextSigma}, batch.positions, batch.denoised, next);
}

void common::twoStageStep(Device& device, DeviceBatch& batch, const StepLevels& levels) {
    const int numValues = 3 * batch.getNumPoints();
    device["twoStageStep"](device.elements(numValues), numValues, MixedArgument{levels.nextSigma / levels.sigma},
        MixedArgument{levels.stageWeight}, batch.denoised, batch.predictedDenoised, batch.positions);
}

void common::multistepStep(Device& device, DeviceBatch& batch, const StepLevels& levels) {
    device["multistepStep"](device.elements(3 * batch.getNumPoints()), 3 * batch.getNumPoints(),
        MixedArgument{levels.nextSigma / levels.sigma}, MixedArgument{getMultistepWeight(levels)}, batch.denoised,
        batch.previousDenoised, batch.positions);
}

} // namespace OrbitPlugin
