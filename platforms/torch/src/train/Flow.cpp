// SPDX-License-Identifier: MIT
// The steps of the probability flow with tensors.
#include "Flow.h"
#include "openmmorbit/internal/SamplerPlan.h"
#include "openmmorbit/internal/stages/Preconditioning.h"

using at::Tensor;

namespace OrbitPlugin {
namespace torchimpl {

std::vector<StepLevels> getSteps(const SamplerSettings& sampler) {
    const SamplerPlan plan = makeSamplerPlan(sampler);
    std::vector<StepLevels> steps;
    for (int k = 0; k < plan.getNumSteps(); k++)
        steps.push_back(plan.getLevels(k, k - 1));
    return steps;
}

std::vector<StepLevels> getSteps(const std::vector<double>& levels, bool hasHistory) {
    std::vector<StepLevels> steps;
    for (std::size_t k = 0; k + 1 < levels.size(); k++)
        steps.push_back({levels[k], levels[k + 1], k > 0 && hasHistory ? levels[k - 1] : 0, 0, 0});
    return steps;
}

Tensor integrateFlow(const PairBiasTransformerSettings& network, const NamedTensors& weights,
        const std::vector<StepLevels>& steps, Tensor y, NetworkInputs inputs, const FlowExtras& extras) {
    Tensor previous;
    for (std::size_t k = 0; k < steps.size(); k++) {
        // (3.1), (3.2)

        const Preconditioning factors = getPreconditioning(steps[k].sigma, network.dataScale);
        inputs.u = factors.input * y;
        inputs.scaledTime = at::full({y.size(0)}, factors.logSigma, y.options());
        Tensor denoised = factors.skip * y +
                factors.output * pairBiasTransformer(network, weights, inputs).to(at::kFloat);

        // (5.9) to (5.11)

        const Tensor points = denoised.reshape({y.size(0), -1, 3});
        const StereoGuidanceShape shape = {(int) points.size(1), steps[k].sigma, extras.stereoGuidance};
        if (shape.gain > 0 && steps[k].nextSigma > 0)
            denoised = stereoGuidance(shape, extras.volumes, points).view(y.sizes());

        y = multistepStep(steps[k], y, denoised, previous);
        previous = denoised;
        if (network.selfConditioning)
            inputs.before = denoised;

        // (5.8)

        if (steps[k].drawn > 0)
            y = addNoise(steps[k].drawn, extras.getNoise((int) k), y);
    }
    return y;
}

} // namespace torchimpl
} // namespace OrbitPlugin
