// SPDX-License-Identifier: MIT
// One atom out of an array of coordinates.
#ifndef OPENMM_ORBIT_POSITIONS_H_
#define OPENMM_ORBIT_POSITIONS_H_

#include "openmm/Vec3.h"
#include "openmmorbit/internal/ArrayView.h"

namespace OrbitPlugin {

/** Get the position of an atom; positions [numAtoms * 3], any unit. */
inline OpenMM::Vec3 getPosition(ArrayView<const double> positions, int atom) {
    return OpenMM::Vec3(positions[3 * atom], positions[3 * atom + 1], positions[3 * atom + 2]);
}

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_POSITIONS_H_
