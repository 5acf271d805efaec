// SPDX-License-Identifier: MIT
// Where a run computes, and in which number type.
#ifndef OPENMM_ORBIT_TORCH_TRAININGDEVICE_H_
#define OPENMM_ORBIT_TORCH_TRAININGDEVICE_H_

#include "openmmorbit/TrainingSettings.h"
#include <ATen/ATen.h>
#include <string>

namespace OrbitPlugin {
namespace torchimpl {

/** A device and the number type of the matrix products there. */
struct TrainingDevice {
    at::Device device = at::kCPU;
    at::ScalarType productType = at::kFloat;

    bool isGpu() const {
        return device.is_cuda();
    }
};

/**
 * Get what the settings ask for. The GPU half of LibTorch is loaded when it is first needed; this library links only
 * the CPU half, so that it runs where the other one is not installed.
 *
 * @throws ArgumentError if a GPU was asked for and there is none, or LibTorch's GPU half cannot be loaded
 */
TrainingDevice findDevice(const TrainingSettings& settings);
/** Whether the processor multiplies BF16 numbers; LibTorch is an order of magnitude slower at it where it does not. */
bool hasBfloat16Products();
/** Get a sentence on the device for the log of the run. */
std::string describeDevice(const TrainingSettings& settings);
/** Get the number of host threads that prepare batches. */
int getNumBatchThreads(const TrainingSettings& settings);

} // namespace torchimpl
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TORCH_TRAININGDEVICE_H_
