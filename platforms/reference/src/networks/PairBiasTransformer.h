// SPDX-License-Identifier: MIT
// The pair-bias transformer, composed of the Reference stages.
#ifndef OPENMM_ORBIT_REFERENCEPAIRBIASTRANSFORMER_H_
#define OPENMM_ORBIT_REFERENCEPAIRBIASTRANSFORMER_H_

#include "../Network.h"
#include "openmmorbit/internal/stages/DenoiserWeights.h"

namespace OrbitPlugin {
namespace reference {

/** Owns the weights of a model in double precision. Section 4 of openmmapi/docs/theory.md. */
class PairBiasTransformer : public Network {
public:
    /** Copy the weights. @throws ArgumentError if the model is not complete */
    explicit PairBiasTransformer(const DenoiserModel& model);
    PairBiasTransformer(const PairBiasTransformer&) = delete;
    PairBiasTransformer& operator=(const PairBiasTransformer&) = delete;
    void evaluate(const TokenInputs& inputs, const NetworkState& state, Output F, StageTaps* taps) const override;
    bool usesBefore() const override {
        return settings.selfConditioning;
    }
private:
    /** What depends on the noise level and the condition alone: [c], [L][6][d] and [2][d]. */
    struct Conditioning {
        std::vector<double> cond, modulations, head;
    };
    Conditioning computeConditioning(int condition, double logSigma, StageTaps* taps) const;
    PairBiasTransformerSettings settings;
    TensorMap<double> tensors;
    DenoiserWeights<double> weights;
};

} // namespace reference
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_REFERENCEPAIRBIASTRANSFORMER_H_
