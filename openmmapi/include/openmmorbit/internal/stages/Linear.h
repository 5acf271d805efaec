// SPDX-License-Identifier: MIT
// Contract of the shared helper linear: a dense layer, that is a matrix product with an optional bias.
#ifndef OPENMM_ORBIT_STAGES_LINEAR_H_
#define OPENMM_ORBIT_STAGES_LINEAR_H_

#include "openmmorbit/internal/ArrayView.h"

namespace OrbitPlugin {

/**
 * This helper applies a dense layer to every row: output = W input + b. Each output is the sum over the inputs,
 * weight[output][input] times input, plus a bias if there is one. Every stage of the network uses it.
 *
 *   in   weights   weight [numOutputs][numInputs], bias [numOutputs] or empty
 *   in   input     [numRows][numInputs]
 *   out  output    [numRows][numOutputs]   must not be the input
 *
 * Section 4 of openmmapi/docs/theory.md writes it as W x + b.
 * Implementations: linear(shape, weights, input, output).
 */

struct LinearShape {
    int numRows = 0, numInputs = 0, numOutputs = 0;
};

template <class T>
struct LinearWeights {
    ArrayView<const T> weight, bias;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STAGES_LINEAR_H_
