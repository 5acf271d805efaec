// SPDX-License-Identifier: MIT
// Signed volumes and dihedrals: how coordinates show a configuration, and whether it is the requested one.
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

/** The least signed volume of a correct centre; between it and its negative a centre is flat. */
constexpr double MIN_SIGNED_VOLUME = 0.1;

/** Ask whether a centre has the handedness of its record; positions [numAtoms * 3], any unit. */
OPENMM_EXPORT_ORBIT bool isCorrect(const TetrahedralStereo& stereo, ArrayView<const double> positions);
/** Ask whether a double bond or axis is twisted as its record says; positions [numAtoms * 3], any unit. */
OPENMM_EXPORT_ORBIT bool isCorrect(const TorsionStereo& stereo, ArrayView<const double> positions);
/** Ask whether all centres, double bonds and axes of a molecule are correct; positions [numAtoms * 3], any unit. */
OPENMM_EXPORT_ORBIT bool isStereoCorrect(const MolecularGraph& graph, ArrayView<const double> positions);
/** Get the kind of a relation if one of its end atoms is replaced by the other substituent there. */
OPENMM_EXPORT_ORBIT TorsionStereoKind getOpposite(TorsionStereoKind kind);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STEREOGEOMETRY_H_
