// SPDX-License-Identifier: MIT
// Contract of the coordinateHead stage: from the token vectors to three output numbers of every point.
#ifndef OPENMM_ORBIT_STAGES_COORDINATEHEAD_H_
#define OPENMM_ORBIT_STAGES_COORDINATEHEAD_H_

namespace OrbitPlugin {

/**
 * This stage turns the token vectors into the output F of the network: one vector in space for each point.
 * It normalises each token, scales and shifts its channels by the head's modulation, projects them to 3P numbers
 * with one matrix, and subtracts the mean over the points, so that F does not move the centroid. The caller combines F
 * with the noisy positions to get the denoised positions (Preconditioning.h).
 *
 *   in   x            [numTokens][width]
 *   in   modulation   [2][width]        rows shift, scale
 *   out  F            [numTokens][3P]   dimensionless, the mean of all points is 0
 *
 * Equation (4.18) of openmmapi/docs/theory.md. Weights: head.weight [3P][d], rows in the order of F.
 * Implementations: coordinateHead(shape, weight, x, modulation, F).
 */

struct CoordinateHeadShape {
    int numTokens = 0, width = 0, pointsPerToken = 1;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STAGES_COORDINATEHEAD_H_
