// SPDX-License-Identifier: MIT
// Torsions that have to lie in ranges: which can be turned, and which are outside.
#ifndef OPENMM_ORBIT_TORSIONRANGES_H_
#define OPENMM_ORBIT_TORSIONRANGES_H_

#include "openmmorbit/ConformerConstraints.h"
#include "openmmorbit/ConformerStatus.h"
#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/internal/ArrayView.h"
#include "openmmorbit/internal/stages/TurnTorsions.h"
#include <optional>
#include <string>
#include <vector>

namespace OrbitPlugin {

/** Say what is wrong with a range, as "expected ..., got ..."; empty if nothing is. */
std::string findRangeFault(const MolecularGraph& graph, const TorsionRange& range);

/** Say which of some ranges has the atoms of one, and no angle in common with it; empty if none does. */
std::string findContradiction(
        const MolecularGraph& graph, const TorsionRange& range, const std::vector<TorsionRange>& others);

/**
 * Plan how a torsion is turned: on the side without fixed atoms, or the smaller one.
 *
 * @param fixed   [numAtoms] 1: fixed; empty: none is
 * @return nothing if the bond is in a ring, or has fixed atoms on both sides
 */
std::optional<TurnedTorsion> planTurn(
        const MolecularGraph& graph, const TorsionRange& range, const std::vector<char>& fixed);

/** Clear the flag of constraints for every torsion outside its range; positions [numAtoms * 3], any unit. */
void inspectTorsions(const MolecularGraph& graph, const std::vector<TorsionRange>& ranges,
        ArrayView<const double> positions, ConformerStatus& status);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TORSIONRANGES_H_
