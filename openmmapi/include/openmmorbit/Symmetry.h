// SPDX-License-Identifier: MIT
// The symmetry group of a molecule: the permutations that leave every input of the network unchanged.
#ifndef OPENMM_ORBIT_SYMMETRY_H_
#define OPENMM_ORBIT_SYMMETRY_H_

#include "openmmorbit/internal/windowsExportOrbit.h"
#include <vector>

namespace OrbitPlugin {

/**
 * A group of permutations of the atoms. It is stored as a product, because it may be too large to list: leafClasses are
 * sets of equivalent terminal atoms on one neighbour, whose permutations form the subgroup N_leaf, and representatives
 * hold one permutation of every coset of N_leaf. A permutation acts as (P x)[a] = x[perm[a]]. Source: DOI
 * 10.48550/arXiv.2502.09890; structure in docs/theory.md.
 */
struct OPENMM_EXPORT_ORBIT SymmetryGroup {
    int numAtoms = 0;
    std::vector<std::vector<int>> leafClasses;      ///< each of at least 2 atoms
    std::vector<std::vector<int>> representatives;  ///< full-length permutations, the identity first
    /**
     * False if there are more cosets than the search may list, or if it took too long. Then the identity is the only
     * representative, so that the elements still form a group.
     */
    bool complete = true;

    /** Get the number of permutations, as a double because groups may be very large. */
    double getOrder() const;
    /**
     * List every permutation.
     *
     * @param maxOrder   refuse larger groups
     * @return all permutations, the identity first, flattened to [order][numAtoms]
     * @throws ArgumentError if the group is larger than maxOrder or was not found completely
     */
    std::vector<int> enumerate(int maxOrder = 5000) const;
};

/**
 * Find the group of permutations that leave atom colours, pair colours and bonds unchanged:
 * atomColors[perm[a]] = atomColors[a] and pairColors[perm[a]][perm[b]] = pairColors[a][b].
 *
 * @param atomColors           [numAtoms] any integers
 * @param pairColors           [numAtoms * numAtoms] any integers, need not be symmetric
 * @param neighbors            bonded neighbours of every atom; used to recognise terminal atoms
 * @param maxRepresentatives   list no more cosets than this
 * @throws ArgumentError if the sizes disagree
 */
OPENMM_EXPORT_ORBIT SymmetryGroup findSymmetryGroup(const std::vector<int>& atomColors,
        const std::vector<int>& pairColors, const std::vector<std::vector<int>>& neighbors,
        int maxRepresentatives = 100000);

/**
 * Get a subgroup of at most maxOrder permutations: the whole group if it is small enough, else the full exchanges
 * within as many classes of terminal atoms as fit. The mean over any subgroup is a valid target, of larger variance.
 */
OPENMM_EXPORT_ORBIT SymmetryGroup restrictSymmetryGroup(const SymmetryGroup& group, int maxOrder);

/**
 * Close a set of generators to the group they generate.
 *
 * @param generators   permutations of one length
 * @param numAtoms     that length
 * @param maxOrder     refuse larger groups
 * @return all permutations, the identity first, flattened to [order][numAtoms]
 * @throws ArgumentError for an index list that is no permutation, or a group larger than maxOrder
 */
OPENMM_EXPORT_ORBIT std::vector<int> closeGroup(const std::vector<std::vector<int>>& generators, int numAtoms,
        int maxOrder = 5000);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_SYMMETRY_H_
