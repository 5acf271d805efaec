// SPDX-License-Identifier: MIT
// The denoiser of one copy: the network of a model between the scale factors of a noise level.
#ifndef OPENMM_ORBIT_REFERENCEDENOISER_H_
#define OPENMM_ORBIT_REFERENCEDENOISER_H_

#include "Network.h"
#include "openmmorbit/internal/stages/Preconditioning.h"

namespace OrbitPlugin {
namespace reference {

/** Owns the network of a model. */
class OPENMM_EXPORT_ORBIT Denoiser {
public:
    /** Copy the weights. @throws ArgumentError if the model is not complete */
    explicit Denoiser(const DenoiserModel& model);
    /**
     * Evaluate D(y, sigma), equation (3.2), for one copy.
     *
     * @param inputs      the categorical inputs
     * @param condition   row of condition.embedding
     * @param sigma       noise level above 0, model unit
     * @param y           [numPoints][3] centred noisy positions, model unit
     * @param denoised    output [numPoints][3], model unit; must not be y
     * @param taps        if not null, the outputs of the stages are appended to it
     * @param before      [numPoints][3] positions as they were denoised before, for networks that read them; or empty
     */
    void evaluate(const TokenInputs& inputs, int condition, double sigma, Input y, Output denoised,
            StageTaps* taps, Input before = Input()) const;
    /** Whether the network reads the positions as they were denoised before. */
    bool usesBefore() const {
        return network->usesBefore();
    }
private:
    std::unique_ptr<Network> network;
    double dataScale;
    Parametrization parametrization;
};

} // namespace reference
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_REFERENCEDENOISER_H_
