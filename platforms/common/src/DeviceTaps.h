// SPDX-License-Identifier: MIT
// Outputs of stages read back from a device, without padding, for tests.
#ifndef OPENMM_ORBIT_COMMONDEVICETAPS_H_
#define OPENMM_ORBIT_COMMONDEVICETAPS_H_

#include "DeviceBatch.h"
#include "openmmorbit/internal/OrbitKernels.h"

namespace OrbitPlugin {
namespace common {

void tapConditioning(const DeviceModel& model, const DeviceBatch& arrays, const Batch& batch, StageTaps& taps);
/** Append the biases of numLayers layers from firstLayer on; the parts must come in order. */
void tapPairFeatures(const DeviceModel& model, const DeviceBatch& arrays, const Batch& batch, int numLayers,
        std::vector<std::vector<double>>& copies);
void tapTokens(const DeviceModel& model, const DeviceBatch& arrays, const std::string& name, StageTaps& taps);

} // namespace common
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_COMMONDEVICETAPS_H_
