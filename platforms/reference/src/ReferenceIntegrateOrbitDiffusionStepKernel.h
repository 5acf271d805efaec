// SPDX-License-Identifier: MIT
// The kernel of the Reference platform: the stages in double precision, one copy after another.
#ifndef OPENMM_ORBIT_REFERENCEINTEGRATEORBITDIFFUSIONSTEPKERNEL_H_
#define OPENMM_ORBIT_REFERENCEINTEGRATEORBITDIFFUSIONSTEPKERNEL_H_

#include "Denoiser.h"
#include "openmmorbit/internal/OrbitKernels.h"
#include <memory>

namespace OrbitPlugin {

class ReferenceIntegrateOrbitDiffusionStepKernel : public IntegrateOrbitDiffusionStepKernel {
public:
    ReferenceIntegrateOrbitDiffusionStepKernel(const std::string& name, const OpenMM::Platform& platform) :
            IntegrateOrbitDiffusionStepKernel(name, platform) {
    }
    void initialize(const OpenMM::System& system, const DenoiserModel& model) override;
    void setBatch(const Batch& batch) override;
    void drawPrior() override;
    void execute(int step) override;
    void evaluate(double sigma, std::vector<double>& denoised, StageTaps* taps) override;
    std::vector<double> getPositions() const override;
    void setPositions(const std::vector<double>& positions) override;
    std::vector<double> getSamplerState() const override;
    void setSamplerState(const std::vector<double>& state) override;
    void gather(OpenMM::ContextImpl& context) override;
    void scatter(OpenMM::ContextImpl& context) override;
    std::string getDescription() const override;
private:
    /** Evaluate the denoiser of every copy on the given positions. */
    void denoise(double sigma, const std::vector<double>& y, std::vector<double>& denoised, StageTaps* taps) const;
    std::unique_ptr<reference::Denoiser> denoiser;
    Batch batch;
    std::vector<int> firstAtoms;                        // [numCopies + 1]
    std::vector<double> positions, previousDenoised;    // [numAtoms][3]
    std::vector<double> centroids;                      // [numCopies][3], nm
    int historyStep = -1;                               // the step that filled previousDenoised
    double unitInNanometers = 0.1;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_REFERENCEINTEGRATEORBITDIFFUSIONSTEPKERNEL_H_
