// SPDX-License-Identifier: MIT
// The pair-bias transformer on a device, composed of its stages.
#ifndef OPENMM_ORBIT_COMMONPAIRBIASTRANSFORMER_H_
#define OPENMM_ORBIT_COMMONPAIRBIASTRANSFORMER_H_

#include "../Network.h"
#include "PairBiasArrays.h"

namespace OrbitPlugin {
namespace common {

/** Section 4 of openmmapi/docs/theory.md for all copies of a batch together. */
class PairBiasTransformer : public Network {
public:
    PairBiasTransformer(OpenMM::ComputeContext& context, const DenoiserModel& model) :
            PairBiasTransformer(context, model, PairBiasSizes(model.getSettings())) {
    }
    Device& getDevice() override {
        return device;
    }
    bool usesBefore() const override {
        return weights.settings.selfConditioning;
    }
    void setBatch(const Batch& batch, DeviceBatch& coordinates) override;
    void evaluate(const Batch& batch, DeviceBatch& coordinates, double logSigma, Buffer* before,
            StageTaps* taps) override;
private:
    PairBiasTransformer(OpenMM::ComputeContext& context, const DenoiserModel& model, const PairBiasSizes& sizes);
    Device device;
    PairBiasWeights weights;
    PairBiasArrays arrays;
};

} // namespace common
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_COMMONPAIRBIASTRANSFORMER_H_
