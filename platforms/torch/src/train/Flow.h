// SPDX-License-Identifier: MIT
// The probability flow with tensors: what validation and a teacher integrate.
#ifndef OPENMM_ORBIT_TORCH_FLOW_H_
#define OPENMM_ORBIT_TORCH_FLOW_H_

#include "TrainingModel.h"
#include <functional>
#include <vector>

namespace OrbitPlugin {
namespace torchimpl {

/** Get the steps of a sampler: its levels, with the share that is drawn anew (5.8) and the history of (5.4). */
std::vector<StepLevels> getSteps(const SamplerSettings& sampler);
/** Get the steps between given levels, without new noise. @param hasHistory   extrapolate by (5.4) */
std::vector<StepLevels> getSteps(const std::vector<double>& levels, bool hasHistory);

/** What a generator does besides following the flow. */
struct FlowExtras {
    std::function<at::Tensor(int step)> getNoise;   ///< new noise [B][N][3P], centred, of unit variance; for (5.8)
    GuidedVolumes volumes;                          ///< of the samples, for (5.9) to (5.11)
    double stereoGuidance = 0;                      ///< SamplerSettings::stereoGuidance; 0: no guidance
};

/**
 * Take positions through noise levels by (5.4), or by (5.2) where a step has no history.
 *
 * @param y        positions [B][N][3P]
 * @param inputs   the network's other inputs; u and scaledTime are filled in
 * @param extras   steps that renew need noise
 * @return positions at the last level, [B][N][3P]
 */
at::Tensor integrateFlow(const PairBiasTransformerSettings& network, const NamedTensors& weights,
        const std::vector<StepLevels>& steps, at::Tensor y, NetworkInputs inputs, const FlowExtras& extras = {});

} // namespace torchimpl
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TORCH_FLOW_H_
