// SPDX-License-Identifier: MIT
// Where a generation starts, and which atoms it leaves alone.
#ifndef OPENMM_ORBIT_GENERATIONSTART_H_
#define OPENMM_ORBIT_GENERATIONSTART_H_

#include <vector>

namespace OrbitPlugin {

/**
 * Known positions for a generation. Without fixed atoms copies are variations of them (partial diffusion): noise of a
 * level is added, and removed again. With fixed atoms these keep their places to each other (a motif, a core), and the
 * others are generated around them.
 *
 * Finished copies lie where the fixed atoms are; without any, around the centroid of the positions.
 */
struct GenerationStart {
    std::vector<double> positions;      ///< [numAtoms * 3], nm; empty: there is no start
    /** Noise level of the first step, in the unit of SamplerSettings::sigmaMax; 0: that of the sampler */
    double level = 0;
    std::vector<int> fixed;             ///< indices of fixed atoms, each once
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_GENERATIONSTART_H_
