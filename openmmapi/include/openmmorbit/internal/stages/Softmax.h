// SPDX-License-Identifier: MIT
// Contract of the shared helper softmax.
#ifndef OPENMM_ORBIT_STAGES_SOFTMAX_H_
#define OPENMM_ORBIT_STAGES_SOFTMAX_H_

namespace OrbitPlugin {

/**
 * Exponentials that sum to one, for one row.
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
