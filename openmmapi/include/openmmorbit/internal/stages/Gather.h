// SPDX-License-Identifier: MIT
// Contract of the gather stage: the centroid of each molecule in a Context.
#ifndef OPENMM_ORBIT_STAGES_GATHER_H_
#define OPENMM_ORBIT_STAGES_GATHER_H_

namespace OrbitPlugin {

/**
 * This stage reads the positions of a Context and computes the centroid of the particles of each copy. Copies are
 * denoised around the origin; scatter uses the centroids to put them back where their particles were. Gather and
 * scatter are the only code that knows how a platform stores positions and in which order. A batch without particles (a
 * private Context) has no centroids.
 *
 *   in   contextPositions   [numParticles]   nm, of the Context, in the order of its System
 *   in   particles          [numPoints]      Context particle of every row of the batch
 *   in   firstPoints        [numCopies + 1]  first row of every copy, then the number of rows
 *   out  centroids          [numCopies][3]   nm, unweighted mean of the positions
 *
 * Implementations: gather(shape, contextPositions, particles, firstPoints, centroids).
 */

struct GatherShape {
    int numCopies = 0;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STAGES_GATHER_H_
