// SPDX-License-Identifier: MIT
// A System for any organic molecule: the MMFF94 force field as OpenMM forces.
#ifndef OPENMM_ORBIT_MMFFSYSTEM_H_
#define OPENMM_ORBIT_MMFFSYSTEM_H_

#include "openmm/System.h"
#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <memory>
#include <string>

namespace OrbitPlugin {

/**
 * Make a System of one molecule in vacuum with MMFF94 or MMFF94s. Types, charges and parameters come from RDKit, the
 * energy is that of RDKit's implementation. No cutoff, no constraints, natural masses, particles in the order of the
 * atoms.
 *
 * The forces are, in this order: bonds, angles, linear angles (if there are any), stretch-bend, out-of-plane, torsions,
 * nonbonded (buffered 14-7 and buffered Coulomb, with per-particle parameters, so that several molecules can share it),
 * and a term that subtracts a quarter of the electrostatics of 1-4 pairs. Each force has a name.
 *
 * Source: doi:10.1002/(SICI)1096-987X(199604)17:5/6<490::AID-JCC1>3.0.CO;2-P and the papers that follow it.
 *
 * @param graph     the molecule, all hydrogens included
 * @param variant   "MMFF94", or "MMFF94s" with its planar nitrogens
 * @return a System that the caller owns
 * @throws ArgumentError naming the atom that MMFF94 has no parameters for
 */
OPENMM_EXPORT_ORBIT OpenMM::System* createMMFFSystem(
        const MolecularGraph& graph, const std::string& variant = "MMFF94");

/** Make the same System as createMMFFSystem(), in a smart pointer. */
OPENMM_EXPORT_ORBIT std::unique_ptr<OpenMM::System> makeMMFFSystem(const MolecularGraph& graph,
        const std::string& variant = "MMFF94");

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_MMFFSYSTEM_H_
