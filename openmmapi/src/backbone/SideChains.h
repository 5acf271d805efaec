// SPDX-License-Identifier: MIT
// Places side chains on a backbone.
#ifndef OPENMM_ORBIT_SIDECHAINS_H_
#define OPENMM_ORBIT_SIDECHAINS_H_

#include "SideChainTable.h"
#include "openmm/Vec3.h"
#include <vector>

namespace OrbitPlugin {

/** The heavy atoms of a residue that carry its side chain, Angstrom. */
struct ResidueFrame {
    std::string name;
    OpenMM::Vec3 n, ca, c, o;
    bool hasPrevious;       ///< whether a residue is bonded to N
};

/** An atom of a side chain where it was placed. */
struct PlacedAtom {
    const SideChainAtom* atom;
    OpenMM::Vec3 position;
};

/**
 * Place the atoms beyond CB. Each residue has the rotamer of least energy: minus the logarithm of its share, and a
 * penalty for atoms that are closer than in proteins. Residues are looked at in turn until no rotamer changes.
 *
 * @param residues   of all chains
 * @return [numResidues] atoms of each, in the order of the table
 */
std::vector<std::vector<PlacedAtom>> placeSideChains(const std::vector<ResidueFrame>& residues);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_SIDECHAINS_H_
