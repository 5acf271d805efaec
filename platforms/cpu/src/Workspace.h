// SPDX-License-Identifier: MIT
// The arrays in which one thread evaluates one copy, allocated when the batch is set and reused by every step.
#ifndef OPENMM_ORBIT_CPU_WORKSPACE_H_
#define OPENMM_ORBIT_CPU_WORKSPACE_H_

#include "PackedGraph.h"

namespace OrbitPlugin {
namespace cpu {

/** Above this many words the biases of all layers are not kept: each layer computes them for blocks of rows. */
constexpr long MAX_BIAS_WORDS = 1l << 24;
/** Above this many words the pair embeddings of a molecule are not kept expanded: they are expanded row by row. */
constexpr long MAX_EMBEDDING_WORDS = 1l << 23;
/** Rows of a block where the biases of all layers are not kept. */
constexpr int BLOCK_ROWS = 96;

/** One thread's arrays, all in rows of 32-bit words; operands may hold pairs of BF16 numbers. */
struct Workspace {
    /** Make room for molecules of up to numAtoms atoms. Keeps what is already there if it suffices. */
    void reserve(const PackedModel& model, int numAtoms);
    /** Make room for what a thread needs of its own while it works on rows of a copy in another workspace. */
    void reserveScratch(const PackedModel& model, int numAtoms);
    int widthStride, qkvStride, attentionStride, hiddenStride;
    AlignedBuffer coordinates;      ///< u [3][paddedAtoms]
    AlignedBuffer x;                ///< the residual stream [numAtoms][widthStride]
    AlignedBuffer a;                ///< normalised rows [numAtoms][widthStride]
    AlignedBuffer qkv;              ///< [numAtoms][qkvStride]
    AlignedBuffer attended;         ///< [o, ρ] [numAtoms][attentionStride]
    AlignedBuffer hidden;           ///< [numAtoms][hiddenStride]
    AlignedBuffer bias;             ///< [L H][numAtoms][paddedAtoms], or [H][BLOCK_ROWS][paddedAtoms]
    AlignedBuffer embedding;        ///< [numAtoms][pairWidth][paddedAtoms], or one row of it
    AlignedBuffer scratch;
    AlignedBuffer headRows;         ///< [numAtoms][ROW_PADDING]
    std::vector<double> output;     ///< F [numAtoms][3]
    std::vector<double> denoised, predicted, predictedDenoised, unguided;   ///< [numAtoms][3], the sampler's
    const PackedGraph* expanded = nullptr;  ///< the molecule whose embeddings are expanded
    int capacity = 0;
};

/** Whether the biases of all layers fit into a workspace. */
bool keepsAllBiases(const PackedModel& model, const PackedGraph& graph);
/** Whether the expanded pair embeddings of a molecule fit into a workspace. */
bool keepsEmbeddings(const PackedModel& model, const PackedGraph& graph);

} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_WORKSPACE_H_
