// SPDX-License-Identifier: MIT
// From a molecular graph to the integer inputs of the network, and to the symmetry group of those inputs.
#ifndef OPENMM_ORBIT_FEATURES_H_
#define OPENMM_ORBIT_FEATURES_H_

#include "openmmorbit/DenoiserModel.h"
#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/Symmetry.h"
#include "openmmorbit/internal/stages/StereoGuidance.h"
#include <functional>
#include <vector>

namespace OrbitPlugin {

/** The categorical inputs of one molecule, rows of token.embedding and pair.embedding, and what guides its hands. */
struct OPENMM_EXPORT_ORBIT GraphFeatures {
    int numAtoms = 0, numAtomFeatures = 0, numPairFeatures = 0;
    std::vector<int> atomFeatures;  ///< [numAtoms][numAtomFeatures], already offset into the concatenated vocabulary
    std::vector<int> pairFeatures;  ///< [numAtoms][numAtoms][numPairFeatures], likewise
    std::vector<HandedVolume> handedVolumes;    ///< for stereoGuidance; none if the inputs show the hand
};

/**
 * Put the stereo records of a graph into a canonical form that means the same: the neighbours of a centre stand in the
 * order of their colour-refinement ranks (those without an equal first, the last two swapped where handedness asks for
 * it), the end atoms of an axis are the ones of the highest rank. Labels of symmetry-equivalent centres then agree, so
 * that findSymmetryGroup() finds the rotations of the molecule. The reading room calls it once it has filled
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

/** Get the default vocabularies of the atom features. */
OPENMM_EXPORT_ORBIT std::vector<FeatureVocabulary> getDefaultAtomVocabularies();
/** Get the default vocabularies of the pair features. */
OPENMM_EXPORT_ORBIT std::vector<FeatureVocabulary> getDefaultPairVocabularies();
/**
 * Ask whether the inputs tell a molecule from its mirror image. If they do not, the network's symmetries include
 * reflections: training averages over O(3), and the generator reflects what came out with the wrong hand.
 */
OPENMM_EXPORT_ORBIT bool hasHandedness(const std::vector<FeatureVocabulary>& pairVocabularies);
/**
 * Compute the network's categorical inputs.
 *
 * @throws ArgumentError naming molecule, atom, feature and value if a vocabulary lacks the value
 */
OPENMM_EXPORT_ORBIT GraphFeatures computeFeatures(const MolecularGraph& graph,
        const std::vector<FeatureVocabulary>& atomVocabularies, const std::vector<FeatureVocabulary>& pairVocabularies);
/**
 * Get the signed volumes that are all positive in a correct conformer, or all negative in its mirror image: one for
 * each specified centre and for each specified axis of an atropisomer. None if there is only one, which is always right
 * after a reflection.
 */
OPENMM_EXPORT_ORBIT std::vector<HandedVolume> findHandedVolumes(const MolecularGraph& graph);
/** Find the permutations that leave every input of the network (and the isotopes) unchanged. */
OPENMM_EXPORT_ORBIT SymmetryGroup findSymmetryGroup(const MolecularGraph& graph, const GraphFeatures& features);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_FEATURES_H_
