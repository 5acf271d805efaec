// SPDX-License-Identifier: MIT
// Contract of the coordinateHead stage: from the token vectors to the three output numbers of every atom.
#ifndef OPENMM_ORBIT_STAGES_COORDINATEHEAD_H_
#define OPENMM_ORBIT_STAGES_COORDINATEHEAD_H_

namespace OrbitPlugin {

/**
 * This stage turns the token vectors into the output F of the network: one vector in space for each atom.
 * It normalises each token, scales and shifts its channels by the head's modulation, projects them to three numbers
 * with one matrix, and subtracts the mean over the atoms, so that F does not move the centroid. The caller combines F
 * with the noisy positions to get the denoised positions (Preconditioning.h).
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
