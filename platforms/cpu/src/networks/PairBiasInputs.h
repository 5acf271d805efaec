// SPDX-License-Identifier: MIT
// What a network reads of its inputs: token embeddings and classes of pairs, computed once a batch.
#ifndef OPENMM_ORBIT_CPU_PAIRBIASINPUTS_H_
#define OPENMM_ORBIT_CPU_PAIRBIASINPUTS_H_

#include "../Pass.h"
#include "openmmorbit/TokenInputs.h"

namespace OrbitPlugin {
namespace cpu {

/** The embeddings of a network. */
struct EmbeddingTables {
    int width, widthStride, pairWidth;
    const std::vector<float>& tokens;   ///< [vocabulary][width]
    const std::vector<float>& pairs;    ///< [vocabulary][pairWidth]
};

/** The pairs of some tokens i with all tokens j, or of all tokens i with j ≥ i. */
struct PairRows {
    int firstRow, numRows;
    bool halved;
};

/** Words from channel to channel of a list of pairs: room for a vector behind it, and an odd number of cache lines. */
inline long getPairStride(long numPairs) {
    return (numPairs / (2 * NEIGHBOR_PADDING) + 1) * (2 * NEIGHBOR_PADDING) + NEIGHBOR_PADDING;
}

/** Pairs with equal features share a class. */
struct OPENMM_EXPORT_ORBIT PairBiasInputs {
    PairBiasInputs(const EmbeddingTables& tables, const TokenInputs& inputs);
    int numTokens, paddedTokens;
    AlignedBuffer tokens;               ///< Σ_f token.embedding of (4.5) [numTokens][widthStride]
    std::vector<int> pairClasses;       ///< [numTokens][numTokens]
    std::vector<float> classEmbedding;  ///< Σ_f pair.embedding of (4.7) [numClasses][pairWidth]
    bool isSymmetric = true;            ///< whether (i, j) and (j, i) have the same class, for all pairs
    long countPairs(const PairRows& rows) const;
    /** Write the embeddings of pairs [pairWidth][getPairStride(countPairs(rows))]. */
    void expand(const PairRows& rows, int pairWidth, float* out) const;
};

} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_PAIRBIASINPUTS_H_
