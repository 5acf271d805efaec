// SPDX-License-Identifier: MIT
// Ranks of atoms by colour refinement: atoms that a symmetry exchanges share a rank.
#ifndef OPENMM_ORBIT_ATOMRANKS_H_
#define OPENMM_ORBIT_ATOMRANKS_H_

#include "openmmorbit/MolecularGraph.h"
#include <map>
#include <utility>
#include <vector>

namespace OrbitPlugin {

/** Neighbours with the class of their bond. */
typedef std::vector<std::vector<std::pair<int, int>>> BondedAtoms;

/** What the refinement knows about the stereo records of a graph. */
struct StereoKnowledge {
    std::vector<int> atomLabels;                ///< 0, or 1 and 2 for the two parities of a centre
    std::map<std::pair<int, int>, int> axes;    ///< label of an axis whose end atoms are distinguished
};

/** Get for every atom its neighbours with the class of their bond. */
BondedAtoms getBondedAtoms(const MolecularGraph& graph);

/** Rank the atoms by colour refinement. Atoms that a symmetry of the graph and the labels exchanges share a rank. */
std::vector<int> rankAtoms(const MolecularGraph& graph, const BondedAtoms& bonded, const StereoKnowledge& known);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_ATOMRANKS_H_
