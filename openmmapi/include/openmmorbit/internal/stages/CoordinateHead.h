// SPDX-License-Identifier: MIT
// Contract of the coordinateHead stage: tokens to the network's output.
#ifndef OPENMM_ORBIT_STAGES_COORDINATEHEAD_H_
#define OPENMM_ORBIT_STAGES_COORDINATEHEAD_H_

namespace OrbitPlugin {

/**
 * The network's output of one copy.
 *
 *   in   x            [numAtoms][width]
 *   in   modulation   [2][width]      rows shift, scale
 *   out  F            [numAtoms][3]   dimensionless, centred
 *
 * Equation (4.18) of openmmapi/docs/theory.md. Weights: head.weight [3][d].
 * Implementations: coordinateHead(shape, weight, x, modulation, F).
 */

struct CoordinateHeadShape {
    int numAtoms = 0, width = 0;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STAGES_COORDINATEHEAD_H_
