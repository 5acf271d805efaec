// SPDX-License-Identifier: MIT
// The terms of MMFF94 for one molecule, as RDKit finds them: a value that holds numbers and indices only.
#ifndef OPENMM_ORBIT_MMFFTERMS_H_
#define OPENMM_ORBIT_MMFFTERMS_H_

#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <string>
#include <vector>

namespace OrbitPlugin {
namespace mmff {

/** Force constants of MMFF94 are in mdyn/Angstrom; this turns them into kcal/mol/Angstrom^2. */
constexpr double STIFFNESS = 143.9325;
/** Coulomb constant of MMFF94, kcal/mol Angstrom. */
constexpr double COULOMB = 332.0716;
constexpr double KJ_PER_KCAL = 4.184, ANGSTROM_PER_NM = 10;

/** What MMFF94 knows of single atoms. */
struct AtomTerm {
    double mass;                ///< dalton
    double charge;              ///< elementary charges
    double radius;              ///< R* of the buffered 14-7 term, Angstrom
    double depth, spread;       ///< G alpha, and the root of alpha / N: what the depth of a pair is made from
    bool donor, acceptor;       ///< of hydrogen bonds
};

struct BondTerm {
    int i, j;
    double kb, r0;              ///< mdyn/Angstrom, Angstrom
};

/** An angle at atom j. */
struct AngleTerm {
    int i, j, k;
    double ka, theta0;          ///< mdyn Angstrom/rad^2, degrees
    bool linear;                ///< whether the angle at j is 180 degrees and has a form of its own
};

struct StretchBendTerm {
    int i, j, k;
    double kIJK, kKJI;          ///< of the bonds i-j and k-j, mdyn/rad
    double r0IJ, r0KJ, theta0;  ///< Angstrom, degrees
};

/** A planar centre j with its three neighbours: stands for the Wilson angle of each of the three bonds. */
struct OutOfPlaneTerm {
    int i, j, k, l;
    double koop;                ///< mdyn Angstrom/rad^2
};

/** The torsion of the chain i-j-k-l. */
struct TorsionTerm {
    int i, j, k, l;
    double v1, v2, v3;          ///< kcal/mol
};

/** All terms of a molecule but those of pairs, which follow from its atoms: see findPairs(). */
struct Terms {
    std::vector<AtomTerm> atoms;
    std::vector<BondTerm> bonds;
    std::vector<AngleTerm> angles;
    std::vector<StretchBendTerm> stretchBends;
    std::vector<OutOfPlaneTerm> outOfPlane;
    std::vector<TorsionTerm> torsions;
    std::vector<int> separation;    ///< [numAtoms][numAtoms] bonds between two atoms
};

/** Two atoms that are three or more bonds apart. */
struct PairTerm {
    int i, j;
    double radius, depth;       ///< R* and epsilon of the buffered 14-7 term, Angstrom and kcal/mol
    double charges;             ///< product of the charges, times 3/4 for atoms three bonds apart
};

/**
 * Find the terms of a molecule.
 *
 * @param graph      the molecule, all hydrogens included
 * @param variant    "MMFF94" or "MMFF94s"
 * @param function   the public function, for messages
 * @throws ArgumentError for another variant, and naming the atom that MMFF94 has no parameters for
 */
OPENMM_EXPORT_ORBIT Terms findTerms(
        const MolecularGraph& graph, const std::string& variant, const std::string& function);

/** Get the pairs of a molecule, by their first atoms. */
OPENMM_EXPORT_ORBIT std::vector<PairTerm> findPairs(const Terms& terms);

} // namespace mmff
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_MMFFTERMS_H_
