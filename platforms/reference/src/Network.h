// SPDX-License-Identifier: MIT
// What the denoiser knows of a network: so that another architecture can stand beside the pair-bias transformer.
#ifndef OPENMM_ORBIT_REFERENCENETWORK_H_
#define OPENMM_ORBIT_REFERENCENETWORK_H_

#include "ReferenceStages.h"
#include "openmmorbit/DenoiserModel.h"
#include "openmmorbit/TokenInputs.h"
#include "openmmorbit/internal/OrbitKernels.h"
#include <memory>

namespace OrbitPlugin {
namespace reference {

/** The network F of equation (3.2) in double precision. */
class Network {
public:
    virtual ~Network() = default;
    /**
     * Evaluate F for one copy.
     *
     * @param inputs      the categorical inputs
     * @param condition   row of condition.embedding
     * @param logSigma    s of (3.1)
     * @param u           [numPoints][3] scaled positions of (3.1), model unit
     * @param F           output [numPoints][3], centred, dimensionless
     * @param taps        if not null, the outputs of the stages are appended to it
     */
    virtual void evaluate(const TokenInputs& inputs, int condition, double logSigma, Input u, Output F,
            StageTaps* taps) const = 0;
};

/** Make the network of a model. @throws ArgumentError if the model is not complete */
std::unique_ptr<Network> makeNetwork(const DenoiserModel& model);

} // namespace reference
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_REFERENCENETWORK_H_
