// SPDX-License-Identifier: MIT
// Contract of the pairBiasAttention stage: attention between all tokens, the first half of a layer.
#ifndef OPENMM_ORBIT_STAGES_PAIRBIASATTENTION_H_
#define OPENMM_ORBIT_STAGES_PAIRBIASATTENTION_H_

#include "openmmorbit/internal/stages/Linear.h"
#include "openmmorbit/internal/stages/Points.h"

namespace OrbitPlugin {

/**
 * This stage lets every token of one copy read from all others. Each head computes attention weights from queries and
 * keys and adds the bias that pairFeatures computed for the pair, which knows the bonds and the distance. With these
 * weights it averages the values of the other tokens, and also the vectors from this token's reference point to all
 * points of the others. Both averages are projected to the width of a token, multiplied by a gate and added to the
 * token.
 *
 *   in       u            [numTokens][3P]                      c_in sigma_d y, model unit
 *   in       bias         [numHeads][numTokens][numTokens]    this layer's part of the output of pairFeatures
 *   in       modulation   [6][width]                           rows shift1, scale1, gate1 are used
 *   in, out  x            [numTokens][width]
 *
 * Equations (4.10) to (4.14) of openmmapi/docs/theory.md. Source: arXiv 2503.00710; DOI 10.1038/s41586-024-07487-w,
 * algorithm 24. Weights: layer.l.attention.qkv [3d][d], layer.l.attention.output [d][d],
 * layer.l.attention.relative.weight [d][3PH], column 3P h + 3a + b for direction b of point a.
 * Implementations: pairBiasAttention(shape, weights, inputs, x).
 */

struct PairBiasAttentionShape {
    int numTokens = 0, width = 0, numHeads = 0, pointsPerToken = 1;
};

template <class T>
struct PairBiasAttentionWeights {
    LinearWeights<T> qkv, output;
    ArrayView<const T> relative;
};

/** What pairBiasAttention() reads besides the tokens. */
template <class T>
struct PairBiasAttentionInputs {
    ArrayView<const T> u, bias, modulation;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STAGES_PAIRBIASATTENTION_H_
