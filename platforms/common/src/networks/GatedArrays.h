// SPDX-License-Identifier: MIT
// What the gated transformer needs of a batch on a device: rows, pairs and queries, and what its stages fill.
#ifndef OPENMM_ORBIT_COMMONGATEDARRAYS_H_
#define OPENMM_ORBIT_COMMONGATEDARRAYS_H_

#include "../DeviceBatch.h"
#include "GatedWeights.h"

namespace OrbitPlugin {
namespace common {

/** A copy's registers stand before its tokens: M rows, and M rows of pairs, padded to a multiple of 16. */
class GatedArrays {
public:
    /** Replace the batch: pack the indices, upload them and make room for all arrays. */
    void set(Device& device, const PackedGatedWeights& weights, const Batch& batch);
    int numRows = 0, numPairs = 0, numUnits = 0, numTokenFeatures = 0;
    int numConditionRows = 0;   ///< conditions in use, and registers as the last one
    int layersAtOnce = 1;       ///< layers whose attention biases are in memory together

    Buffer rows{"gatedRows"};               ///< [numRows] copy, row of the modulation, features or -1 - register, token
    Buffer conditions{"gatedConditions"};   ///< [numConditionRows] rows of condition.embedding, -1 for registers
    Buffer tokenFeatures{"tokenFeatures"};  ///< [tokens of all inputs][numTokenFeatures]
    Buffer classes{"classes"};              ///< [pairs of all inputs, not padded] class of equal features
    Buffer embedded{"embedded"};            ///< [numClasses][p] real
    Buffer copyPairs{"copyPairs"};          ///< [numCopies] first row, rows, first pair, first pair of its inputs
    Buffer pairBlocks{"pairBlocks"};        ///< [numPairs / 16] whose copy the pairs are
    Buffer units{"units"};                  ///< [numUnits] queries of a group: first row, rows, first query, first pair
    Buffer places{"places"};                ///< [numPairs] filled by describePairs
    Buffer nowhere{"nowhere"};              ///< coordinates that the attention does not use, [3][numRows] zeros
    // Filled by the stages, real.
    Buffer before{"before"};                ///< as DeviceBatch::u
    Buffer waves{"waves"}, cond{"cond"}, normalized{"normalized"}, hidden{"hidden"}, pairCond{"pairCond"};
    Buffer made{"made"}, gateValues{"gateValues"}, pairValues{"pairValues"}, modulation{"modulation"};
    Buffer moments{"moments"}, bias{"bias"};
    Buffer x{"x"}, a{"a"}, qkv{"qkv"}, gates{"gates"}, gathered{"gathered"}, gated{"gated"}, tokens{"tokens"};

    // Real, only where pairs are updated: [numPairs] of the width of pairs, of triangles, and of a hidden layer.
    Buffer pairs{"pairs"}, pairsA{"pairsA"}, pairsB{"pairsB"}, pairsC{"pairsC"};
    Buffer left{"left"}, right{"right"}, sums{"sums"}, hiddenPairs{"hiddenPairs"}, projected{"projected"};

    int getNowhereStride() const {
        return numRows + PADDING;
    }
private:
    void packInputs(const Device& device, const PackedGatedWeights& weights, const Batch& batch);
    void packCopies(const Device& device, const PackedGatedWeights& weights, const Batch& batch);
    void reservePairs(const Device& device, const PackedGatedWeights& weights);
    void reserveAll(const Device& device, const PackedGatedWeights& weights, const Batch& batch);
    std::vector<int> firstInputPairs, firstInputTokens;
};

} // namespace common
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_COMMONGATEDARRAYS_H_
