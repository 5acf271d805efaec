// SPDX-License-Identifier: MIT
// The arrays in which one thread evaluates one pass, allocated when the batch is set and reused by every step.
#ifndef OPENMM_ORBIT_CPU_PAIRBIASWORKSPACE_H_
#define OPENMM_ORBIT_CPU_PAIRBIASWORKSPACE_H_

#include "PairBiasInputs.h"
#include "PairBiasWeights.h"

namespace OrbitPlugin {
namespace cpu {

/** Above this many words the biases of all layers are not kept: each layer computes them for blocks of rows. */
constexpr long MAX_BIAS_WORDS = MAX_PASS_WORDS;
/** Above this many words the pair embeddings of a molecule are not kept expanded: they are expanded row by row. */
constexpr long MAX_EMBEDDING_WORDS = 1l << 23;
/** Rows of a block where the biases of all layers are not kept. */
constexpr int BLOCK_ROWS = 96;

/** One thread's arrays, all in rows of 32-bit words; operands may hold pairs of BF16 numbers. */
struct PairBiasWorkspace {
    /** Make room for any of some passes. Keeps what is already there if it suffices. */
    void reserve(const PairBiasWeights& weights, const std::vector<Pass>& passes);
    /** Make room for what a thread needs of its own while it works on rows of a pass in another workspace. */
    void reserveScratch(const PairBiasWeights& weights, const std::vector<Pass>& passes);
    int widthStride = 0, qkvStride = 0, attentionStride = 0, hiddenStride = 0;
    AlignedBuffer coordinates;      ///< u [3P][paddedTokens] of every copy
    AlignedBuffer before;           ///< the same as they were denoised before, with self-conditioning
    AlignedBuffer x;                ///< the residual stream [numRows][widthStride]
    AlignedBuffer a;                ///< normalised rows [numRows][widthStride]
    AlignedBuffer qkv;              ///< [numRows][qkvStride]
    AlignedBuffer attended;         ///< [o, ρ] [numRows][attentionStride]
    AlignedBuffer hidden;           ///< [numRows][hiddenStride]
    AlignedBuffer bias;             ///< [L H][numTokens][paddedTokens] of every copy, or [H][BLOCK_ROWS][paddedTokens]
    AlignedBuffer embedding;        ///< [pairWidth][pairs] of one molecule, or of one row of it
    AlignedBuffer scratch;
    AlignedBuffer headRows;         ///< [numRows][ROW_PADDING]
    const PairBiasInputs* expanded = nullptr; ///< the molecule whose embeddings are expanded
    bool isHalved = false;          ///< whether they are those of half of its pairs
};

/** Get the number of words of the biases of all layers of a copy. */
OPENMM_EXPORT_ORBIT long countBiasWords(const PairBiasWeights& weights, int numTokens);
/** Whether the biases of all layers fit into a workspace. */
bool keepsAllBiases(const PairBiasWeights& weights, const PassCopy& copy);
/** Whether the expanded pair embeddings of a copy fit into a workspace. */
bool keepsEmbeddings(const PairBiasWeights& weights, const PassCopy& copy);

} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_PAIRBIASWORKSPACE_H_
