// SPDX-License-Identifier: MIT
// The fitted steps of the sampler's method Bespoke, (5.16) of docs/theory.md.
#ifndef OPENMM_ORBIT_BESPOKESTEPS_H_
#define OPENMM_ORBIT_BESPOKESTEPS_H_

#include <vector>

namespace OrbitPlugin {

/** One step; levels are in units of the first one. */
struct BespokeStep {
    double level = 0;       ///< where it begins; it ends where the next one begins, the last one at 0
    double stage = 0;       ///< level of its second evaluation
    double weight = 0;      ///< weight of that evaluation
};

/** Get the steps of a sampler; none if no sampler with this number of steps was fitted. */
const std::vector<BespokeStep>& getBespokeSteps(int numSteps);
/** Get the numbers of steps that were fitted. */
std::vector<int> getBespokeNumbers();

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_BESPOKESTEPS_H_
