// SPDX-License-Identifier: MIT
// Finds bonds that pass through rings.
#ifndef OPENMM_ORBIT_RINGPIERCING_H_
#define OPENMM_ORBIT_RINGPIERCING_H_

#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/internal/ArrayView.h"
#include <vector>

namespace OrbitPlugin {

/** Rings that nothing can pass through, and the bonds that have no atom in them. */
struct PiercingPlan {
    explicit PiercingPlan(const MolecularGraph& graph);
    std::vector<std::vector<int>> rings;    ///< of at most 8 atoms, in ring order
    std::vector<GraphBond> bonds;           ///< all of them
    std::vector<std::vector<char>> member;  ///< [numRings][numAtoms] whether the atom belongs to the ring
};

/** One bond through one ring; both -1 if there is none. */
struct Piercing {
    int ring = -1, bond = -1;
};

/** Find the first bond that passes through the surface of a ring; positions [numAtoms * 3]. */
Piercing findPiercing(const PiercingPlan& plan, ArrayView<const double> positions);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_RINGPIERCING_H_
