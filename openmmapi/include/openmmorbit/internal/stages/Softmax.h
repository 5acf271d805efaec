// SPDX-License-Identifier: MIT
// Contract of the shared helper softmax.
#ifndef OPENMM_ORBIT_STAGES_SOFTMAX_H_
#define OPENMM_ORBIT_STAGES_SOFTMAX_H_

namespace OrbitPlugin {

/**
 * This helper turns the numbers of one row into positive weights that sum to one: each becomes its exponential divided
 * by the sum of all exponentials. The largest number is subtracted first, so that nothing overflows.
 *
 *   in, out  values   [n]   any finite numbers, replaced by exp(value - maximum) / sum
 *
 * Part of (4.12) of openmmapi/docs/theory.md.
 * Implementations: softmax(values).
 */

struct SoftmaxShape {
    int size = 0;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STAGES_SOFTMAX_H_
