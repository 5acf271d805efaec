// SPDX-License-Identifier: MIT
// The regression targets of denoisers, from the plain sample to the exact mean over its orbit.
#ifndef OPENMM_ORBIT_ORBITTARGET_H_
#define OPENMM_ORBIT_ORBITTARGET_H_

#include "openmmorbit/OrbitPosterior.h"
#include <string>
#include <utility>
#include <vector>

namespace OrbitPlugin {

/** Regression targets, equations (2.15) to (2.19) of docs/theory.md. All but Paper have the same mean given xt. */
enum class OrbitTarget {
    Plain = 0,          ///< x1 itself
    MonteCarlo = 1,     ///< self-normalised mean over random rotations and automorphisms, the identity among them
    Paper = 2,          ///< as MonteCarlo, with the published temperature and isotropic variance; biased
    Exact = 3,          ///< the posterior mean A
    ExactVelocity = 4,  ///< the posterior mean A, for velocities averaged over the noise x0 too
    Quotient = 5        ///< x1 without the component along rotations of xt
};

/** Get the name of a target as settings files write it, e.g. "exactVelocity". */
OPENMM_EXPORT_ORBIT std::string getName(OrbitTarget target);
/** Get the name of a coupling as settings files write it, e.g. "orbitOT". */
OPENMM_EXPORT_ORBIT std::string getName(OrbitCoupling coupling);
/** Get a target by its name. @throws ArgumentError listing the names */
OPENMM_EXPORT_ORBIT OrbitTarget parseOrbitTarget(const std::string& name);
/** Get a coupling by its name. @throws ArgumentError listing the names */
OPENMM_EXPORT_ORBIT OrbitCoupling parseOrbitCoupling(const std::string& name);

/** Settings of orbitTarget(). */
struct OPENMM_EXPORT_ORBIT OrbitTargetSettings {
    OrbitTarget target = OrbitTarget::Exact;    ///< what the network regresses on
    OrbitPosteriorSettings posterior;           ///< prior, coupling and scales
    int numRotations = 200;                     ///< rotations drawn for MonteCarlo and Paper, the identity included
    int numAutomorphisms = 50;                  ///< automorphisms drawn likewise; smaller groups are listed
    int seed = 1;                               ///< random seed of the rotations and automorphisms

    /** Check the values. @throws ArgumentError for settings that do not belong together */
    void validate() const;
};

/** What orbitTarget() returns; [numAtoms * 3], in the caller's length unit. */
struct OPENMM_EXPORT_ORBIT OrbitTargetResult {
    std::vector<double> positions;  ///< target of a network that predicts clean positions
    std::vector<double> velocity;   ///< target of a network that predicts the velocity of the interpolant
};

/**
 * Compute the regression target of one training sample, whose true group element is the identity: xt was made from x0
 * and x1 by (1.1). Arrays are as for orbitPosterior().
 *
 * @param x1              clean positions [numAtoms * 3]; centred internally
 * @param x0              noise [numAtoms * 3], after the coupling; centred internally
 * @param xt              noisy positions [numAtoms * 3]; centred internally
 * @param time            t in (0, 1)
 * @param bonds           required by the harmonic prior
 * @param automorphisms   every element of the group, flattened; empty means the identity only
 * @param settings        target, posterior and number of samples
 * @throws ArgumentError as orbitPosterior(), and for settings that do not belong together
 */
OPENMM_EXPORT_ORBIT OrbitTargetResult orbitTarget(const std::vector<double>& x1, const std::vector<double>& x0,
        const std::vector<double>& xt, double time, const std::vector<std::pair<int, int>>& bonds,
        const std::vector<int>& automorphisms, const OrbitTargetSettings& settings = OrbitTargetSettings());

/**
 * Remove the component along rotations of some positions from vectors on the atoms, (2.19).
 *
 * @param vectors     [numAtoms * 3]
 * @param positions   [numAtoms * 3], centred
 * @return v - omega x positions; linear molecules have no rotation about their axis, and it is left out
 */
OPENMM_EXPORT_ORBIT std::vector<double> projectHorizontal(const std::vector<double>& vectors,
        const std::vector<double>& positions);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_ORBITTARGET_H_
