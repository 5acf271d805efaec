// SPDX-License-Identifier: MIT
// Contract of the shared helper layerNorm: layer normalisation of every row, with a given shift and scale.
#ifndef OPENMM_ORBIT_STAGES_LAYERNORM_H_
#define OPENMM_ORBIT_STAGES_LAYERNORM_H_

namespace OrbitPlugin {

/**
 * This helper normalises every row over its channels and then scales and shifts the channels:
 * output = LN(input) (1 + scale) + shift. LN subtracts the mean of the row and divides by the square root of its
 * variance plus 1e-5; the variance is the mean squared deviation, divided by width. Shift and scale are the same for
 * all rows and come from timeConditioning.
 *
 *   in   input    [numRows][width]
 *   in   shift    [width]
 *   in   scale    [width]
 *   out  output   [numRows][width]   may be the input
 *
 * Part of (4.10), (4.15) and (4.18) of openmmapi/docs/theory.md.
 * Implementations: layerNorm(shape, input, shift, scale, output).
 */

constexpr double LAYER_NORM_EPSILON = 1e-5;

struct LayerNormShape {
    int numRows = 0, width = 0;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STAGES_LAYERNORM_H_
