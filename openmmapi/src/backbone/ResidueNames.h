// SPDX-License-Identifier: MIT
// The twenty standard residues.
#ifndef OPENMM_ORBIT_RESIDUENAMES_H_
#define OPENMM_ORBIT_RESIDUENAMES_H_

#include <algorithm>
#include <array>
#include <string>

namespace OrbitPlugin {

constexpr std::array<const char*, 20> RESIDUE_NAMES{{"ALA", "ARG", "ASN", "ASP", "CYS", "GLN", "GLU", "GLY", "HIS",
    "ILE", "LEU", "LYS", "MET", "PHE", "PRO", "SER", "THR", "TRP", "TYR", "VAL"}};

inline bool isResidueName(const std::string& name) {
    return std::find(RESIDUE_NAMES.begin(), RESIDUE_NAMES.end(), name) != RESIDUE_NAMES.end();
}

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_RESIDUENAMES_H_
