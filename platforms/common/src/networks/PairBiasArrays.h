// SPDX-License-Identifier: MIT
// What the pair-bias transformer needs of a batch on a device: features, pairs and queries, and what its stages fill.
#ifndef OPENMM_ORBIT_COMMONPAIRBIASARRAYS_H_
#define OPENMM_ORBIT_COMMONPAIRBIASARRAYS_H_

#include "../DeviceBatch.h"
#include "PairBiasWeights.h"

namespace OrbitPlugin {
namespace common {

/** Pairs of N tokens are N rows, padded to a multiple of 16; those of all inputs and those of all copies are lists. */
class PairBiasArrays {
public:
    /** Replace the batch: pack the indices, upload them and make room for all arrays. */
    void set(Device& device, const PairBiasWeights& weights, const Batch& batch);
    int numPairs = 0, numInputPairs = 0, numUnits = 0;
    int numTokenFeatures = 0, numPairFeatures = 0;
    int layersAtOnce = 1;       ///< layers whose attention biases are in memory together

    Buffer tokenFeatures{"tokenFeatures"};  ///< [tokens of all inputs][numTokenFeatures]
    Buffer pairFeatures{"pairFeatures"};    ///< [pairs of all inputs, not padded][numPairFeatures]
    Buffer inputPairs{"inputPairs"};        ///< [numInputs] tokens, first pair, first of pairFeatures
    Buffer inputBlocks{"inputBlocks"};      ///< [numInputPairs / 16] whose inputs the pairs are
    Buffer copyPairs{"copyPairs"};          ///< [numCopies] first row, rows, first pair, first pair of its inputs
    Buffer pairBlocks{"pairBlocks"};        ///< [numPairs / 16] whose copy the pairs are
    Buffer units{"units"};                  ///< [numUnits] queries of a group: first row, rows, first query, first pair
    Buffer before{"before"};                ///< as DeviceBatch::u, points as they were denoised before
    // Filled by the stages, real.
    Buffer cond{"cond"}, modulation{"modulation"}, embedded{"embedded"}, bias{"bias"}, x{"x"}, qkv{"qkv"};
    Buffer gathered{"gathered"}, gated{"gated"};
private:
    void packInputs(OpenMM::ComputeContext& context, const Batch& batch);
    void packCopies(const Device& device, const Batch& batch);
    void reserveAll(const Device& device, const PairBiasWeights& weights, const Batch& batch);
    std::vector<int> firstInputPairs;
};

} // namespace common
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_COMMONPAIRBIASARRAYS_H_
