// SPDX-License-Identifier: MIT
// Inspects a state of a system against the frames that its model was trained on.
#ifndef OPENMM_ORBIT_STATECHECK_H_
#define OPENMM_ORBIT_STATECHECK_H_

#include "openmmorbit/ConformerStatus.h"
#include "openmmorbit/TopologySubject.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <vector>

namespace OrbitPlugin {

/**
 * Inspect one state; it is not changed. A state fails in any of these cases:
 *
 * - Bonds and angles: a value is outside the range of the training frames by more than three of their standard
 *   deviations (at least 0.02 Angstrom, or 2 degrees).
 * - Clashes: a distance of atoms that share neither a bond nor an angle is below 0.9 of the shortest one of these
 *   elements in the frames.
 * - Stereochemistry: a centre has the other hand than in all frames, or an axis (a peptide bond, a double bond) is on
 *   the other side.
 *
 * Without frames only clashes below 0.5 Angstrom are found.
 *
 * @param subject     the system with the ranges of its frames
 * @param positions   [numAtoms * 3], Angstrom
 * @return the findings; the message names the worst fault of each kind with its atoms. maxDeviation is the largest
 *         deviation of a bond or angle from its mean in standard deviations of the frames
 * @throws ArgumentError if the number of positions is not that of the system
 */
OPENMM_EXPORT_ORBIT ConformerStatus checkState(const TopologySubject& subject, const std::vector<double>& positions);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STATECHECK_H_
