// SPDX-License-Identifier: MIT
// The kernel of the OpenCL, CUDA and HIP platforms: all copies of a batch together, everything on the device.
#ifndef OPENMM_ORBIT_COMMONINTEGRATEORBITDIFFUSIONSTEPKERNEL_H_
#define OPENMM_ORBIT_COMMONINTEGRATEORBITDIFFUSIONSTEPKERNEL_H_

#include "CommonStages.h"
#include "Network.h"
#include "openmmorbit/internal/OrbitKernels.h"
#include "openmmorbit/internal/stages/Preconditioning.h"
#include <memory>

namespace OrbitPlugin {

/**
 * The network runs in the Context's real type, coordinates and the sampler in its mixed type. A step queues kernels and
 * waits for none; a copy's result does not depend on the batch it is in.
 */
class CommonIntegrateOrbitDiffusionStepKernel : public IntegrateOrbitDiffusionStepKernel {
public:
    CommonIntegrateOrbitDiffusionStepKernel(const std::string& name, const OpenMM::Platform& platform,
        OpenMM::ComputeContext& context) :
            IntegrateOrbitDiffusionStepKernel(name, platform), context(context), platformName(platform.getName()) {
    }
    ~CommonIntegrateOrbitDiffusionStepKernel() override;
    void initialize(const OpenMM::System& system, const DenoiserModel& model) override;
    void setBatch(const Batch& batch) override;
    void start() override;
    void execute(int step) override;
    void evaluate(double sigma, std::vector<double>& denoised, StageTaps* taps) override;
    std::vector<double> getPositions() const override;
    void setPositions(const std::vector<double>& positions) override;
    std::vector<double> getSamplerState() const override;
    void setSamplerState(const std::vector<double>& state) override;
    void gather(OpenMM::ContextImpl& context) override;
    void scatter(OpenMM::ContextImpl& context) override;
    std::string getDescription() const override;
    /** Get the device's side of the Context. */
    OpenMM::ComputeContext& getDevice() {
        return context;
    }
private:
    /** Put given coordinates of all copies, centred, into the positions. */
    void centerPositions(const std::vector<double>& values);
    /** What the denoiser reads: noise level, positions, and positions as they were denoised before, or null. */
    struct DenoiserInput {
        double sigma;
        common::Buffer& y;
        common::Buffer* before;
    };
    /** Queue the evaluation of the denoiser of every copy, its guidance in those steps that have it, and clamping. */
    void denoiseAndGuide(const StepLevels& levels, const DenoiserInput& input, common::Buffer& denoised);
    /** Queue the evaluation of the denoiser of every copy on the given positions. */
    void denoise(const DenoiserInput& input, common::Buffer& denoised, StageTaps* taps);
    /** Get the positions as the last step denoised them; null without such a step, or if the network has no use. */
    common::Buffer* findBefore();

    OpenMM::ComputeContext& context;
    std::string platformName;
    std::unique_ptr<common::Network> network;
    std::unique_ptr<common::DeviceBatch> arrays;
    std::unique_ptr<common::ContextOrder> order;
    Batch batch;
    int historyStep = -1;       // the step that filled previousDenoised
    double unitInNanometers = 0.1, dataScale = 1;
    Parametrization parametrization = Parametrization::Edm;
    int pointsPerToken = 1;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_COMMONINTEGRATEORBITDIFFUSIONSTEPKERNEL_H_
