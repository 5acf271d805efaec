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

/** Where a copy stands. */
struct NetworkState {
    int condition;      ///< row of condition.embedding
    double logSigma;    ///< s of (3.1)
    Input u;            ///< [numPoints][3] scaled positions of (3.1), model unit
    Input before;       ///< [numPoints][3] positions as they were denoised before, model unit; empty: they were not
};

/** The network F of equation (3.2) in double precision. */
class Network {
public:
    virtual ~Network() = default;
    /**
     * Evaluate F for one copy.
     *
     * @param inputs   the categorical inputs
     * @param state    condition, noise level and positions
     * @param F        output [numPoints][3], centred, dimensionless
     * @param taps     if not null, the outputs of the stages are appended to it
     */
    virtual void evaluate(const TokenInputs& inputs, const NetworkState& state, Output F, StageTaps* taps) const = 0;
    /** Whether the network reads the positions as they were denoised before. */
    virtual bool usesBefore() const {
        return false;
    }
};

/** Make the network of a model. @throws ArgumentError if the model is not complete */
std::unique_ptr<Network> makeNetwork(const DenoiserModel& model);

} // namespace reference
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_REFERENCENETWORK_H_
