// SPDX-License-Identifier: MIT
// Bond orders, charges and stereochemistry of the residues of a topology.
#ifndef OPENMM_ORBIT_RESIDUES_H_
#define OPENMM_ORBIT_RESIDUES_H_

#include "Molecules.h"
#include "openmmorbit/TopologyReader.h"
#include <vector>

namespace OrbitPlugin {
namespace chem {

/** Whether RDKit's PDB residues, or we, know the bond orders of a residue. */
bool isStandardResidue(const std::string& name);

/** Set the bond orders of standard residues in a molecule whose atoms are those of the topology. */
void assignStandardResidues(const TopologyRecord& topology, RDKit::RWMol& mol);

/**
 * Give the atoms of one residue the bond orders, charges and stereochemistry of its SMILES.
 *
 * @param residue    index of the residue
 * @param complete   whether the topology has hydrogens
 * @throws ArgumentError if the SMILES has other atoms or bonds
 */
void assignFromSmiles(const TopologyRecord& topology, int residue, bool complete, RDKit::RWMol& mol);

} // namespace chem
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_RESIDUES_H_
