// SPDX-License-Identifier: MIT
// The kernel of the Reference platform: the stages in double precision, one copy after another.
#ifndef OPENMM_ORBIT_REFERENCEINTEGRATEORBITDIFFUSIONSTEPKERNEL_H_
#define OPENMM_ORBIT_REFERENCEINTEGRATEORBITDIFFUSIONSTEPKERNEL_H_

#include "Denoiser.h"
#include "host/HostIntegrateOrbitDiffusionStepKernel.h"
#include <memory>

namespace OrbitPlugin {

class ReferenceIntegrateOrbitDiffusionStepKernel : public HostIntegrateOrbitDiffusionStepKernel {
public:
    using HostIntegrateOrbitDiffusionStepKernel::HostIntegrateOrbitDiffusionStepKernel;
    void initialize(const OpenMM::System& system, const DenoiserModel& model) override;
    void start() override;
    void execute(int step) override;
    void evaluate(double sigma, std::vector<double>& denoised, StageTaps* taps) override;
    std::string getDescription() const override;
private:
    /** Evaluate the denoiser of all copies, D [numPoints][3]. */
    void denoiseCopies(const DenoiserInput& input, ArrayView<double> denoised, StageTaps* taps) const;
    std::unique_ptr<reference::Denoiser> denoiser;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_REFERENCEINTEGRATEORBITDIFFUSIONSTEPKERNEL_H_
