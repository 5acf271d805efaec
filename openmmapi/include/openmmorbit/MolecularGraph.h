// SPDX-License-Identifier: MIT
// A molecule: atoms, bonds, rings and specified stereochemistry, in the caller's atom order.
#ifndef OPENMM_ORBIT_MOLECULARGRAPH_H_
#define OPENMM_ORBIT_MOLECULARGRAPH_H_

#include "openmmorbit/internal/windowsExportOrbit.h"
#include <array>
#include <string>
#include <utility>
#include <vector>

namespace OrbitPlugin {

/** Hybridisation as perceived by RDKit. */
enum class Hybridization { S = 0, SP = 1, SP2 = 2, SP3 = 3, Other = 4 };

/** Bond order class. Aromatic bonds are their own class. */
enum class BondOrder { None = 0, Single = 1, Double = 2, Triple = 3, Aromatic = 4, Dative = 5 };

/** Kind of a relation between the two end substituents a and d of the chain a-b-c-d. */
enum class TorsionStereoKind { Cis = 1, Trans = 2, AtropisomerMinus = 3, AtropisomerPlus = 4 };

/** One atom of a MolecularGraph. */
struct GraphAtom {
    int element = 0;                                    ///< atomic number
    int formalCharge = 0;                               ///< in units of the elementary charge
    int isotope = 0;                                    ///< mass number if labelled, 0 otherwise
    Hybridization hybridization = Hybridization::Other; ///< perceived hybridisation
    bool aromatic = false;                              ///< member of an aromatic system
    /** Atom name, unique in its molecule ("C1", "H7", or the caller's) */
    std::string name;
};

/** One bond of a MolecularGraph. */
struct GraphBond {
    int atom1 = 0, atom2 = 0;               ///< indices of the two atoms
    BondOrder order = BondOrder::Single;    ///< order class
};

/**
 * One specified tetrahedral centre (C, N+, P, S, Si, ...). The neighbours stand in an order of positive handedness:
 * with positions r, the triple product (r[n1] - r[n0]) . ((r[n2] - r[n0]) x (r[n3] - r[n0])) is positive in a correct
 * conformer. For a centre of three neighbours (a lone pair is the fourth), neighbors[3] is -1 and the position of the
 * centre itself minus the mean of its neighbours points along the lone pair; the triple product
 * (r[n0] - r[c]) . ((r[n1] - r[c]) x (r[n2] - r[c])) is then positive in a correct conformer.
 */
struct TetrahedralStereo {
    int center = 0;
    std::array<int, 4> neighbors{{0, 0, 0, -1}};
};

/**
 * One specified relation over the axis b-c: double bond cis or trans (a and d on the same or opposite sides), or the
 * handedness of an atropisomer axis (sign of the dihedral a-b-c-d).
 */
struct TorsionStereo {
    std::array<int, 4> atoms{{0, 0, 0, 0}};
    TorsionStereoKind kind = TorsionStereoKind::Cis;
};

/**
 * A molecule as the denoisers see it. validate() checks it; the readers (readSmiles, readMolBlock, ...) return
 * validated graphs only.
 */
struct OPENMM_EXPORT_ORBIT MolecularGraph {
    std::string name;                               ///< title of the record, may be empty
    /** Canonical isomeric SMILES without explicit hydrogens, may be empty */
    std::string smiles;
    std::vector<GraphAtom> atoms;                   ///< in the caller's order; added hydrogens stand at the end
    std::vector<GraphBond> bonds;                   ///< each bond once
    std::vector<std::vector<int>> rings;            ///< smallest rings (symmetrised SSSR), atom indices in ring order
    std::vector<TetrahedralStereo> tetrahedral;     ///< specified centres
    std::vector<TorsionStereo> torsional;           ///< specified double bonds and atropisomer axes
    /** Names and values of the data items of its record, in their order; kept for output only */
    std::vector<std::pair<std::string, std::string>> properties;
    int numAddedHydrogens = 0;                      ///< hydrogens that a reader appended to the caller's atoms

    /** Get the number of atoms, hydrogens included. */
    int getNumAtoms() const {
        return (int) atoms.size();
    }
    /** Get the number of bonds. */
    int getNumBonds() const {
        return (int) bonds.size();
    }
    /** Get for every atom the indices of its bonded neighbours, ascending. */
    std::vector<std::vector<int>> getNeighbors() const;
    /**
     * Get the topological distances.
     *
     * @return number of bonds on the shortest path [numAtoms * numAtoms], -1 between fragments
     */
    std::vector<int> getTopologicalDistances() const;
    /**
     * Check the graph: 1 to 2,000 atoms, indices in range, no duplicate bond, one connected fragment, stereo records
     * that name bonded atoms.
     *
     * @throws ArgumentError naming the first fault and the molecule
     */
    void validate() const;
    /** Get a label for messages: the name, the SMILES, or the formula, in quotes. */
    std::string getLabel() const;
    /** Get the Hill formula, e.g. "C9H8O4". */
    std::string getFormula() const;
};

/**
 * Add specified axes to a graph, for example axes of atropisomers that another program labelled.
 *
 * @param graph   the molecule
 * @param axes    one record for each axis; it replaces what the graph says about that axis
 * @return the graph with all stereo records in canonical form
 * @throws ArgumentError if an axis does not consist of four different bonded atoms
 */
OPENMM_EXPORT_ORBIT MolecularGraph withStereoAxes(const MolecularGraph& graph, const std::vector<TorsionStereo>& axes);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_MOLECULARGRAPH_H_
