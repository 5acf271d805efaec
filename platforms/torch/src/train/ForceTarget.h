// SPDX-License-Identifier: MIT
// Targets with less noise from the forces of frames: the score of the data, where it is known, tells what one frame
// does not.
#ifndef OPENMM_ORBIT_TORCH_FORCETARGET_H_
#define OPENMM_ORBIT_TORCH_FORCETARGET_H_

#include "StiffGeometry.h"
#include "SubjectFrames.h"
#include <vector>

namespace OrbitPlugin {
namespace torchimpl {

/**
 * Control variates of the regression target, (2.26) and (2.27) of theory.md. Frames of a simulation are drawn from
 * exp(−U/kT), so the gradient of the log posterior of clean positions x given noisy ones y, forces / kT − (x − y) / σ²,
 * has mean zero given y. Any matrix C(y) times it may be added to a target without a change of its mean. Here C is the
 * covariance of the posterior by a quadratic model of bonds and angles, which cancels most of the noise of a target
 * whose noise level is not far above the width of a bond.
 */
class ForceTarget {
public:
    /**
     * @param neighbors   bonded neighbours of every atom
     * @param frames      of the system, with forces
     */
    ForceTarget(const std::vector<std::vector<int>>& neighbors, const SubjectFrames& frames);
    /** Get why the forces cannot be those of the frames at their temperature, and are not used; empty if they can. */
    const std::string& getFault() const {
        return fault;
    }
    /** Whether targets at a noise level gain from forces. */
    bool helps(double sigma) const;
    /**
     * Take noise out of a target.
     *
     * @param x1       [numAtoms * 3] clean positions, centred
     * @param score    [numAtoms * 3] forces / kT at x1
     * @param y        [numAtoms * 3] noisy positions
     * @param sigma    noise level
     * @param target   [numAtoms * 3], changed
     */
    void reduceNoise(const std::vector<double>& x1, const std::vector<double>& score, const std::vector<double>& y,
            double sigma, std::vector<double>& target) const;
private:
    std::string findFault(const SubjectFrames& frames) const;
    /** How far bonds and angles are from their means, as displacements of the atoms. */
    at::Tensor getStrain(const at::Tensor& positions) const;
    /** How stiff everything but bonds and angles is taken to be. */
    double getSoftness() const;
    StiffGeometry geometry;
    bool hasEnough = false;     ///< frames, to know the widths of bonds and angles
    std::string fault;
};

} // namespace torchimpl
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TORCH_FORCETARGET_H_
