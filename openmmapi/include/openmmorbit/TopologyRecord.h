// SPDX-License-Identifier: MIT
// The atoms, bonds, residues and chains of an OpenMM Topology, as flat lists.
#ifndef OPENMM_ORBIT_TOPOLOGYRECORD_H_
#define OPENMM_ORBIT_TOPOLOGYRECORD_H_

#include "openmmorbit/internal/windowsExportOrbit.h"
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

/** What an OpenMM Topology says. */
struct OPENMM_EXPORT_ORBIT TopologyRecord {
    std::vector<TopologyAtom> atoms;            ///< in the topology's order, those of a residue together
    std::vector<TopologyBond> bonds;            ///< each bond once
    std::vector<std::string> residueNames;      ///< name of every residue
    std::vector<std::string> residueIds;        ///< residue number of every residue, for messages; may be empty
    std::vector<int> residueChains;             ///< chain of every residue; empty: all residues are of one chain
    std::map<std::string, std::string> smiles;  ///< residue name to SMILES, for residues that are not standard
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TOPOLOGYRECORD_H_
