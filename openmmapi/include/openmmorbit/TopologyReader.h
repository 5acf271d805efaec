// SPDX-License-Identifier: MIT
// Reads a molecule from the atoms, bonds and residues of a topology, and a SMILES for each unknown residue.
#ifndef OPENMM_ORBIT_TOPOLOGYREADER_H_
#define OPENMM_ORBIT_TOPOLOGYREADER_H_

#include "openmmorbit/MoleculeReader.h"
#include "openmmorbit/TopologyRecord.h"

namespace OrbitPlugin {

/**
 * Read a molecule from a topology. Bond orders, charges, hydrogens and stereochemistry of a residue come from its
 * SMILES, if there is one; its atoms are matched by elements, bonds and the hydrogens that are present. Amino acids,
 * nucleotides, ACE, NME, NH2 and water are known by the names of their heavy atoms; if they have hydrogens, the charges
 * of N, acid oxygens and S follow from the numbers of bonds. Other residues need the order of every bond between heavy
 * atoms.
 *
 * @param topology   the molecule; missing hydrogens are appended, or the molecule is refused if the options say so
 * @param options    settings of the reader
 * @return a validated graph in the topology's atom order; its atom names are kept if all of them are different
 * @throws ArgumentError naming the residue if it is unknown, has other atoms than a standard one of its name, or a
 *                       SMILES with other atoms or bonds
 */
OPENMM_EXPORT_ORBIT MolecularGraph readTopology(const TopologyRecord& topology,
        const ReaderOptions& options = ReaderOptions());

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TOPOLOGYREADER_H_
