// SPDX-License-Identifier: MIT
// Contract of the transition stage: a gated two-layer network on every atom, the second half of a layer.
#ifndef OPENMM_ORBIT_STAGES_TRANSITION_H_
#define OPENMM_ORBIT_STAGES_TRANSITION_H_

#include "openmmorbit/internal/stages/Linear.h"

namespace OrbitPlugin {

/**
 * This stage transforms every token of one copy by itself. It normalises and modulates the token, widens it with one
 * dense layer, multiplies one half of the result by the SiLU function of the other half (SwiGLU), and projects it back.
 * The result is multiplied by a gate and added to the token.
 *
 *   in       modulation   [6][width]         rows shift2, scale2, gate2 are used
 *   in, out  x            [numTokens][width]
 *
 * Equations (4.15) to (4.17) of openmmapi/docs/theory.md. Source: SwiGLU, arXiv 2002.05202. Weights:
 * layer.l.transition.up [2 m d][d], rows g then v; layer.l.transition.down [d][m d].
 * Implementations: transition(shape, weights, modulation, x).
 */

struct TransitionShape {
    int numTokens = 0, width = 0, factor = 0;
};

template <class T>
struct TransitionWeights {
    LinearWeights<T> up, down;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STAGES_TRANSITION_H_
