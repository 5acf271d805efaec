// SPDX-License-Identifier: MIT
// The exact mean of the clean positions, given noisy ones, over rotations and automorphisms of a molecule.
#ifndef OPENMM_ORBIT_ORBITPOSTERIOR_H_
#define OPENMM_ORBIT_ORBITPOSTERIOR_H_

#include "openmmorbit/OrbitRotations.h"
#include "openmmorbit/Symmetry.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <string>
#include <utility>
#include <vector>

namespace OrbitPlugin {

/**
 * How the noise x0 of a sample is matched with its clean positions x1. The posterior depends on the coupling: with
 * Kabsch only permutations are averaged, equations (2.11) to (2.14); with OrbitOT only one group element is left.
 */
enum class OrbitCoupling {
    Independent = 0,    ///< x0 is drawn without looking at x1
    Kabsch = 1,         ///< x0 is rotated onto x1
    OrbitOT = 2         ///< x0 is rotated and permuted onto x1, equivariant optimal transport; sigma must be 0
};

/** Settings of the interpolant (1.1). Plain floats in one length unit. */
struct OPENMM_EXPORT_ORBIT OrbitPosteriorSettings {
    std::string prior = "gaussian";         ///< "gaussian" or "harmonic"
    OrbitCoupling coupling = OrbitCoupling::Independent;    ///< how x0 and x1 are matched
    OrbitRotations rotations = OrbitRotations::Proper;      ///< WithReflections needs the independent coupling
    double sigma = 0.1;                     ///< bridge noise, in the length unit of the positions
    double priorScale = 1.0;                ///< s0 of the gaussian prior, in the length unit of the positions
};

/** Settings of the lattice rule, equations (2.20) to (2.25), for groups that are too large to list. */
struct OPENMM_EXPORT_ORBIT OrbitLatticeSettings {
    int maxOrder = 5000;    ///< smaller groups are listed, which is exact
    int numPoints = 512;    ///< rotations in every stratum, a power of 2, at least 8
    /**
     * True if xt was made from x1 itself and not from another element of its orbit, as in training: then the mean is
     * unbiased for any number of points. If false, the error falls with the number of points.
     */
    bool pinned = false;
    int seed = 1;           ///< random seed of the shift of the lattice
};

/** What orbitPosterior() returns; positions are [numAtoms * 3], in the caller's length unit. */
struct OPENMM_EXPORT_ORBIT OrbitPosteriorResult {
    std::vector<double> mean;       ///< A of (2.7)
    std::vector<double> velocity;   ///< v* of (2.9), or (2.14)
    std::vector<double> x0Mean;     ///< (2.8), or the mean of ŷ in (2.13)
    double logEvidence = 0;         ///< (2.10); 0 for couplings other than Independent
};

/**
 * Compute the mean of the orbit posterior over rotations x the listed automorphisms, equations (2.1) to (2.14) of
 * docs/theory.md. Source: arXiv 2502.09890, equations 7 to 10. Differs: computed in closed form, not sampled.
 *
 * @param x1              clean positions [numAtoms * 3]; centred internally
 * @param xt              noisy positions [numAtoms * 3]; centred internally
 * @param time            t in (0, 1), 0 is noise
 * @param bonds           atom pairs; required by the harmonic prior, ignored by the gaussian one
 * @param automorphisms   every element of the group, flattened [order][numAtoms], (P x)[a] = x[perm[a]]; empty means
 *                        the identity only
 * @param settings        prior, coupling and scales
 * @throws ArgumentError for sizes that disagree, values that are not finite, a time outside (0, 1), an index list that
 *                       is no permutation, a disconnected molecule with the harmonic prior, a linear molecule with
 *                       the Kabsch coupling, and settings that do not belong together
 */
OPENMM_EXPORT_ORBIT OrbitPosteriorResult orbitPosterior(const std::vector<double>& x1, const std::vector<double>& xt,
        double time, const std::vector<std::pair<int, int>>& bonds, const std::vector<int>& automorphisms,
        const OrbitPosteriorSettings& settings = OrbitPosteriorSettings());

/**
 * As above for a group of any size: listed if it is small, averaged by the lattice rule otherwise.
 *
 * @param group     the whole group, as findSymmetryGroup() returns it
 * @param lattice   settings for groups too large to list; these need the independent coupling
 */
OPENMM_EXPORT_ORBIT OrbitPosteriorResult orbitPosterior(const std::vector<double>& x1, const std::vector<double>& xt,
        double time, const std::vector<std::pair<int, int>>& bonds, const SymmetryGroup& group,
        const OrbitPosteriorSettings& settings, const OrbitLatticeSettings& lattice);

/**
 * Match noise with clean positions: the independent coupling leaves x0 as it is, Kabsch rotates it onto x1, OrbitOT
 * moves it by the rotation and automorphism that bring it closest to x1.
 *
 * @param x0              noise [numAtoms * 3], centred
 * @param x1              clean positions [numAtoms * 3], centred
 * @param automorphisms   as for orbitPosterior(); read by OrbitOT only
 * @throws ArgumentError for sizes that disagree, values that are not finite, an index list that is no permutation
 */
OPENMM_EXPORT_ORBIT std::vector<double> coupleNoise(const std::vector<double>& x0, const std::vector<double>& x1,
        const std::vector<int>& automorphisms, OrbitCoupling coupling);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_ORBITPOSTERIOR_H_
