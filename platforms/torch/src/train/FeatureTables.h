// SPDX-License-Identifier: MIT
// Inputs of subjects as rows of tables: the distinct combinations of features that a run's subjects have.
#ifndef OPENMM_ORBIT_TORCH_FEATURETABLES_H_
#define OPENMM_ORBIT_TORCH_FEATURETABLES_H_

#include "openmmorbit/Symmetry.h"
#include "openmmorbit/TokenInputs.h"
#include "openmmorbit/internal/OrbitLattice.h"
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

namespace OrbitPlugin {
namespace torchimpl {

/** The distinct combinations of feature values that occur. A row lists columns of the multi-hot tables. */
struct FeatureTables {
    std::vector<std::vector<int>> tokenRows, pairRows;
    std::map<std::vector<int>, int> tokenIndex, pairIndex;
};

/** The inputs of a subject as samples show it: TokenInputs, with rows of tables instead of features. */
struct FeatureRows {
    std::vector<std::uint16_t> tokens;  ///< [numTokens] rows of FeatureTables::tokenRows
    std::vector<std::uint16_t> pairs;   ///< [numTokens][numTokens] rows of FeatureTables::pairRows
    int pointsPerToken = 1;
    OrbitRotations rotations = OrbitRotations::Proper;  ///< of the orbit target
    SymmetryGroup group;                ///< of tokens: at most TrainingSettings::maxAutomorphisms permutations
    bool restricted = false;            ///< group is a proper subgroup
    std::shared_ptr<const LatticeGroup> lattice;    ///< the whole group, of points; of restricted ones only

    /** Get the permutations of points that the listed group consists of, [order][numPoints]. */
    std::vector<int> getPointPermutations() const;
};

/**
 * Get the rows of inputs; the symmetry group is left empty.
 *
 * @param tables   grow by the combinations that are new
 * @throws ArgumentError if there are too many combinations
 */
FeatureRows findFeatureRows(const TokenInputs& inputs, FeatureTables& tables);
/**
 * Get the rows of inputs, and their symmetry group.
 *
 * @param neighbors          bonded neighbours of every token
 * @param maxAutomorphisms   larger groups are restricted
 * @param tables             grow by the combinations that are new
 * @throws ArgumentError if there are too many combinations
 */
FeatureRows makeFeatureRows(const TokenInputs& inputs, const std::vector<std::vector<int>>& neighbors,
        int maxAutomorphisms, FeatureTables& tables);
/** Replace rows of some tables by those of others. @throws ArgumentError if a combination is missing there */
void moveRows(const FeatureTables& from, const FeatureTables& to, FeatureRows& rows);

} // namespace torchimpl
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TORCH_FEATURETABLES_H_
