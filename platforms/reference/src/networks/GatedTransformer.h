// SPDX-License-Identifier: MIT
// The gated transformer, composed of the Reference stages.
#ifndef OPENMM_ORBIT_REFERENCEGATEDTRANSFORMER_H_
#define OPENMM_ORBIT_REFERENCEGATEDTRANSFORMER_H_

#include "../Network.h"
#include "openmmorbit/internal/stages/GatedWeights.h"

namespace OrbitPlugin {
namespace reference {

/** Owns the weights of a model in double precision. Section 9 of openmmapi/docs/theory.md. */
class GatedTransformer : public Network {
public:
    /** Copy the weights. @throws ArgumentError if the model is not complete */
    explicit GatedTransformer(const DenoiserModel& model);
    GatedTransformer(const GatedTransformer&) = delete;
    GatedTransformer& operator=(const GatedTransformer&) = delete;
    void evaluate(const TokenInputs& inputs, const NetworkState& state, Output F, StageTaps* taps) const override;
    bool usesBefore() const override {
        return true;
    }
private:
    /** What depends on the noise level and the condition alone: [L][6][d] and [2][p]. */
    struct Conditioning {
        std::vector<double> modulations, pair;
    };
    /** Get the modulations of all layers for a conditioning vector. */
    std::vector<double> modulateLayers(Input cond) const;
    Conditioning computeConditioning(int condition, double logSigma, StageTaps* taps) const;
    /** Get u [numTokens][6] of noisy points and those of before. */
    static std::vector<double> joinPoints(Input u, Input before);
    BinnedPairsShape getPairsShape(const TokenInputs& inputs, const NetworkState& state) const;
    PairBiasTransformerSettings settings;
    GatedTransformerSettings gated;
    TensorMap<double> tensors;
    GatedWeights<double> weights;
    std::vector<double> registerModulations;    // [L][6][d]
};

} // namespace reference
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_REFERENCEGATEDTRANSFORMER_H_
