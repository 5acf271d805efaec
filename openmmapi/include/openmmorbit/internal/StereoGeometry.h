// SPDX-License-Identifier: MIT
// Signed volumes and dihedrals: how coordinates show handedness.
#ifndef OPENMM_ORBIT_STEREOGEOMETRY_H_
#define OPENMM_ORBIT_STEREOGEOMETRY_H_

#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/internal/ArrayView.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <array>

namespace OrbitPlugin {

/**
 * Get the triple product of a centre, made dimensionless by the lengths of its three vectors: positive if the centre
 * has the handedness of the record.
 *
 * @param stereo      the centre
 * @param positions   [numAtoms * 3], any unit
 * @return -1 to 1
 */
OPENMM_EXPORT_ORBIT double getSignedVolume(const TetrahedralStereo& stereo, ArrayView<const double> positions);

/**
 * Get the dihedral angle of four atoms, positive if the bond c-d stands clockwise of a-b for one who looks from b to c.
 *
 * @param atoms       a, b, c, d
 * @param positions   [numAtoms * 3], any unit
 * @return -pi to pi, radian
 */
OPENMM_EXPORT_ORBIT double getDihedral(const std::array<int, 4>& atoms, ArrayView<const double> positions);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STEREOGEOMETRY_H_
