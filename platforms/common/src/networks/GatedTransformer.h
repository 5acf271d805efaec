// SPDX-License-Identifier: MIT
// The gated transformer on a device, composed of its stages.
#ifndef OPENMM_ORBIT_COMMONGATEDTRANSFORMER_H_
#define OPENMM_ORBIT_COMMONGATEDTRANSFORMER_H_

#include "../Network.h"
#include "GatedArrays.h"

namespace OrbitPlugin {
namespace common {

/** Section 9 of openmmapi/docs/theory.md for all copies of a batch together. */
class GatedTransformer : public Network {
public:
    GatedTransformer(OpenMM::ComputeContext& context, const DenoiserModel& model) :
            GatedTransformer(context, model, GatedSizes(model)) {
    }
    Device& getDevice() override {
        return device;
    }
    bool usesBefore() const override {
        return true;
    }
    void setBatch(const Batch& batch, DeviceBatch& coordinates) override;
    void evaluate(const Batch& batch, DeviceBatch& coordinates, double logSigma, Buffer* before,
            StageTaps* taps) override;
private:
    GatedTransformer(OpenMM::ComputeContext& context, const DenoiserModel& model, const GatedSizes& sizes);
    Device device;
    PackedGatedWeights weights;
    GatedArrays arrays;
};

} // namespace common
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_COMMONGATEDTRANSFORMER_H_
