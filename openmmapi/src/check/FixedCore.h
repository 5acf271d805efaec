// SPDX-License-Identifier: MIT
// Whether a molecule can have some of its atoms where they are given, and whether they show a hand.
#ifndef OPENMM_ORBIT_FIXEDCORE_H_
#define OPENMM_ORBIT_FIXEDCORE_H_

#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/internal/ArrayView.h"
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

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_FIXEDCORE_H_
