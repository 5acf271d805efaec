// SPDX-License-Identifier: MIT
// The probability flow with tensors: what validation and a teacher integrate.
#ifndef OPENMM_ORBIT_TORCH_FLOW_H_
#define OPENMM_ORBIT_TORCH_FLOW_H_

#include "TrainingModel.h"
#include <vector>

namespace OrbitPlugin {
namespace torchimpl {

/**
 * Take positions through noise levels by (5.4), or by (5.2) without a history; no noise is drawn anew.
 *
 * @param levels       from the level of y down to where to stop, which may be 0
 * @param y            positions [B][N][3]
 * @param hasHistory   extrapolate the denoised positions, (5.4)
 * @param inputs       the network's other inputs; u and scaledTime are filled in
 * @return positions at the last level, [B][N][3]
 */
at::Tensor integrateFlow(const PairBiasTransformerSettings& network, const NamedTensors& weights,
        const std::vector<double>& levels, bool hasHistory, at::Tensor y, NetworkInputs inputs);

} // namespace torchimpl
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TORCH_FLOW_H_
