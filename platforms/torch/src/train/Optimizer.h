// SPDX-License-Identifier: MIT
// AdamW with warm-up, cosine, clipping, and an exponential average of the weights.
#ifndef OPENMM_ORBIT_TORCH_OPTIMIZER_H_
#define OPENMM_ORBIT_TORCH_OPTIMIZER_H_

#include "../Stages.h"
#include "openmmorbit/TrainingSettings.h"

namespace OrbitPlugin {
namespace torchimpl {

/** The state of an optimisation: weights, moments, averaged weights and the number of updates. */
class Optimizer {
public:
    Optimizer(const TrainingSettings& settings, const NamedTensors& initialWeights);
    /** Get the weights, leaves of the graph of autograd. */
    const NamedTensors& getWeights() const {
        return weights;
    }
    /** Get the exponential average of the weights. */
    const NamedTensors& getAverage() const {
        return average;
    }
    /** Get every tensor that a checkpoint holds, by name. */
    NamedTensors getState() const;
    /** Restore what getState() returned. @throws ArgumentError, before anything changes, if it is of another network */
    void setState(const NamedTensors& state, long long numUpdates);
    long long getNumUpdates() const {
        return numUpdates;
    }
    /**
     * Update the weights from their gradients, and clear the gradients.
     *
     * @param progress   fraction of the schedule that has passed, 0 to 1
     * @return norm of the gradient before clipping; nothing is updated if it is not finite
     */
    double update(double progress);
    /** Forget the gradients. */
    void clearGradients();
    /** Get the gradients of all trained weights in a fixed order; missing ones become zero. */
    std::vector<at::Tensor> getGradients();
    /** Get the learning rate of the next update. */
    double getLearningRate(double progress) const;
private:
    void updateGroup(const std::vector<std::string>& names, double rate, double decay);
    TrainingSettings settings;
    NamedTensors weights, average, moments1, moments2;
    std::vector<std::string> decayed, plain;
    long long numUpdates = 0;
};

} // namespace torchimpl
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TORCH_OPTIMIZER_H_
