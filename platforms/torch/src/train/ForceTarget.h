// SPDX-License-Identifier: MIT
// Targets with less noise from the forces of frames: the score of the data, where it is known, tells what one frame
// does not.
#ifndef OPENMM_ORBIT_TORCH_FORCETARGET_H_
#define OPENMM_ORBIT_TORCH_FORCETARGET_H_

#include "StiffGeometry.h"
#include "SubjectFrames.h"
#include <string>
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
    /** Get why the forces are not used at any noise level; empty if they are. */
    const std::string& getFault() const {
        return fault;
    }
    /** Compare more frames of the system with what is known of it: if their forces do not fit, none are used. */
    void check(const SubjectFrames& frames);
    /** Whether forces are used at a noise level: where they made the noise of some frames' targets less. */
    bool helps(double sigma) const;
    /**
     * Take noise out of a target. One of a frame with forces far above the usual ones stays as it is.
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
    struct Sample {
        Eigen::VectorXd positions, score;
        double temperature;         ///< K
    };
    static std::vector<Sample> takeSamples(const SubjectFrames& frames);
    void measureForces(const std::vector<Sample>& samples);
    void findFault(const std::vector<Sample>& samples);
    void findLevels(const std::vector<Sample>& samples);
    /** Get what is added to a target, and the most likely clean positions by the quadratic model. */
    Eigen::VectorXd computeVariate(const Eigen::VectorXd& x1, const Eigen::VectorXd& score, const Eigen::VectorXd& y,
            double sigma, Eigen::VectorXd& likely) const;
    /** How far bonds and angles are from their means, as displacements of the atoms. */
    Eigen::VectorXd getStrain(const Eigen::VectorXd& positions) const;
    /** How stiff everything but bonds and angles is taken to be. */
    double getSoftness() const;
    StiffGeometry geometry;
    Eigen::VectorXd excess;         ///< [numAtoms * 3] variance of the scores that bonds and angles do not explain
    double usualSquare = 0;         ///< median of the squared scores of a frame
    std::vector<bool> levels;       ///< whether forces help, for ranges of noise levels
    std::string fault;
};

} // namespace torchimpl
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TORCH_FORCETARGET_H_
