// SPDX-License-Identifier: MIT
// Contract of the shared helper linear: a matrix product with an optional bias.
#ifndef OPENMM_ORBIT_STAGES_LINEAR_H_
#define OPENMM_ORBIT_STAGES_LINEAR_H_

#include "openmmorbit/internal/ArrayView.h"

namespace OrbitPlugin {

/**
 * out = W in + b for every row.
 *
 *   in   weights   weight [numOutputs][numInputs], bias [numOutputs] or empty
 *   in   input     [numRows][numInputs]
 *   out  output    [numRows][numOutputs]   must not be the input
 *
 * Section 4 of openmmapi/docs/theory.md: W x means the sum over in of W[out][in] x[in]. Used by every stage
 * of the network.
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
