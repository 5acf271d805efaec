// SPDX-License-Identifier: MIT
// The stereo records of a graph: one way to write what means the same, and no record that says nothing.
#ifndef OPENMM_ORBIT_STEREORECORDS_H_
#define OPENMM_ORBIT_STEREORECORDS_H_

#include "openmmorbit/MolecularGraph.h"
#include <functional>

namespace OrbitPlugin {

/**
 * Put the stereo records of a graph into a canonical form that means the same: the neighbours of a centre stand in the
 * order of their colour-refinement ranks (those without an equal first, the last two swapped where handedness asks for
 * it), the end atoms of an axis are the ones of the highest rank. Labels of symmetry-equivalent centres then agree, so
 * that the symmetry group holds the rotations of the molecule. The reading room calls it once it has filled
 * `tetrahedral` and `torsional`; the other members of the graph must be complete.
 */
OPENMM_EXPORT_ORBIT void canonicalizeStereo(MolecularGraph& graph);
/**
 * Drop the stereo records that say nothing: those whose inversion gives the same molecule, because a symmetry of the
 * graph undoes it and keeps all other records. Every axis must have one record.
 *
 * @param isCandidate   whether a record may be dropped: of an axis its two atoms, of a centre the centre twice
 */
OPENMM_EXPORT_ORBIT void dropVacuousStereo(
        MolecularGraph& graph, const std::function<bool(int, int)>& isCandidate);
/**
 * Replace the records of every axis by one for each pair of its end atoms, as the reading room returns them; across an
 * end atom the kind is the opposite. Records of one axis are taken to mean the same. Call it after
 * canonicalizeStereo().
 */
OPENMM_EXPORT_ORBIT void expandStereoAxes(MolecularGraph& graph);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STEREORECORDS_H_
