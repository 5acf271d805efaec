// SPDX-License-Identifier: MIT
// The inputs of a subject in training, where some samples show it in another way.
#ifndef OPENMM_ORBIT_SUBJECTVIEWS_H_
#define OPENMM_ORBIT_SUBJECTVIEWS_H_

#include "openmmorbit/BackboneInputs.h"
#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/MoleculeInputs.h"
#include "openmmorbit/TokenInputs.h"
#include "openmmorbit/TopologyInputs.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <optional>
#include <vector>

namespace OrbitPlugin {

/**
 * The ways in which samples show a subject, all with their symmetry groups. A sample may be reflected if there are
 * inputs of the mirror image, or if the given inputs are those of both (OrbitRotations::WithReflections).
 */
struct SubjectViews {
    TokenInputs given;                          ///< the subject as it is
    std::optional<TokenInputs> mirrored;        ///< its mirror image, if the inputs tell it from the subject
    std::optional<TokenInputs> hidden;          ///< without what tells the two apart, or what may stay open
    std::vector<std::vector<int>> neighbors;    ///< bonded neighbours of every token
};

/**
 * Describe a molecule for training: as it is, and if it has stereo labels, with mirrored labels and without labels.
 *
 * @throws ArgumentError as describeMolecule()
 */
OPENMM_EXPORT_ORBIT SubjectViews describeMoleculeViews(const MolecularGraph& graph, const DenoiserModel& model);

/**
 * Describe a system for training. Its inputs show no hand, so there is one view, with the rotations of the model: a
 * model of proper rotations learns the hand of the frames.
 *
 * @throws ArgumentError as describeTopology()
 */
OPENMM_EXPORT_ORBIT SubjectViews describeTopologyViews(const TopologySubject& subject, const DenoiserModel& model);

/**
 * Describe a backbone for training: with its secondary structure, and with that left open. It has one hand.
 *
 * @throws ArgumentError as describeBackbone()
 */
OPENMM_EXPORT_ORBIT SubjectViews describeBackboneViews(const BackboneSubject& backbone, const DenoiserModel& model);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_SUBJECTVIEWS_H_
