// SPDX-License-Identifier: MIT
// Groups of permutations of tokens as permutations of their points.
#ifndef OPENMM_ORBIT_ORBITPOINTS_H_
#define OPENMM_ORBIT_ORBITPOINTS_H_

#include "openmmorbit/internal/OrbitLattice.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <vector>

namespace OrbitPlugin {

/**
 * Let permutations of tokens act on points: point p of token a is taken from point p of token perm[a].
 *
 * @param permutations   [order][numTokens]
 * @return [order][numTokens * pointsPerToken]
 */
OPENMM_EXPORT_ORBIT std::vector<int> expandToPoints(const std::vector<int>& permutations, int pointsPerToken);
/** Get the group that moves all points of a token together; its atoms are points. */
OPENMM_EXPORT_ORBIT LatticeGroup expandToPoints(const LatticeGroup& group, int pointsPerToken);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_ORBITPOINTS_H_
