// SPDX-License-Identifier: MIT
// The posterior of samples whose noise was aligned with the clean positions: Kabsch coupling and orbit optimal
// transport.
#ifndef OPENMM_ORBIT_ALIGNEDPOSTERIOR_H_
#define OPENMM_ORBIT_ALIGNEDPOSTERIOR_H_

#include "NoiseModel.h"
#include "openmmorbit/internal/ArrayView.h"

namespace OrbitPlugin {

/** What the posterior of an aligned sample is made from; positions are centred [numAtoms * 3]. */
struct AlignedSample {
    const std::vector<double>& x1;
    const std::vector<double>& xt;
    double time;
    const NoiseModel& noise;
    ArrayView<const int> automorphisms;     ///< [order][numAtoms]
};

/** True if the inertia tensor of the positions has a vanishing eigenvalue: linear molecules, one or two atoms. */
bool isLinear(const std::vector<double>& positions);

/** Compute mean, x0Mean and velocity of the Kabsch coupling, (2.11) to (2.14). The molecule is not linear. */
OrbitPosteriorResult kabschPosterior(const AlignedSample& sample);

/** Compute mean, x0Mean and velocity of orbit optimal transport with sigma = 0: one point of the orbit. */
OrbitPosteriorResult transportPosterior(const AlignedSample& sample);

/** Move noise by the rotation and listed permutation that bring it closest to x1. */
std::vector<double> alignNoise(const std::vector<double>& x0, const std::vector<double>& x1,
        ArrayView<const int> automorphisms);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_ALIGNEDPOSTERIOR_H_
