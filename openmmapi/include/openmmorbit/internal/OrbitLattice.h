// SPDX-License-Identifier: MIT
// The orbit posterior mean of groups too large to list: exchanges are summed given the rotation, rotations by lattice.
#ifndef OPENMM_ORBIT_ORBITLATTICE_H_
#define OPENMM_ORBIT_ORBITLATTICE_H_

#include "openmmorbit/OrbitPosterior.h"
#include "openmmorbit/Symmetry.h"
#include "openmmorbit/internal/ArrayView.h"
#include "openmmorbit/internal/OrbitSampling.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <vector>

namespace OrbitPlugin {

/** Branches that may be exchanged freely: terminal atoms on one neighbour, or isomorphic larger branches. */
struct ExchangeClass {
    std::vector<std::vector<int>> members;  ///< [size][length]; place k of one is exchanged with place k of another
    std::vector<int> single;                ///< places within a member that no inner class holds
    std::vector<ExchangeClass> inner;       ///< their members list places within a member of this class
};

/** A group as strata x exchanges; stratum c puts atom strata[c][a] of x1 on site a. */
struct OPENMM_EXPORT_ORBIT LatticeGroup {
    int numAtoms = 0;
    std::vector<int> single;                ///< atoms outside all classes
    std::vector<ExchangeClass> classes;     ///< members list atoms
    std::vector<std::vector<int>> strata;   ///< the identity first
    double logNumExchanges = 0;             ///< logarithm of the number of elements in a stratum

    /** Get the logarithm of the number of elements. */
    double getLogOrder() const;
};

/**
 * Write a group in the form that orbitMeanLattice() takes. Branches are summed only if there are more than maxStrata
 * cosets of the exchanges of terminal atoms. Exchanges of more than 6 branches, and more than 20000 cosets, are reduced
 * to a subgroup, which leaves the mean unbiased.
 *
 * @param neighbors   bonded neighbours of every atom
 */
OPENMM_EXPORT_ORBIT LatticeGroup makeLatticeGroup(const SymmetryGroup& group,
        const std::vector<std::vector<int>>& neighbors, int maxStrata = 64);

/** Draw permutations of any group: the identity, then uniform ones with replacement. Returns [count][numAtoms]. */
OPENMM_EXPORT_ORBIT std::vector<int> drawAutomorphisms(const LatticeGroup& group, int count, const OrbitKey& key);

/** Settings of orbitMeanLattice(). */
struct LatticeRule {
    int numPoints = 128;        ///< rotations in every stratum, a power of 2 from 8 on
    double inflation = 1.3;     ///< the proposal's correlation is that of the mean field divided by this
    double cutoff = 18;         ///< strata whose bound lies so far below the best one are dropped
    int maxStrata = 64;         ///< more strata are represented by as many random ones
    /**
     * True in training, where x1 is the element that made the noisy positions: one point becomes the identity, and the
     * mean is unbiased for any number of points.
     */
    bool pinned = true;
    OrbitRotations rotations = OrbitRotations::Proper;  ///< WithReflections doubles the strata
    OrbitKey key;               ///< of the random shift
};

/** Scratch memory of orbitMeanLattice(); reuse it between calls. */
struct LatticeWorkspace {
    int numPoints = 0;
    std::vector<double> lattice, rotations, logWeights, source, rotated, sums;
};

/**
 * Mean of the orbit posterior by the lattice rule, equations (2.20) to (2.25).
 *
 * @param x1     clean centred positions [numAtoms][3]
 * @param y      t M_t x_t [numAtoms][3]
 * @param mean   output [numAtoms][3]
 * @return estimate of the log evidence (2.10)
 */
OPENMM_EXPORT_ORBIT double orbitMeanLattice(ArrayView<const double> x1, ArrayView<const double> y,
        const LatticeGroup& group, const LatticeRule& rule, ArrayView<double> mean, LatticeWorkspace& workspace);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_ORBITLATTICE_H_
