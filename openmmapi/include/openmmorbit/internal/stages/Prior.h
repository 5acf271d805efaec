// SPDX-License-Identifier: MIT
// Contract of the prior stage: noise becomes positions, at the start and wherever a step draws noise anew.
#ifndef OPENMM_ORBIT_STAGES_PRIOR_H_
#define OPENMM_ORBIT_STAGES_PRIOR_H_

namespace OrbitPlugin {

/**
 * The positions at the first noise level, or those of a step with its new noise.
 *
 *   in   sigma       model unit, the level of the noise, above 0
 *   in   noise       [numAtoms][3]   dimensionless, from the noise stage
 *   out  positions   [numAtoms][3]   model unit, centred; addNoise: they are added to
 *
 * Equation (6.2) of openmmapi/docs/theory.md: positions = sigma (noise - its mean over atoms).
 * Implementations: prior(shape, sigma, noise, positions), addNoise(shape, sigma, noise, positions).
 */

struct PriorShape {
    int numAtoms = 0;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STAGES_PRIOR_H_
