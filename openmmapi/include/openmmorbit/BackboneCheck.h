// SPDX-License-Identifier: MIT
// Inspects a backbone against those that its model was trained on.
#ifndef OPENMM_ORBIT_BACKBONECHECK_H_
#define OPENMM_ORBIT_BACKBONECHECK_H_

#include "openmmorbit/BackboneStatistics.h"
#include "openmmorbit/BackboneSubject.h"
#include "openmmorbit/ConformerStatus.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <vector>

namespace OrbitPlugin {

/**
 * Inspect one backbone; it is not changed. A backbone fails in any of these cases:
 *
 * - Bonds and angles: a distance along the chain is outside the range of the training data by more than 0.1 Angstrom,
 *   or 0.3 Angstrom if it stands for an angle. A chain that comes apart fails here, and so does a cis peptide.
 * - Clashes: two CA that are three residues apart or more are closer than the closest of the training data, by more
 *   than 0.1 Angstrom.
 * - Hand: more turns of a left-handed helix follow each other than in the training data.
 *
 * @param backbone     chains and breaks
 * @param statistics   what the training data show
 * @param positions    [numResidues * pointsPerToken * 3], Angstrom; 1 or 3 points a residue
 * @return the findings; the message names the worst fault of each kind with its residues. maxDeviation is the largest
 *         deviation of a distance from its mean in standard deviations of the training data
 * @throws ArgumentError if the number of positions is not that of the backbone
 */
OPENMM_EXPORT_ORBIT ConformerStatus checkBackbone(const BackboneSubject& backbone, const BackboneStatistics& statistics,
        const std::vector<double>& positions);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_BACKBONECHECK_H_
