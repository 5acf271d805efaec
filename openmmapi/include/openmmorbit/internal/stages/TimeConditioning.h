// SPDX-License-Identifier: MIT
// Contract of the timeConditioning stage: noise level and condition to modulation vectors.
#ifndef OPENMM_ORBIT_STAGES_TIMECONDITIONING_H_
#define OPENMM_ORBIT_STAGES_TIMECONDITIONING_H_

#include "openmmorbit/internal/stages/Linear.h"

namespace OrbitPlugin {

/**
 * This stage tells the network how noisy its input is. It encodes the logarithm of the noise level in sines and
 * cosines, passes them through two dense layers and adds the embedding of the condition (a label of the training data).
 * The resulting vector, one for each copy, enters the pair features; one dense layer for each layer of the network
 * turns it into the shifts, scales and gates of that layer.
 *
 *   in   logSigma    s = ln(sigma) / 4
 *   in   condition   row of condition.embedding
 *   out  cond        [conditionWidth]
 *   out  modulation  [numLayers][6][width]   rows shift1, scale1, gate1, shift2, scale2, gate2
 *   out  modulation  [2][width]              of the head: rows shift, scale
 *
 * Equations (4.1) to (4.4) of openmmapi/docs/theory.md. Source: arXiv 2212.09748. Weights: time.frequencies [T],
 * time.hidden [c][2T], time.output [c][c], condition.embedding [numConditions][c], layer.l.modulation [6d][c],
 * head.modulation [2d][c].
 * Implementations: timeConditioning(shape, weights, logSigma, condition, cond) and, for every layer and the head,
 * modulation(weights, cond, modulation).
 */

struct TimeConditioningShape {
    int numFrequencies = 0, conditionWidth = 0;
};

template <class T>
struct TimeConditioningWeights {
    ArrayView<const T> frequencies;
    LinearWeights<T> hidden, output;
    ArrayView<const T> conditionEmbedding;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STAGES_TIMECONDITIONING_H_
