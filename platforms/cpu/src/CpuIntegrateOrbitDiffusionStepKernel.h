// SPDX-License-Identifier: MIT
// The kernel of the CPU platform: OpenMM's threads take passes of several copies through a whole step.
#ifndef OPENMM_ORBIT_CPUINTEGRATEORBITDIFFUSIONSTEPKERNEL_H_
#define OPENMM_ORBIT_CPUINTEGRATEORBITDIFFUSIONSTEPKERNEL_H_

#include "Network.h"
#include "host/HostIntegrateOrbitDiffusionStepKernel.h"
#include "openmmorbit/internal/stages/Preconditioning.h"
#include <functional>
#include <memory>

namespace OrbitPlugin {

/**
 * Positions and the sampler are double precision; the network is single precision, or BF16 with single precision sums.
 * A copy's result does not depend on the batch it is in nor on the number of threads, to the last bit.
 */
class OPENMM_EXPORT_ORBIT CpuIntegrateOrbitDiffusionStepKernel : public HostIntegrateOrbitDiffusionStepKernel {
public:
    /** The kernel keeps a reference to the threads of the Context. */
    CpuIntegrateOrbitDiffusionStepKernel(const std::string& name, const OpenMM::Platform& platform,
        OpenMM::ThreadPool& threads) :
            HostIntegrateOrbitDiffusionStepKernel(name, platform), threads(threads) {
    }
    void setPrecision(const std::string& precision) override;
    void initialize(const OpenMM::System& system, const DenoiserModel& model) override;
    void setBatch(const Batch& batch) override;
    void start() override;
    void execute(int step) override;
    void evaluate(double sigma, std::vector<double>& denoised, StageTaps* taps) override;
    std::string getDescription() const override;
private:
    /** A noise level that the network is prepared for. */
    struct Level {
        int place; // in the network
        double sigma = 0;
        Preconditioning factors = {};
    };
    /** Prepare the network for a noise level above 0. Does nothing if it is. */
    void prepareLevel(double sigma, Level& level);
    /** Call task(pass, thread) for every pass, each once, on all threads unless the threads share single passes. */
    void forEachPass(const std::function<void(const cpu::Pass&, int thread)>& task);
    /** Evaluate the denoiser (3.2) of a pass at a prepared level; D [numPoints of the batch][3]. */
    void denoisePass(const cpu::Pass& pass, const DenoiserInput& input, ArrayView<double> denoised, int thread,
            StageTaps* taps);
    /** Whether a pass is shared out over the threads: it is one large copy, and there are fewer passes than threads. */
    bool isShared(const cpu::Pass& pass) const;

    OpenMM::ThreadPool& threads;
    std::string precision;                              // empty means the processor's best
    std::unique_ptr<cpu::Network> network;
    double dataScale = 1;
    Parametrization parametrization = Parametrization::Edm;
    std::vector<int> conditions; // those in use
    cpu::PassPlan plan;
    std::vector<cpu::Pass> passes;                      // those that threads share, then the others, the largest first
    int numShared = 0;
    std::vector<double> scaled, output; // u and F [numPoints][3]
    Level level{0}, nextLevel{1};
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPUINTEGRATEORBITDIFFUSIONSTEPKERNEL_H_
