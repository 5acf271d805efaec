// SPDX-License-Identifier: MIT
// The group of rotations that an orbit target averages over.
#ifndef OPENMM_ORBIT_ORBITROTATIONS_H_
#define OPENMM_ORBIT_ORBITROTATIONS_H_

namespace OrbitPlugin {

/** The group of rotations that is averaged over: stated by the subject, kept in the model file. */
enum class OrbitRotations {
    Proper = 0,             ///< SO(3): the inputs tell a subject from its mirror image, or the network learns one hand
    WithReflections = 1,    ///< O(3): the inputs show no hand, which is decided after generation
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_ORBITROTATIONS_H_
