// SPDX-License-Identifier: MIT
// The seed that is chosen when the user leaves it to us.
#ifndef OPENMM_ORBIT_RANDOMSEED_H_
#define OPENMM_ORBIT_RANDOMSEED_H_

namespace OrbitPlugin {

/** Choose a seed from the operating system's entropy: 1 to 2^31 - 1. */
int chooseRandomSeed();

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_RANDOMSEED_H_
