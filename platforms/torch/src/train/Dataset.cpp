// SPDX-License-Identifier: MIT
// Reading shards into memory: features, symmetry groups and centred positions of every molecule.
#include "Dataset.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/Shard.h"
#include "openmmorbit/internal/Features.h"
#include <algorithm>
#include <limits>

namespace OrbitPlugin {
namespace torchimpl {

namespace {

/** Find or add a combination of features. */
std::uint16_t findRow(
        const int* columns, int count, std::vector<std::vector<int>>& rows, std::map<std::vector<int>, int>& index) {
    std::vector<int> key(columns, columns + count);
    auto [entry, added] = index.emplace(key, (int) rows.size());
    if (added) {
        if (rows.size() > std::numeric_limits<std::uint16_t>::max())
            throw ArgumentError("readTrainingSet: expected at most 65536 combinations of features, got more; use "
                                "smaller vocabularies");
        rows.push_back(key);
    }
    return (std::uint16_t) entry->second;
}

/** Get the mirror image of a graph's stereo labels. */
MolecularGraph mirror(MolecularGraph graph) {
    for (TetrahedralStereo& stereo : graph.tetrahedral)
        std::swap(stereo.neighbors[0], stereo.neighbors[1]);
    for (TorsionStereo& stereo : graph.torsional) {
        if (stereo.kind == TorsionStereoKind::AtropisomerMinus)
            stereo.kind = TorsionStereoKind::AtropisomerPlus;
        else if (stereo.kind == TorsionStereoKind::AtropisomerPlus)
            stereo.kind = TorsionStereoKind::AtropisomerMinus;
    }
    return graph;
}

void centerPositions(TrainingMolecule& molecule) {
    for (int k = 0; k < molecule.numConformers; k++) {
        float* x = molecule.positions.data() + (std::size_t) k * molecule.numAtoms * 3;
        for (int c = 0; c < 3; c++) {
            double mean = 0;
            for (int i = 0; i < molecule.numAtoms; i++)
                mean += x[3 * i + c];
            mean /= molecule.numAtoms;
            for (int i = 0; i < molecule.numAtoms; i++)
                x[3 * i + c] -= (float) mean;
        }
    }
}

TrainingMolecule makeMolecule(
        const ShardRecord& record, const DenoiserModel& model, int maxAutomorphisms, TrainingData& data) {
    const MolecularGraph& graph = record.graph;
    const std::vector<std::string>& conditions = model.getConditions();
    auto condition = std::find(conditions.begin(), conditions.end(), record.condition);
    if (condition == conditions.end())
        throw ArgumentError("readTrainingSet: expected one of the run's conditions, got \"" + record.condition +
                "\" for " + graph.getLabel() + "; add it to \"conditions\"");
    TrainingMolecule molecule;
    molecule.label = graph.getLabel();
    molecule.numAtoms = graph.getNumAtoms();
    molecule.numConformers = record.getNumConformers();
    molecule.condition = (int) (condition - conditions.begin());
    molecule.labelled = !graph.tetrahedral.empty() || !graph.torsional.empty();
    molecule.handed = molecule.labelled && hasHandedness(model.getPairVocabularies());
    molecule.positions = record.positions;
    centerPositions(molecule);
    double sum = 0;
    for (float weight : record.weights)
        molecule.weights.push_back((float) (sum += weight));
    molecule.views[0] = makeFeatureRows(graph, model, maxAutomorphisms, data.tables);
    if (molecule.labelled) {
        MolecularGraph hidden = graph;
        hidden.tetrahedral.clear();
        hidden.torsional.clear();
        molecule.views[1] = molecule.handed ? makeFeatureRows(mirror(graph), model, maxAutomorphisms, data.tables)
                                            : molecule.views[0];
        molecule.views[2] = makeFeatureRows(hidden, model, maxAutomorphisms, data.tables);
    }
    return molecule;
}

} // namespace

FeatureRows makeFeatureRows(
        MolecularGraph graph, const DenoiserModel& model, int maxAutomorphisms, FeatureTables& tables) {
    canonicalizeStereo(graph);
    expandStereoAxes(graph);
    GraphFeatures features = computeFeatures(graph, model.getAtomVocabularies(), model.getPairVocabularies());
    FeatureRows rows;
    for (int i = 0; i < features.numAtoms; i++)
        rows.atoms.push_back(findRow(features.atomFeatures.data() + i * features.numAtomFeatures,
                features.numAtomFeatures, tables.atomRows, tables.atomIndex));
    for (int i = 0; i < features.numAtoms * features.numAtoms; i++)
        rows.pairs.push_back(findRow(features.pairFeatures.data() + i * features.numPairFeatures,
                features.numPairFeatures, tables.pairRows, tables.pairIndex));
    SymmetryGroup group = findSymmetryGroup(graph, features);
    rows.group = restrictSymmetryGroup(group, maxAutomorphisms);
    rows.restricted = !group.complete || group.getOrder() > maxAutomorphisms;
    if (rows.restricted)
        rows.lattice = std::make_shared<const LatticeGroup>(makeLatticeGroup(group, graph.getNeighbors()));
    return rows;
}

SymmetryGroup restrictSymmetryGroup(const SymmetryGroup& group, int maxOrder) {
    if (group.complete && group.getOrder() <= maxOrder)
        return group;
    SymmetryGroup subgroup;
    subgroup.numAtoms = group.numAtoms;
    std::vector<int> identity(group.numAtoms);
    for (int i = 0; i < group.numAtoms; i++)
        identity[i] = i;
    subgroup.representatives.push_back(identity);
    std::vector<std::vector<int>> classes = group.leafClasses;
    std::stable_sort(classes.begin(), classes.end(), [](const auto& a, const auto& b) {
        return a.size() < b.size();
    });
    for (const std::vector<int>& leaves : classes) {
        subgroup.leafClasses.push_back(leaves);
        if (subgroup.getOrder() > maxOrder) {
            subgroup.leafClasses.pop_back();
            break;
        }
    }
    return subgroup;
}

void readTrainingSet(const std::vector<std::string>& shards, double weight, const DenoiserModel& model,
        int maxAutomorphisms, TrainingData& data) {
    TrainingSet set;
    set.weight = weight;
    for (const std::string& path : shards) {
        ShardReader reader(path);
        ShardRecord record;
        while (reader.next(record)) {
            try {
                set.molecules.push_back(makeMolecule(record, model, maxAutomorphisms, data));
                data.numRestricted += set.molecules.back().views[0].restricted;
            }
            catch (const ArgumentError& error) {
                data.messages.push_back(error.what());
            }
        }
        for (const std::string& message : reader.getMessages())
            data.messages.push_back(message);
    }
    if (set.molecules.empty())
        throw ArgumentError("readTrainingSet: expected at least one molecule, got none from \"" +
                (shards.empty() ? std::string() : shards[0]) + "\"" +
                (data.messages.empty() ? "" : "; the last fault: " + data.messages.back()));
    data.sets.push_back(std::move(set));
}

} // namespace torchimpl
} // namespace OrbitPlugin
