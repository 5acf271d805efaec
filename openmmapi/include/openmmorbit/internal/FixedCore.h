// SPDX-License-Identifier: MIT
// Whether a molecule can have some of its atoms where they are given, whether they show a hand, and what follows them.
#ifndef OPENMM_ORBIT_FIXEDCORE_H_
#define OPENMM_ORBIT_FIXEDCORE_H_

#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/internal/ArrayView.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <string>
#include <vector>

namespace OrbitPlugin {

/** Reflected in their plane, atoms that are nowhere farther from it than this move by less than 10^-5 nm. */
constexpr double FLAT_CORE_NANOMETERS = 4e-6;

/** Whether atoms lie in one plane. @param tolerance   largest distance from it, in the unit of the positions */
bool isFlat(ArrayView<const double> positions, const std::vector<int>& atoms, double tolerance);

/**
 * Inspect those shapes, distances, centres and axes of a molecule of which all atoms are known. A centre with one
 * unknown neighbour is known too.
 *
 * @param graph       the molecule
 * @param positions   [numAtoms * 3], Angstrom; those of other atoms are not looked at
 * @param known       [numAtoms] 1: known
 * @param all         false: only centres and axes
 * @return what is wrong, in words; empty if nothing is
 */
std::string findCoreFault(const MolecularGraph& graph, ArrayView<const double> positions,
        const std::vector<char>& known, bool all);

/**
 * Get the atom whose motion each atom makes when free atoms follow those that are fixed, (5.17) of docs/theory.md. Free
 * atoms that are bonded together, and to only one fixed atom, move with that one as one body. Others move alone.
 *
 * @param fixed   [numAtoms] 1: fixed
 * @return [numAtoms] indices of atoms, each fixed or the atom itself
 */
OPENMM_EXPORT_ORBIT std::vector<int> listLeaders(const MolecularGraph& graph, const std::vector<char>& fixed);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_FIXEDCORE_H_
