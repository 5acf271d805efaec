// SPDX-License-Identifier: MIT
// The ringFace feature: relations between substituents of ring atoms that a reflection leaves unchanged.
#ifndef OPENMM_ORBIT_RINGFACES_H_
#define OPENMM_ORBIT_RINGFACES_H_

#include "openmmorbit/MolecularGraph.h"
#include <vector>

namespace OrbitPlugin {

/**
 * Compare the faces of every ring on which the substituents of its specified centres stand. The relation depends
 * neither on the order of neighbours and atoms nor on the handedness of the whole molecule: a reflection inverts all
 * centres and keeps it.
 *
 * @return [numAtoms * numAtoms] 1 if both atoms are substituents of different centres of a ring on the same face, 2 on
 *         opposite faces, 0 if nothing is specified or two rings disagree
 */
std::vector<int> computeRingFaces(const MolecularGraph& graph);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_RINGFACES_H_
