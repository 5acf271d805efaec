// SPDX-License-Identifier: MIT
// Rows of feature tables: found, added, and moved from one set of tables to another.
#include "FeatureTables.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/internal/OrbitPoints.h"
#include <limits>

namespace OrbitPlugin {
namespace torchimpl {

namespace {

/** Find or add a combination of features. */
std::uint16_t findRow(
        const int* columns, int count, std::vector<std::vector<int>>& rows, std::map<std::vector<int>, int>& index) {
    std::vector<int> key(columns, columns + count);
    auto [entry, added] = index.emplace(key, (int) rows.size());
    if (added) {
        if (rows.size() > std::numeric_limits<std::uint16_t>::max())
            throw ArgumentError("readTrainingSet: expected at most 65536 combinations of features, got more; use "
                                "smaller vocabularies");
        rows.push_back(key);
    }
    return (std::uint16_t) entry->second;
}

void moveRows(const std::vector<std::vector<int>>& combinations, const std::map<std::vector<int>, int>& index,
        std::vector<std::uint16_t>& rows) {
    for (std::uint16_t& row : rows) {
        const auto found = index.find(combinations[row]);
        if (found == index.end())
            throw ArgumentError("TrainingData::getSubject: expected the features that the shard had when the run "
                                "began, got others; do not write to shards that are in use");
        row = (std::uint16_t) found->second;
    }
}

} // namespace

std::vector<int> FeatureRows::getPointPermutations() const {
    return expandToPoints(group.enumerate(), pointsPerToken);
}

FeatureRows findFeatureRows(const TokenInputs& inputs, FeatureTables& tables) {
    FeatureRows rows;
    const int n = inputs.numTokens;
    for (int i = 0; i < n; i++)
        rows.tokens.push_back(findRow(inputs.tokenFeatures.data() + i * inputs.numTokenFeatures,
                inputs.numTokenFeatures, tables.tokenRows, tables.tokenIndex));
    for (int i = 0; i < n * n; i++)
        rows.pairs.push_back(findRow(inputs.pairFeatures.data() + i * inputs.numPairFeatures, inputs.numPairFeatures,
                tables.pairRows, tables.pairIndex));
    rows.pointsPerToken = inputs.pointsPerToken;
    rows.rotations = inputs.rotations;
    return rows;
}

FeatureRows makeFeatureRows(const TokenInputs& inputs, const std::vector<std::vector<int>>& neighbors,
        int maxAutomorphisms, FeatureTables& tables) {
    FeatureRows rows = findFeatureRows(inputs, tables);
    const SymmetryGroup& group = inputs.group;
    rows.group = restrictSymmetryGroup(group, maxAutomorphisms);
    rows.restricted = !group.complete || group.getOrder() > maxAutomorphisms;
    if (rows.restricted)
        rows.lattice = std::make_shared<const LatticeGroup>(
                expandToPoints(makeLatticeGroup(group, neighbors), inputs.pointsPerToken));
    return rows;
}

void moveRows(const FeatureTables& from, const FeatureTables& to, FeatureRows& rows) {
    moveRows(from.tokenRows, to.tokenIndex, rows.tokens);
    moveRows(from.pairRows, to.pairIndex, rows.pairs);
}

} // namespace torchimpl
} // namespace OrbitPlugin
