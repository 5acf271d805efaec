// SPDX-License-Identifier: MIT
// The steps of the probability flow with tensors.
#include "Flow.h"
#include "openmmorbit/internal/stages/Preconditioning.h"
#include "openmmorbit/internal/stages/SamplerStep.h"

using at::Tensor;

namespace OrbitPlugin {
namespace torchimpl {

Tensor integrateFlow(const PairBiasTransformerSettings& network, const NamedTensors& weights,
        const std::vector<double>& levels, bool hasHistory, Tensor y, NetworkInputs inputs) {
    Tensor previous;
    for (std::size_t k = 0; k + 1 < levels.size(); k++) {
        // (3.1), (3.2)

        const Preconditioning factors = getPreconditioning(levels[k], network.dataScale);
        inputs.u = factors.input * y;
        inputs.scaledTime = at::full({y.size(0)}, factors.logSigma, at::kFloat);
        const Tensor denoised = factors.skip * y +
                factors.output * pairBiasTransformer(network, weights, inputs).to(at::kFloat);

        // (5.4), or (5.2)

        const double before = k > 0 && hasHistory ? levels[k - 1] : 0;
        const double weight = getMultistepWeight({levels[k], levels[k + 1], before});
        const double ratio = levels[k + 1] / levels[k];
        y = ratio * y + (1 - ratio) * (weight == 0 ? denoised : (1 + weight) * denoised - weight * previous);
        previous = denoised;
    }
    return y;
}

} // namespace torchimpl
} // namespace OrbitPlugin
