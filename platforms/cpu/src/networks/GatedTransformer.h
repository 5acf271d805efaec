// SPDX-License-Identifier: MIT
// The gated transformer, composed of the CPU's stages, in single precision.
#ifndef OPENMM_ORBIT_CPU_GATEDTRANSFORMER_H_
#define OPENMM_ORBIT_CPU_GATEDTRANSFORMER_H_

#include "../GatedStages.h"
#include "../Network.h"

namespace OrbitPlugin {
namespace cpu {

/** Owns the packed weights of a model and the arrays of all threads. Section 9 of openmmapi/docs/theory.md. */
class GatedTransformer : public Network {
public:
    GatedTransformer(const DenoiserModel& model, const std::string& precision);
    bool usesBefore() const override {
        return true;
    }
    const KernelTable& getTable() const override {
        return weights.table;
    }
    std::string getReason() const override {
        return "gated transformers have no other precision";
    }
    long countWords(const TokenInputs& inputs) const override;
    void setBatch(const Batch& batch, const std::vector<Pass>& passes, int numThreads) override;
    void prepareLevel(int level, double logSigma, const std::vector<int>& conditions) override;
    void evaluate(const NetworkTask& task, int thread, StageTaps* taps) override;
    void evaluateOnAll(const NetworkTask& task, OpenMM::ThreadPool& threads) override;
private:
    GatedPass bind(const NetworkTask& task) const {
        return {weights, inputs, task.pass, levels[task.level][task.pass.condition], ofRegisters, task.u, task.before};
    }
    PackedGatedWeights weights;
    GatedConditioning ofRegisters;
    std::vector<PairBiasInputs> inputs;                 // of the batch
    std::vector<GatedConditioning> levels[2];           // one for each condition that the batch uses
    std::vector<GatedWorkspace> workspaces;             // one a thread
};

} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_GATEDTRANSFORMER_H_
