// SPDX-License-Identifier: MIT
// Contract of the tokenEmbedding stage: from atom features and coordinates to token vectors.
#ifndef OPENMM_ORBIT_STAGES_TOKENEMBEDDING_H_
#define OPENMM_ORBIT_STAGES_TOKENEMBEDDING_H_

#include "openmmorbit/internal/ArrayView.h"

namespace OrbitPlugin {

/**
 * This stage makes the vector that represents each atom (its token) at the start of the network. It adds up the rows of
 * an embedding table for the atom's categorical features (element, formal charge, ...) and a linear function of its
 * noisy, scaled coordinates.
 *
 *   in   features   [numAtoms][numFeatures]   rows of token.embedding
 *   in   u          [numAtoms][3]             c_in sigma_d y, model unit
 *   out  x          [numAtoms][width]
 *
 * Equation (4.5) of openmmapi/docs/theory.md. Weights: token.embedding [sum of vocabularies][d],
 * token.coordinates.weight [d][3].
 * Implementations: tokenEmbedding(shape, weights, features, u, x).
 */

struct TokenEmbeddingShape {
    int numAtoms = 0, numFeatures = 0, width = 0;
};

template <class T>
struct TokenEmbeddingWeights {
    ArrayView<const T> embedding, coordinates;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STAGES_TOKENEMBEDDING_H_
