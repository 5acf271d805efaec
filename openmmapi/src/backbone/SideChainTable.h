// SPDX-License-Identifier: MIT
// How side chains are made: their atoms beyond CB, rings, and rotamers.
#ifndef OPENMM_ORBIT_SIDECHAINTABLE_H_
#define OPENMM_ORBIT_SIDECHAINTABLE_H_

#include <array>
#include <string>
#include <vector>

namespace OrbitPlugin {

/** An atom beyond CB: bonded to c, at an angle to b and a dihedral angle to a. */
struct SideChainAtom {
    std::string residue, name;
    int element;
    std::string a, b, c;
    double length, angle, dihedral;     ///< Angstrom, degrees
    int chi;                            ///< the chi angle, from 0, that the dihedral angle is counted from; -1: none
};

/** A bond that closes a ring. */
struct SideChainRing {
    std::string residue, first, second;
};

/** A rotamer of a residue. */
struct SideChainRotamer {
    std::string residue;
    double share;                       ///< per cent
    std::array<int, 4> chi;             ///< degrees; as many as the residue has
};

extern const std::vector<SideChainAtom> SIDE_CHAIN_ATOMS;
extern const std::vector<SideChainRing> SIDE_CHAIN_RINGS;
extern const std::vector<SideChainRotamer> SIDE_CHAIN_ROTAMERS;

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_SIDECHAINTABLE_H_
