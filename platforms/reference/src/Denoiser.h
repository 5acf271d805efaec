// SPDX-License-Identifier: MIT
// The denoiser of one copy, composed of the Reference stages.
#ifndef OPENMM_ORBIT_REFERENCEDENOISER_H_
#define OPENMM_ORBIT_REFERENCEDENOISER_H_

#include "ReferenceStages.h"
#include "openmmorbit/TokenInputs.h"
#include "openmmorbit/internal/OrbitKernels.h"
#include "openmmorbit/internal/stages/DenoiserWeights.h"

namespace OrbitPlugin {
namespace reference {

/** Owns the weights of a model in double precision. */
class OPENMM_EXPORT_ORBIT Denoiser {
public:
    /** Copy the weights. @throws ArgumentError if the model is not complete */
    explicit Denoiser(const DenoiserModel& model);
    Denoiser(const Denoiser&) = delete;
    Denoiser& operator=(const Denoiser&) = delete;
    /**
     * Evaluate D(y, sigma), equation (3.2), for one copy.
     *
     * @param inputs      the categorical inputs
     * @param condition   row of condition.embedding
     * @param sigma       noise level above 0, model unit
     * @param y           [numTokens][3P] centred noisy positions, model unit
     * @param denoised    output [numTokens][3P], model unit; must not be y
     * @param taps        if not null, the outputs of the stages are appended to it
     */
    void evaluate(const TokenInputs& inputs, int condition, double sigma, Input y, Output denoised,
            StageTaps* taps) const;
    const PairBiasTransformerSettings& getSettings() const {
        return settings;
    }
private:
    PairBiasTransformerSettings settings;
    TensorMap<double> tensors;
    DenoiserWeights<double> weights;
};

} // namespace reference
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_REFERENCEDENOISER_H_
