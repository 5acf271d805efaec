// SPDX-License-Identifier: MIT
// Places C and N between the CA atoms of one chain.
#ifndef OPENMM_ORBIT_PEPTIDEPLANES_H_
#define OPENMM_ORBIT_PEPTIDEPLANES_H_

#include "PeptideTable.h"
#include "openmm/Vec3.h"
#include <vector>

namespace OrbitPlugin {

/** C of a residue and N of the next one, Angstrom. */
struct PeptideUnit {
    OpenMM::Vec3 c, n;
};

/**
 * Place the peptide units of a chain. A unit is a rigid plane that holds both CA atoms, so one angle about their axis
 * is left. The angles of a chain are the most probable ones, found by dynamic programming, of: the table's density of
 * each by the four CA atoms around it, the angle N-CA-C of each residue, and the density of its phi and psi.
 *
 * @param ca      [numResidues] Angstrom, at least 2
 * @param isCis   [numResidues - 1] which units are cis
 * @param kinds   [numResidues]
 * @return [numResidues - 1]
 */
std::vector<PeptideUnit> placePeptides(const std::vector<OpenMM::Vec3>& ca, const std::vector<char>& isCis,
    const std::vector<ResidueKind>& kinds);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_PEPTIDEPLANES_H_
