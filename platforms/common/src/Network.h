// SPDX-License-Identifier: MIT
// What the kernel knows of a network on a device: so that another architecture can stand beside the pair-bias
// transformer.
#ifndef OPENMM_ORBIT_COMMONNETWORK_H_
#define OPENMM_ORBIT_COMMONNETWORK_H_

#include "DeviceBatch.h"
#include "openmmorbit/internal/OrbitKernels.h"
#include <memory>

namespace OrbitPlugin {
namespace common {

/** The network F of equation (3.2), its weights and the program that is compiled for it. */
class Network {
public:
    virtual ~Network() = default;
    /** Get the device with the compiled program, which holds the stages of the coordinates, too. */
    virtual Device& getDevice() = 0;
    /** Pack what the network needs of a batch, and make room for all its arrays. */
    virtual void setBatch(const Batch& batch, DeviceBatch& coordinates) = 0;
    /**
     * Queue the evaluation of F for every copy: coordinates.u -> coordinates.output.
     *
     * @param batch      the batch of setBatch()
     * @param logSigma   s of (3.1)
     * @param before     [numPoints][3] positions as they were denoised before, mixed precision; null if they were not
     * @param taps       if not null, the outputs of the stages are appended to it, which waits for the device
     */
    virtual void evaluate(const Batch& batch, DeviceBatch& coordinates, double logSigma, Buffer* before,
            StageTaps* taps) = 0;
    /** Whether the network reads the positions as they were denoised before. */
    virtual bool usesBefore() const {
        return false;
    }
};

/** Make the network of a model, which must be valid. */
std::unique_ptr<Network> makeNetwork(OpenMM::ComputeContext& context, const DenoiserModel& model);

} // namespace common
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_COMMONNETWORK_H_
