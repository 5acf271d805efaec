// SPDX-License-Identifier: MIT
// Contract of the prior stage: noise becomes positions, at the start and wherever a step draws noise anew.
#ifndef OPENMM_ORBIT_STAGES_PRIOR_H_
#define OPENMM_ORBIT_STAGES_PRIOR_H_

namespace OrbitPlugin {

/**
 * This stage scales standard normal numbers to a noise level and removes their mean over the points, so that the
 * centroid does not move. prior() writes the result: the positions from which a generation starts. addNoise() adds it
 * to given positions, for a step of the sampler that draws part of the noise anew.
 *
 *   in   sigma       model unit, the level of the noise, above 0
 *   in   noise       [numPoints][3]   dimensionless, from the noise stage
 *   out  positions   [numPoints][3]   model unit; written by prior(), added to by addNoise()
 *
 * Equation (6.2) of openmmapi/docs/theory.md: positions = sigma (noise - its mean over points).
 * Implementations: prior(shape, sigma, noise, positions), addNoise(shape, sigma, noise, positions).
 */

struct PriorShape {
    int numPoints = 0;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STAGES_PRIOR_H_
