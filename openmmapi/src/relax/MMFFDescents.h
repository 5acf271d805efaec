// SPDX-License-Identifier: MIT
// Minimises many copies of a molecule in the lanes of vectors.
#ifndef OPENMM_ORBIT_MMFFDESCENTS_H_
#define OPENMM_ORBIT_MMFFDESCENTS_H_

#include "openmmorbit/internal/MMFFBlocks.h"
#include "openmmorbit/internal/MMFFPacked.h"
#include <vector>

namespace OrbitPlugin {
namespace mmff {

struct DescentSettings {
    int maxIterations;          ///< steps of each copy at most
    double tolerance;           ///< see MMFFForceField::minimize()
};

/** Where a copy ended. */
struct DescentResult {
    double energy = 0;          ///< kcal/mol; NaN where that of the start is no number
    int numIterations = 0;
    bool converged = false;
};

/**
 * Minimise copies. A copy that has finished makes room for one that waits, so that all lanes work until few are left.
 *
 * @param positions   [numCopies][numAtoms][3] Angstrom, changed to the minima
 * @return            [numCopies]
 */
std::vector<DescentResult> minimizeCopies(const PackedTerms& terms, const HessianBlocks& blocks,
        const KernelTable& kernels, const DescentSettings& settings, std::vector<double>& positions);

} // namespace mmff
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_MMFFDESCENTS_H_
