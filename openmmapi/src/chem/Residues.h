// SPDX-License-Identifier: MIT
// Bond orders, charges and stereochemistry of the residues of a topology.
#ifndef OPENMM_ORBIT_RESIDUES_H_
#define OPENMM_ORBIT_RESIDUES_H_

#include "Molecules.h"
#include "openmmorbit/TopologyReader.h"
#include <map>
#include <vector>

namespace OrbitPlugin {
namespace chem {

/** Map from atoms of a template to atoms of the molecule. */
typedef std::map<int, int> AtomMap;

/** Describe a residue for messages: its name and number, or its index if the numbers are unknown. */
std::string describeResidue(const TopologyRecord& topology, int residue);

/** Get the indices of a residue's atoms. */
std::vector<int> getAtoms(const TopologyRecord& topology, int residue);

/** Whether we know the bond orders of a residue by its name. */
bool isStandardResidue(const std::string& name);

/**
 * Give the atoms of a standard residue bond orders, charges and handedness.
 *
 * @param residue    index of the residue
 * @param mol        the molecule, whose atoms are those of the topology, with single bonds in this residue
 * @throws ArgumentError if the residue has heavy atoms of other names
 */
void assignStandardResidue(const TopologyRecord& topology, int residue, RDKit::RWMol& mol);

/**
 * Give the atoms of one residue the bond orders, charges, hydrogens and stereochemistry of its SMILES.
 *
 * @param residue    index of the residue
 * @param mol        the molecule, whose atoms are those of the topology
 * @throws ArgumentError if the SMILES has other atoms or bonds, or fewer hydrogens
 */
void assignFromSmiles(const TopologyRecord& topology, int residue, RDKit::RWMol& mol);

/**
 * Carry the handedness of a centre over from a template. One neighbour may differ: a hydrogen that lacks on either
 * side, or one in whose place the molecule has a bond to another residue.
 */
void copyHandedness(const RDKit::ROMol& pattern, const RDKit::Atom& source, const AtomMap& mapping, RDKit::RWMol& mol,
        RDKit::Atom& target);

} // namespace chem
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_RESIDUES_H_
