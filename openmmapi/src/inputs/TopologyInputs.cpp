// SPDX-License-Identifier: MIT
// A system as the network sees it: one token an atom.
#include "openmmorbit/TopologyInputs.h"
#include "Encoding.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/internal/MoleculeFeatures.h"
#include "openmmorbit/internal/TopologyFeatures.h"
#include <string>
#include <vector>

namespace OrbitPlugin {

TokenInputs describeTopology(const TopologySubject& subject, const DenoiserModel& model) {
    TokenInputs inputs = computeFeatures(subject, model.getAtomVocabularies(), model.getPairVocabularies());
    inputs.pointsPerToken = model.getSettings().pointsPerToken;

    // Frames without a hand are as probable as their mirror images only if the model says so.

    inputs.rotations = model.getRotations();
    if (model.getRotations() == OrbitRotations::WithReflections)
        inputs.handedVolumes = findHandedVolumes(subject.graph, model.getUnitInNanometers());
    return inputs;
}

void addSymmetryGroup(const TopologySubject& subject, TokenInputs& inputs) {
    if (subject.getNumAtoms() != inputs.numTokens)
        throw ArgumentError("addSymmetryGroup: expected inputs of " + std::to_string(subject.getNumAtoms()) +
            " atoms, got inputs of " + std::to_string(inputs.numTokens) + " atoms");
    inputs.group = findInputSymmetry(inputs, std::vector<int>(subject.getNumAtoms(), 0), subject.graph.getNeighbors());
}

} // namespace OrbitPlugin
