// SPDX-License-Identifier: MIT
// What a model generates, by what its file tells of its training data.
#include "openmmorbit/internal/ModelSubject.h"
#include "openmmorbit/ArgumentError.h"
#include <algorithm>
#include <vector>

namespace OrbitPlugin {

SubjectKind getSubjectKind(const DenoiserModel& model) {
    if (model.getTopology().getNumAtoms() > 0)
        return SubjectKind::Topology;
    return model.getBackbones().numBackbones > 0 ? SubjectKind::Backbone : SubjectKind::Molecule;
}

bool knowsStructure(const DenoiserModel& model) {
    const std::vector<FeatureVocabulary>& features = model.getAtomVocabularies();
    return std::any_of(features.begin(), features.end(),
            [](const FeatureVocabulary& feature) { return feature.name == "secondaryStructure"; });
}

void requireSubject(const std::string& where, const DenoiserModel& model, SubjectKind expected,
        const std::array<std::string, 3>& users) {
    const std::array<std::string, 3> nouns = {"molecules", "a system", "backbones"};
    const SubjectKind found = getSubjectKind(model);
    if (found != expected)
        throw ArgumentError(where + ": expected a model of " + nouns[(int) expected - 1] + ", got one of " +
                nouns[(int) found - 1] + "; use " + users[(int) found - 1]);
}

} // namespace OrbitPlugin
