// SPDX-License-Identifier: MIT
// A molecule as the network sees it: one token an atom.
#include "openmmorbit/MoleculeInputs.h"
#include "Encoding.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/internal/MoleculeFeatures.h"
#include "openmmorbit/internal/StereoRecords.h"
#include <string>
#include <vector>

namespace OrbitPlugin {

TokenInputs describeMolecule(const MolecularGraph& graph, const DenoiserModel& model) {
    MolecularGraph canonical = graph;
    canonicalizeStereo(canonical);
    expandStereoAxes(canonical);
    TokenInputs inputs = computeFeatures(canonical, model.getAtomVocabularies(), model.getPairVocabularies());

    inputs.pointsPerToken = model.getSettings().pointsPerToken;

    // Without a label, both mirror images answer the request.

    const bool isLabelled = !graph.tetrahedral.empty() || !graph.torsional.empty();
    inputs.rotations = isLabelled ? model.getRotations() : OrbitRotations::WithReflections;
    if (model.getRotations() == OrbitRotations::WithReflections)
        inputs.handedVolumes = findHandedVolumes(canonical, model.getUnitInNanometers());
    return inputs;
}

void addSymmetryGroup(const MolecularGraph& graph, TokenInputs& inputs) {
    if (graph.getNumAtoms() != inputs.numTokens)
        throw ArgumentError("addSymmetryGroup: expected inputs of " + std::to_string(graph.getNumAtoms()) +
            " atoms, got inputs of " + std::to_string(inputs.numTokens) + " atoms");
    std::vector<int> isotopes;
    for (const GraphAtom& atom : graph.atoms)
        isotopes.push_back(atom.isotope);
    inputs.group = findInputSymmetry(inputs, isotopes, graph.getNeighbors());
}

} // namespace OrbitPlugin
