// SPDX-License-Identifier: MIT
// Whether the particles of a System are the atoms of a molecule, in their order: their masses tell.
#ifndef OPENMM_ORBIT_PARTICLEMASSES_H_
#define OPENMM_ORBIT_PARTICLEMASSES_H_

#include "openmm/System.h"
#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <string>
#include <vector>

namespace OrbitPlugin {

/**
 * Check the masses of a molecule's particles: an atom and its hydrogens weigh together what their elements do, also if
 * the hydrogens were made heavier. Masses that are all equal say nothing, and atoms beside particles of mass 0, which
 * OpenMM keeps in place, are not checked.
 *
 * @param method      for the message, e.g. "Ensemble::applyTo"
 * @param particles   [numAtoms] particle of every atom, in range
 * @throws ArgumentError naming the first particle and atom that disagree
 */
OPENMM_EXPORT_ORBIT void checkMasses(const std::string& method, const MolecularGraph& graph,
        const OpenMM::System& system, const std::vector<int>& particles);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_PARTICLEMASSES_H_
