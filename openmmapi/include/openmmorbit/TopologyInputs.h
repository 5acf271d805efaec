// SPDX-License-Identifier: MIT
// What a model's network sees of a system: for generation, training, and those who run the network themselves.
#ifndef OPENMM_ORBIT_TOPOLOGYINPUTS_H_
#define OPENMM_ORBIT_TOPOLOGYINPUTS_H_

#include "openmmorbit/DenoiserModel.h"
#include "openmmorbit/TokenInputs.h"
#include "openmmorbit/TopologySubject.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <vector>

namespace OrbitPlugin {

/** The vocabularies of a model of one system. */
struct OPENMM_EXPORT_ORBIT TopologyVocabularies {
    std::vector<FeatureVocabulary> atoms, pairs;
};

/**
 * Get the vocabularies of a new model of a system. Atoms show their element, their class (atoms that a symmetry of the
 * bonds exchanges share it), their residue's name and its place in the chain. Pairs show how many bonds lie between
 * them, whether they share a residue or a chain, and how many residues lie between theirs. None of them shows a hand.
 */
OPENMM_EXPORT_ORBIT TopologyVocabularies makeTopologyVocabularies(const TopologySubject& subject);

/**
 * Compute the categorical inputs of the network of a model, equations (4.5) and (4.7). One token is one atom. The
 * symmetry group is left empty.
 *
 * @param subject   the system
 * @param model     the vocabularies and the rotations
 * @throws ArgumentError naming atom, feature and value if a vocabulary lacks the value
 */
OPENMM_EXPORT_ORBIT TokenInputs describeTopology(const TopologySubject& subject, const DenoiserModel& model);

/**
 * Find the permutations that leave every input of a system unchanged: of the hydrogens of a methyl group, the oxygens
 * of a carboxylate, the sides of a ring, identical chains. Training needs them; generation does not.
 *
 * @param subject   the system that was described
 * @param inputs    what describeTopology() returned for it; receives the group
 * @throws ArgumentError if the numbers of atoms disagree
 */
OPENMM_EXPORT_ORBIT void addSymmetryGroup(const TopologySubject& subject, TokenInputs& inputs);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TOPOLOGYINPUTS_H_
