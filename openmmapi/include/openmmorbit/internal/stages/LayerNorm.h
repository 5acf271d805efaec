// SPDX-License-Identifier: MIT
// Contract of the shared helper layerNorm: normalisation over channels with modulation.
#ifndef OPENMM_ORBIT_STAGES_LAYERNORM_H_
#define OPENMM_ORBIT_STAGES_LAYERNORM_H_

namespace OrbitPlugin {

/**
 * out = LN(in) (1 + scale) + shift for every row.
 *
 *   in   input    [numRows][width]
 *   in   shift    [width]
 *   in   scale    [width]
 *   out  output   [numRows][width]   may be the input
 *
 * LN subtracts the mean over channels and divides by the square root of the variance (of population) plus 1e-5.
 * Part of (4.10), (4.15) and (4.18) of openmmapi/docs/theory.md.
 * Implementations: layerNorm(shape, input, shift, scale, output).
 */

constexpr double LAYER_NORM_EPSILON = 1e-5;

struct LayerNormShape {
    int numRows = 0, width = 0;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STAGES_LAYERNORM_H_
