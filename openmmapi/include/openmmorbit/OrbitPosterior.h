// SPDX-License-Identifier: MIT
// The exact posterior mean of the clean positions over the orbit of rotations and automorphisms.
#ifndef OPENMM_ORBIT_ORBITPOSTERIOR_H_
#define OPENMM_ORBIT_ORBITPOSTERIOR_H_

#include "openmmorbit/internal/windowsExportOrbit.h"
#include <string>
#include <utility>
#include <vector>

namespace OrbitPlugin {

/** Settings of the interpolant (1.1). Plain floats in one length unit. */
struct OPENMM_EXPORT_ORBIT OrbitPosteriorSettings {
    std::string prior = "gaussian";         ///< "gaussian" or "harmonic"
    std::string coupling = "independent";   ///< "independent"
    double sigma = 0.1;                     ///< bridge noise, in the length unit of the positions
    double priorScale = 1.0;                ///< s0 of the gaussian prior, in the length unit of the positions
};

/** What orbitPosterior() returns; positions are [numAtoms * 3], in the caller's length unit. */
struct OPENMM_EXPORT_ORBIT OrbitPosteriorResult {
    std::vector<double> mean;       ///< A of (2.7)
    std::vector<double> velocity;   ///< v* of (2.9)
    std::vector<double> x0Mean;     ///< (2.8)
    double logEvidence = 0;         ///< (2.10)
};

/**
 * Compute the mean of the orbit posterior over SO(3) x the listed automorphisms, equations (2.1) to (2.10) of
 * docs/theory.md. Source: arXiv 2502.09890, equations 7 to 10. Differs: computed in closed form, not sampled.
 *
 * @param x1              clean positions [numAtoms * 3]; centred internally
 * @param xt              noisy positions [numAtoms * 3]; centred internally
 * @param time            t in (0, 1), 0 is noise
 * @param bonds           atom pairs; required by the harmonic prior, ignored by the gaussian one
 * @param automorphisms   every element of the group, flattened [order][numAtoms], (P x)[a] = x[perm[a]]; empty means the
 *                        identity only
 * @param settings        prior, coupling and scales
 * @throws ArgumentError for sizes that disagree, values that are not finite, a time outside (0, 1), an index list that is
 *                       no permutation, a disconnected molecule with the harmonic prior
 */
OPENMM_EXPORT_ORBIT OrbitPosteriorResult orbitPosterior(const std::vector<double>& x1, const std::vector<double>& xt,
        double time, const std::vector<std::pair<int, int>>& bonds, const std::vector<int>& automorphisms,
        const OrbitPosteriorSettings& settings = OrbitPosteriorSettings());

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_ORBITPOSTERIOR_H_
