// SPDX-License-Identifier: MIT
// What the kernels read of one molecule: token embeddings and classes of pairs, computed once when the batch is set.
#ifndef OPENMM_ORBIT_CPU_PACKEDGRAPH_H_
#define OPENMM_ORBIT_CPU_PACKEDGRAPH_H_

#include "PackedModel.h"
#include "openmmorbit/TokenInputs.h"

namespace OrbitPlugin {
namespace cpu {

/** Neighbours are padded to this many, so that every vector width divides a row. */
constexpr int NEIGHBOR_PADDING = 16;

/** One molecule. Pairs with equal features share a class. */
struct OPENMM_EXPORT_ORBIT PackedGraph {
    PackedGraph(const PackedModel& model, const TokenInputs& inputs);
    int numTokens, paddedTokens;
    AlignedBuffer tokens;               ///< Σ_f token.embedding of (4.5) [numTokens][widthStride]
    std::vector<int> pairClasses;       ///< [numTokens][numTokens]
    std::vector<float> classEmbedding;  ///< Σ_f pair.embedding of (4.7) [numClasses][pairWidth]
    /** Write the embeddings of one atom's pairs [pairWidth][paddedTokens]. */
    void expandRow(int row, int pairWidth, float* out) const;
};

} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_PACKEDGRAPH_H_
