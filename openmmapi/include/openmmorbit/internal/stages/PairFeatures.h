// SPDX-License-Identifier: MIT
// Contract of the pairFeatures stage: the attention bias of every layer at once.
#ifndef OPENMM_ORBIT_STAGES_PAIRFEATURES_H_
#define OPENMM_ORBIT_STAGES_PAIRFEATURES_H_

#include "openmmorbit/internal/stages/Linear.h"
#include "openmmorbit/internal/stages/Points.h"

namespace OrbitPlugin {

/**
 * This stage describes every ordered pair of tokens and turns the description into the attention bias of every head of
 * every layer. The description is the distance of the reference points in radial basis functions (Gaussians), the
 * pair's categorical features (bond type, topological distance, ...) through an embedding table, and the conditioning
 * vector of the noise level. A self-conditioned network adds the distance as the step before denoised the points, in
 * the same functions, if there was such a step. Two dense layers with an activation and a final dense layer follow. It
 * runs once a pass, before the first layer.
 *
 *   in   features   [numTokens][numTokens][numFeatures]   rows of pair.embedding
 *   in   u          [numTokens][3P]                       c_in sigma_d y, model unit; only reference points are read
 *   in   cond       [conditionWidth]
 *   in   before     [numTokens][3P]                       positions as they were denoised before, model unit, or empty
 *   out  bias       [numOutputs][numTokens][numTokens]    numOutputs = numLayers numHeads, row layer numHeads + head
 *
 * Equations (4.6) to (4.9) of openmmapi/docs/theory.md. Weights: pair.radial.weight [p][K],
 * pair.radialBefore.weight [p][K] with self-conditioning, pair.embedding [sum of vocabularies][p],
 * pair.time.weight [p][c], pair.hidden [p][p], pair.bias [L H][p]. Source of self-conditioning: arXiv 2208.04202.
 * Implementations: pairFeatures(shape, weights, inputs, bias).
 */

struct PairFeaturesShape {
    int numTokens = 0, numFeatures = 0, pairWidth = 0, numRadial = 0, conditionWidth = 0, numOutputs = 0;
    double radialMax = 0;   ///< model unit
    int pointsPerToken = 1;
};

template <class T>
struct PairFeaturesWeights {
    ArrayView<const T> radial, embedding, time;
    LinearWeights<T> hidden, bias;
    ArrayView<const T> radialBefore;    ///< empty without self-conditioning
};

/** What pairFeatures() reads. */
template <class T>
struct PairFeaturesInputs {
    ArrayView<const int> features;
    ArrayView<const T> u, cond, before;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STAGES_PAIRFEATURES_H_
