// SPDX-License-Identifier: MIT
// Reads a molecule from the atoms, bonds and residues of a topology, and a SMILES for each unknown residue.
#ifndef OPENMM_ORBIT_TOPOLOGYREADER_H_
#define OPENMM_ORBIT_TOPOLOGYREADER_H_

#include "openmmorbit/MoleculeReader.h"
#include <map>
#include <string>
#include <vector>

namespace OrbitPlugin {

/** One atom of a topology. */
struct OPENMM_EXPORT_ORBIT TopologyAtom {
    std::string name;       ///< e.g. "CA"
    int element = 0;        ///< atomic number
    int residue = 0;        ///< index of its residue
    int formalCharge = 0;   ///< in units of the elementary charge; 0 if unknown
};

/** One bond of a topology. */
struct OPENMM_EXPORT_ORBIT TopologyBond {
    int atom1 = 0, atom2 = 0;   ///< indices of the two atoms
    int order = 0;              ///< 1, 2 or 3; 4 for aromatic, 0 if unknown
};

/** What an OpenMM Topology says about one molecule. */
struct OPENMM_EXPORT_ORBIT TopologyRecord {
    std::vector<TopologyAtom> atoms;            ///< in the topology's order, those of a residue together
    std::vector<TopologyBond> bonds;            ///< each bond once
    std::vector<std::string> residueNames;      ///< name of every residue
    std::vector<std::string> residueIds;        ///< residue number of every residue, for messages; may be empty
    std::map<std::string, std::string> smiles;  ///< residue name to SMILES, for residues that are not standard
};

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
