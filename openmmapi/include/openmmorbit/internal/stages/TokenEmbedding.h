// SPDX-License-Identifier: MIT
// Contract of the tokenEmbedding stage: from features and coordinates to token vectors.
#ifndef OPENMM_ORBIT_STAGES_TOKENEMBEDDING_H_
#define OPENMM_ORBIT_STAGES_TOKENEMBEDDING_H_

#include "openmmorbit/internal/ArrayView.h"

namespace OrbitPlugin {

/**
 * This stage makes the vector that represents each token (an atom, or a residue) at the start of the network. It adds
 * up the rows of an embedding table for the token's categorical features (element, formal charge, ...) and a linear
 * function of the noisy, scaled coordinates of its P points (Points.h).
 *
 *   in   features   [numTokens][numFeatures]   rows of token.embedding
 *   in   u          [numTokens][3P]            c_in sigma_d y, model unit
 *   out  x          [numTokens][width]
 *
 * Equation (4.5) of openmmapi/docs/theory.md. Weights: token.embedding [sum of vocabularies][d],
 * token.coordinates.weight [d][3P], columns in the order of u.
 * Implementations: tokenEmbedding(shape, weights, features, u, x).
 */

struct TokenEmbeddingShape {
    int numTokens = 0, numFeatures = 0, width = 0, pointsPerToken = 1;
};

template <class T>
struct TokenEmbeddingWeights {
    ArrayView<const T> embedding, coordinates;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STAGES_TOKENEMBEDDING_H_
