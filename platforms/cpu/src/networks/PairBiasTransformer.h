// SPDX-License-Identifier: MIT
// The pair-bias transformer, composed of the CPU's stages.
#ifndef OPENMM_ORBIT_CPU_PAIRBIASTRANSFORMER_H_
#define OPENMM_ORBIT_CPU_PAIRBIASTRANSFORMER_H_

#include "../CpuStages.h"
#include "../Network.h"

namespace OrbitPlugin {
namespace cpu {

/** Owns the packed weights of a model and the arrays of all threads. Section 4 of openmmapi/docs/theory.md. */
class PairBiasTransformer : public Network {
public:
    PairBiasTransformer(const DenoiserModel& model, const std::string& precision);
    const KernelTable& getTable() const override {
        return *weights.kernels.operand;
    }
    std::string getReason() const override {
        return weights.kernels.reason;
    }
    bool usesBefore() const override {
        return weights.settings.selfConditioning;
    }
    long countWords(const TokenInputs& inputs) const override {
        return countBiasWords(weights, inputs.numTokens);
    }
    void setBatch(const Batch& batch, const std::vector<Pass>& passes, int numThreads) override;
    void prepareLevel(int level, double logSigma, const std::vector<int>& conditions) override;
    void evaluate(const NetworkTask& task, int thread, StageTaps* taps) override;
    void evaluateOnAll(const NetworkTask& task, OpenMM::ThreadPool& threads) override;

private:
    PairBiasPass bind(const NetworkTask& task) const {
        return {weights, inputs, task.pass, levels[task.level][task.pass.condition], task.before.size() > 0};
    }
    PairBiasWeights weights;
    std::vector<PairBiasInputs> inputs; // of the batch
    std::vector<Conditioning> levels[2]; // one for each condition that the batch uses
    std::vector<PairBiasWorkspace> workspaces; // one a thread
};

} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_PAIRBIASTRANSFORMER_H_
