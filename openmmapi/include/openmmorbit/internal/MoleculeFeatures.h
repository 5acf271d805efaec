// SPDX-License-Identifier: MIT
// The features of atoms and pairs that a model may ask for, and what a molecule's hand is seen by.
#ifndef OPENMM_ORBIT_MOLECULEFEATURES_H_
#define OPENMM_ORBIT_MOLECULEFEATURES_H_

#include "openmmorbit/DenoiserModel.h"
#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/TokenInputs.h"
#include <vector>

namespace OrbitPlugin {

/** Get the default vocabularies of the atom features. */
OPENMM_EXPORT_ORBIT std::vector<FeatureVocabulary> getDefaultAtomVocabularies();
/** Get the default vocabularies of the pair features. */
OPENMM_EXPORT_ORBIT std::vector<FeatureVocabulary> getDefaultPairVocabularies();
/**
 * Compute the categorical inputs of a molecule whose stereo records are canonical.
 *
 * @throws ArgumentError naming molecule, atom, feature and value if a vocabulary lacks the value
 */
OPENMM_EXPORT_ORBIT TokenInputs computeFeatures(const MolecularGraph& graph,
        const std::vector<FeatureVocabulary>& atomVocabularies, const std::vector<FeatureVocabulary>& pairVocabularies);
/**
 * Get the signed volumes that are all positive in a correct conformer, or all negative in its mirror image: one for
 * each specified centre and for each specified axis of an atropisomer. None if there are fewer than some number: a
 * single one is always right after a reflection.
 *
 * @param unitInNanometers   length of the model unit, whose cube the volumes have
 * @param fewest             1 where copies are not reflected
 */
OPENMM_EXPORT_ORBIT std::vector<HandedVolume> findHandedVolumes(
        const MolecularGraph& graph, double unitInNanometers = 0.1, int fewest = 2);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_MOLECULEFEATURES_H_
