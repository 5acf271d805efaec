// SPDX-License-Identifier: MIT
// What a model's network sees of a backbone: for generation, training, and those who run the network themselves.
#ifndef OPENMM_ORBIT_BACKBONEINPUTS_H_
#define OPENMM_ORBIT_BACKBONEINPUTS_H_

#include "openmmorbit/BackboneSubject.h"
#include "openmmorbit/DenoiserModel.h"
#include "openmmorbit/TokenInputs.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <vector>

namespace OrbitPlugin {

/** The vocabularies of a model of backbones. */
struct OPENMM_EXPORT_ORBIT BackboneVocabularies {
    std::vector<FeatureVocabulary> residues, pairs;
};

/**
 * Get the vocabularies of a new model of backbones. Residues show their secondary structure, how far they are from the
 * start and the end of their chain and whether a break is beside them, and how long the backbone is. Pairs show how far
 * apart they are in their chain, or that they are in two chains.
 *
 * @param longest   residues of the longest backbone; longer ones look like it
 */
OPENMM_EXPORT_ORBIT BackboneVocabularies makeBackboneVocabularies(int longest);

/**
 * Compute the categorical inputs of the network of a model, equations (4.5) and (4.7). One token is one residue, with
 * the points of the model. Targets are averaged over proper rotations: the network learns the hand. The symmetry group
 * is left empty.
 *
 * @param backbone   chains, breaks and secondary structure
 * @param model      the vocabularies
 * @throws ArgumentError naming residue, feature and value if a vocabulary lacks the value
 */
OPENMM_EXPORT_ORBIT TokenInputs describeBackbone(const BackboneSubject& backbone, const DenoiserModel& model);

/**
 * Find the permutations that leave every input of a backbone unchanged: identical chains change places. Training needs
 * them; generation does not.
 *
 * @param backbone   the backbone that was described
 * @param inputs     what describeBackbone() returned for it; receives the group
 * @throws ArgumentError if the numbers of residues disagree
 */
OPENMM_EXPORT_ORBIT void addSymmetryGroup(const BackboneSubject& backbone, TokenInputs& inputs);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_BACKBONEINPUTS_H_
