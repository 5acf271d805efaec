// SPDX-License-Identifier: MIT
// The inputs of the network, as training and generation compute them.
#include "openmmorbit/MoleculeInputs.h"
#include "openmmorbit/internal/Features.h"
#include <utility>

namespace OrbitPlugin {

MoleculeInputs computeMoleculeInputs(const MolecularGraph& graph, const DenoiserModel& model) {
    MolecularGraph canonical = graph;
    canonicalizeStereo(canonical);
    expandStereoAxes(canonical);
    GraphFeatures features = computeFeatures(canonical, model.getAtomVocabularies(), model.getPairVocabularies());
    MoleculeInputs inputs;
    inputs.group = findSymmetryGroup(canonical, features);
    inputs.numAtoms = features.numAtoms;
    inputs.numAtomFeatures = features.numAtomFeatures;
    inputs.numPairFeatures = features.numPairFeatures;
    inputs.atomFeatures = std::move(features.atomFeatures);
    inputs.pairFeatures = std::move(features.pairFeatures);
    return inputs;
}

} // namespace OrbitPlugin
