// SPDX-License-Identifier: MIT
// Outputs of the stages of the pair-bias transformer read back from a device, without padding, for tests.
#ifndef OPENMM_ORBIT_COMMONPAIRBIASTAPS_H_
#define OPENMM_ORBIT_COMMONPAIRBIASTAPS_H_

#include "../CommonStages.h"
#include "openmmorbit/internal/OrbitKernels.h"

namespace OrbitPlugin {
namespace common {

void tapConditioning(const PairBiasPass& pass, const Batch& batch, StageTaps& taps);
/** Append the biases of numLayers layers from firstLayer on; the parts must come in order. */
void tapPairFeatures(const PairBiasPass& pass, const Batch& batch, int numLayers,
        std::vector<std::vector<double>>& copies);
void tapTokens(const PairBiasPass& pass, const std::string& name, StageTaps& taps);

} // namespace common
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_COMMONPAIRBIASTAPS_H_
