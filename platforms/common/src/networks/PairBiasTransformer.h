// SPDX-License-Identifier: MIT
// The pair-bias transformer on a device, composed of its stages.
#ifndef OPENMM_ORBIT_COMMONPAIRBIASTRANSFORMER_H_
#define OPENMM_ORBIT_COMMONPAIRBIASTRANSFORMER_H_

#include "../Network.h"

namespace OrbitPlugin {
namespace common {

/** Section 4 of openmmapi/docs/theory.md for all copies of a batch together. */
class PairBiasTransformer : public Network {
public:
    PairBiasTransformer(OpenMM::ComputeContext& context, const DenoiserModel& model) : model(context, model) {
    }
    Device& getDevice() override {
        return model.device;
    }
    void setBatch(const Batch& batch, DeviceBatch& arrays) override;
    void evaluate(const Batch& batch, DeviceBatch& arrays, double logSigma, StageTaps* taps) override;
private:
    DeviceModel model;
};

} // namespace common
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_COMMONPAIRBIASTRANSFORMER_H_
