// SPDX-License-Identifier: MIT
// Lone pairs of specified centres at the head of bridges: in small cages they point outside.
#ifndef OPENMM_ORBIT_LONEPAIRS_H_
#define OPENMM_ORBIT_LONEPAIRS_H_

#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/internal/ArrayView.h"
#include <array>
#include <vector>

namespace OrbitPlugin {

/** A centre of three neighbours, and the atoms of the rings of up to 8 atoms that bridge it. */
struct LonePair {
    int center = 0;
    std::array<int, 3> neighbors{{0, 0, 0}};
    std::vector<int> cage;
};

/** Find the specified centres with a lone pair in two rings of up to 8 atoms that share more than one bond. */
std::vector<LonePair> findLonePairs(const MolecularGraph& graph);

/** Whether a lone pair points away from the middle of its cage; positions [numAtoms * 3], any unit. */
bool pointsOutside(const LonePair& lonePair, ArrayView<const double> positions);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_LONEPAIRS_H_
