// SPDX-License-Identifier: MIT
// What the kernels of the Reference and CPU platforms share: coordinates in double precision, the sampler, the Context.
#ifndef OPENMM_ORBIT_HOSTINTEGRATEORBITDIFFUSIONSTEPKERNEL_H_
#define OPENMM_ORBIT_HOSTINTEGRATEORBITDIFFUSIONSTEPKERNEL_H_

#include "openmmorbit/internal/ArrayView.h"
#include "openmmorbit/internal/OrbitKernels.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <functional>
#include <vector>

namespace OrbitPlugin {

/**
 * For platforms whose Context keeps its positions in ReferencePlatform::PlatformData. Such a platform adds the network
 * and decides which thread takes which copy; copies are independent of each other.
 */
class OPENMM_EXPORT_ORBIT HostIntegrateOrbitDiffusionStepKernel : public IntegrateOrbitDiffusionStepKernel {
public:
    HostIntegrateOrbitDiffusionStepKernel(const std::string& name, const OpenMM::Platform& platform) :
            IntegrateOrbitDiffusionStepKernel(name, platform) {
    }
    void initialize(const OpenMM::System& system, const DenoiserModel& model) override;
    void setBatch(const Batch& batch) override;
    std::vector<double> getPositions() const override;
    void setPositions(const std::vector<double>& positions) override;
    std::vector<double> getSamplerState() const override;
    void setSamplerState(const std::vector<double>& state) override;
    void gather(OpenMM::ContextImpl& context) override;
    void scatter(OpenMM::ContextImpl& context) override;
protected:
    /**
     * The denoiser (3.2) of one copy: noise level, coordinates y [numAtoms of the copy][3], output D of the same shape.
     */
    typedef std::function<void(double sigma, ArrayView<const double> y, ArrayView<double> denoised)> Denoise;
    /** Room for one copy: [3 * its atoms] each. */
    struct StepBuffers {
        ArrayView<double> denoised, predicted, predictedDenoised, unguided;
    };
    /** Draw the prior of one copy. */
    void drawCopy(int copy, ArrayView<double> noise);
    /** Take one copy through a step. */
    void stepCopy(int copy, int step, const StepBuffers& buffers, const Denoise& denoise);
    /** Get the part of an array of all copies [numAtoms][3] that belongs to one copy. */
    template <class T>
    ArrayView<T> getRows(int copy, ArrayView<T> values) const {
        return values.slice(3 * batch.copies[copy].firstAtom, 3 * batch.getNumAtoms(copy));
    }

    Batch batch;
    std::vector<double> positions;                      // [numAtoms][3]
    int historyStep = -1;                               // the last step that all copies have taken, -1: none
private:
    /** The deterministic part of a step, (5.1) to (5.4). */
    void stepDown(int copy, const StepLevels& levels, const StepBuffers& buffers, const Denoise& denoise);

    std::vector<int> firstAtoms;                        // [numCopies + 1]
    std::vector<double> previousDenoised;               // [numAtoms][3], of historyStep
    std::vector<double> centroids;                      // [numCopies][3], nm
    double unitInNanometers = 0.1;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_HOSTINTEGRATEORBITDIFFUSIONSTEPKERNEL_H_
