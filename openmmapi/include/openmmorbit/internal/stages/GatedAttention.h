// SPDX-License-Identifier: MIT
// Contract of the gatedAttention stage: attention between all tokens of a gated transformer.
#ifndef OPENMM_ORBIT_STAGES_GATEDATTENTION_H_
#define OPENMM_ORBIT_STAGES_GATEDATTENTION_H_

#include "openmmorbit/internal/stages/FlowConditioning.h"

namespace OrbitPlugin {

/**
 * This stage lets every token of one copy read from all others, registers included. Tokens are normalised with the
 * modulation of the time, and once more with weights of their own; queries and keys are normalised over all heads
 * together. What a token reads is multiplied by a gate that it computes itself, projected, multiplied by the gate of
 * the time, and added to the token. Registers have a modulation of their own.
 *
 *   in       bias                 [numHeads][numRows][numRows]   this layer's part of the output of binnedPairs
 *   in       modulation           [6][width]                     rows shift1, scale1, gate1 are used
 *   in       registerModulation   [6][width]                     that of the first numRegisters rows
 *   in, out  x                    [numRows][width]               registers, then tokens
 *
 * Equations (9.8) to (9.11) of openmmapi/docs/theory.md. Source: arXiv 2502.09890. Weights:
 * layer.l.attention.{norm, qkv [3d][d], query.norm, key.norm, gate [d][d], output [d][d]}.
 * Implementations: gatedAttention(shape, weights, inputs, x).
 */

struct GatedAttentionShape {
    int numRows = 0, numRegisters = 0, width = 0, numHeads = 0;
};

template <class T>
struct GatedAttentionWeights {
    NormWeights<T> norm, queryNorm, keyNorm;
    LinearWeights<T> qkv, gate, output;
};

/** What gatedAttention() reads besides the tokens. */
template <class T>
struct GatedAttentionInputs {
    ArrayView<const T> bias, modulation, registerModulation;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STAGES_GATEDATTENTION_H_
