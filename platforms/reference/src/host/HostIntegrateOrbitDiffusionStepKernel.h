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
 * and decides which thread takes which copies; copies are independent of each other.
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
    /** What a denoiser reads of all copies. */
    struct DenoiserInput {
        double sigma;                       ///< noise level
        ArrayView<const double> y;          ///< [numPoints][3] coordinates
        ArrayView<const double> before;     ///< [numPoints][3] coordinates as they were denoised before, or empty
    };
    /**
     * The denoiser (3.2) of the copies of a step: its input, and its output D [numPoints][3] of the whole batch. Only
     * the rows of those copies are read and written.
     */
    typedef std::function<void(const DenoiserInput& input, ArrayView<double> denoised)> Denoise;
    /** Get the coordinates as the last step denoised them; empty without such a step, or if the network has no use. */
    ArrayView<const double> getBefore() const {
        return usesBefore && historyStep >= 0 ? ArrayView<const double>(previousDenoised) : ArrayView<const double>();
    }
    /** Put one copy at the first noise level. */
    void startCopy(int copy);
    /** Take some copies, with their contrasts, through a step, evaluating the denoiser for all of them together. */
    void stepCopies(ArrayView<const int> copies, int step, const Denoise& denoise);
    /** Get the part of an array of all copies [numPoints][3] that belongs to one copy. */
    template <class T>
    ArrayView<T> getRows(int copy, ArrayView<T> values) const {
        return values.slice(3 * batch.copies[copy].firstPoint, 3 * batch.getNumPoints(copy));
    }
    /** The same of an array that may be empty. */
    ArrayView<const double> getRowsOf(int copy, ArrayView<const double> values) const {
        return values.size() == 0 ? values : getRows(copy, values);
    }

    Batch batch;
    std::vector<double> positions;                      // [numPoints][3]
    int historyStep = -1;                               // the last step that all copies have taken, -1: none
    bool usesBefore = false;                            // the network reads what was denoised before
private:
    /** Draw the noise of one copy, by key. @return an array of the present step, which is free outside stepDown() */
    ArrayView<double> drawNoise(std::uint64_t seed, int copy);
    /** Put given coordinates of one copy, centred, into positions. */
    void centerCopy(int copy, ArrayView<const double> values);
    /** The deterministic part of a step, (5.1) to (5.4). */
    void stepDown(ArrayView<const int> copies, const StepLevels& levels, ArrayView<const double> before,
            const Denoise& denoise);
    /** Put the fixed points of a copy to their places in its denoised positions. */
    void placeFixed(int copy, double sigma, ArrayView<double> denoised) const;
    /** Evaluate the denoiser, guide those copies that the step guides, and place fixed points. */
    void denoiseGuided(ArrayView<const int> copies, const StepLevels& levels, const DenoiserInput& input,
            ArrayView<double> guided, const Denoise& denoise);

    std::vector<int> firstPoints;                       // [numCopies + 1]
    std::vector<double> previousDenoised;               // [numPoints][3], of historyStep
    struct {
        std::vector<double> denoised, predicted, predictedDenoised, unguided;
    } now;                                              // [numPoints][3] each, of the present step
    std::vector<double> centroids;                      // [numCopies][3], nm
    double unitInNanometers = 0.1;
    int pointsPerToken = 1;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_HOSTINTEGRATEORBITDIFFUSIONSTEPKERNEL_H_
