// SPDX-License-Identifier: MIT
// Contract of the gather stage: where the molecules stand in a Context.
#ifndef OPENMM_ORBIT_STAGES_GATHER_H_
#define OPENMM_ORBIT_STAGES_GATHER_H_

namespace OrbitPlugin {

/**
 * The centroid of the particles of every copy.
 *
 *   in   contextPositions   [numParticles]   nm, of the Context, in the order of its System
 *   in   particles          [numAtoms]       Context particle of every row of the batch
 *   in   firstAtoms         [numCopies + 1]  first row of every copy, then the number of rows
 *   out  centroids          [numCopies][3]   nm, mean without masses
 *
 * Gather and scatter are the only code that knows a platform's positions and atom order. A batch without particles (a
 * private Context) has no centroids.
 * Implementations: gather(shape, contextPositions, particles, firstAtoms, centroids).
 */

struct GatherShape {
    int numCopies = 0;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STAGES_GATHER_H_
