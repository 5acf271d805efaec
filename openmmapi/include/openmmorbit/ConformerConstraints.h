// SPDX-License-Identifier: MIT
// What the conformers of one molecule have to keep.
#ifndef OPENMM_ORBIT_CONFORMERCONSTRAINTS_H_
#define OPENMM_ORBIT_CONFORMERCONSTRAINTS_H_

#include "openmmorbit/GenerationStart.h"
#include <array>
#include <vector>

namespace OrbitPlugin {

/** A range for the torsion of four atoms in a chain; its sign is that of IUPAC. */
struct TorsionRange {
    std::array<int, 4> atoms{{0, 0, 0, 0}};     ///< a, b, c, d with bonds a-b, b-c and c-d
    double lower = 0;                           ///< radian
    double upper = 0;                           ///< radian, above lower by less than 2 pi: 150 to 210 degrees is one
};

/**
 * What stands around a molecule, e.g. the atoms of a protein, in the frame of the start. Two atoms are to be at least
 * the sum of their radii apart; these are not van der Waals radii but what of them is to be kept, e.g. three quarters.
 */
struct Pocket {
    std::vector<double> positions;              ///< [numPocketAtoms * 3], nm
    std::vector<double> radii;                  ///< [numPocketAtoms], nm
    std::vector<double> atomRadii;              ///< [numAtoms], nm, of the molecule; 0: an atom that is not guided
};

/** What is wanted of the conformers of one molecule besides being right; nothing by default. */
struct ConformerConstraints {
    /**
     * Positions to start from, and atoms of a core that stay where they are. Finished copies lie where the core lies,
     * and have the hand that it shows; a flat core shows none. Without a level of its own, positions of atoms that are
     * not fixed are not read: any will do, nan too.
     */
    GenerationStart start;
    /**
     * Ranges of torsions. Copies are guided there, and redrawn if one ends outside. A torsion shows the hand of a copy,
     * so no copy is reflected. In a ring a torsion is only inspected.
     */
    std::vector<TorsionRange> torsions;
    /**
     * Copies are guided away from these atoms. They are not inspected for it: a copy may still be too near. It needs a
     * start, which says where the molecule is. A pocket shows the hand of a copy, so no copy is reflected.
     */
    Pocket pocket;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CONFORMERCONSTRAINTS_H_
