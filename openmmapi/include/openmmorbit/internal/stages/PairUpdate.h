// SPDX-License-Identifier: MIT
// Contract of the pairUpdate stage: the descriptions of pairs learn from the tokens and from each other.
#ifndef OPENMM_ORBIT_STAGES_PAIRUPDATE_H_
#define OPENMM_ORBIT_STAGES_PAIRUPDATE_H_

#include "openmmorbit/internal/stages/FlowConditioning.h"

namespace OrbitPlugin {

/**
 * This stage changes the descriptions of all pairs of rows (registers and tokens) behind some layers. First both rows
 * of a pair add something of their vectors. Then two triangle updates follow: every pair reads the pairs that its rows
 * have with a third one, outgoing from both, then incoming to both; what it reads is normalised, projected and
 * multiplied by a gate of its own. A small network of each pair alone comes last. All of these add to the description.
 *
 *   in       x       [numRows][width]
 *   in, out  pairs   [numRows][numRows][pairWidth]
 *
 * Equations (9.12) to (9.15) of openmmapi/docs/theory.md. Source: DOI 10.1038/s41586-021-03819-2, algorithms 11, 12 and
 * 15. Weights: layer.l.pairs.tokens.{norm, weight [2p][d]}, layer.l.pairs.{outgoing,incoming}.{norm, left, leftGate,
 * right, rightGate [t][p], product.norm, output [p][t], gate [p][p]}, layer.l.pairs.transition.{norm, up, down}.
 * Implementations: pairUpdate(shape, weights, x, pairs).
 */

struct PairUpdateShape {
    int numRows = 0, width = 0, pairWidth = 0;
    int triangleWidth = 0;      ///< 0: no triangle updates
};

/** The weights of one triangle update. */
template <class T>
struct TriangleWeights {
    NormWeights<T> norm, productNorm;
    LinearWeights<T> left, leftGate, right, rightGate, output, gate;
};

template <class T>
struct PairUpdateWeights {
    NormWeights<T> tokenNorm;
    ArrayView<const T> tokens;
    TriangleWeights<T> outgoing, incoming;
    NormWeights<T> transitionNorm;
    LinearWeights<T> up, down;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STAGES_PAIRUPDATE_H_
