// SPDX-License-Identifier: MIT
// Reading shards: features, symmetry groups and centred positions of molecules, at first and when they are needed.
#include "Dataset.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/Shard.h"
#include "openmmorbit/MoleculeInputs.h"
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

std::shared_ptr<TrainingMolecule> makeMolecule(
        const ShardRecord& record, const DenoiserModel& model, int maxAutomorphisms, FeatureTables& tables) {
    const MolecularGraph& graph = record.graph;
    const std::vector<std::string>& conditions = model.getConditions();
    auto condition = std::find(conditions.begin(), conditions.end(), record.condition);
    if (condition == conditions.end())
        throw ArgumentError("readTrainingSet: expected one of the run's conditions, got \"" + record.condition +
                "\" for " + graph.getLabel() + "; add it to \"conditions\"");
    auto result = std::make_shared<TrainingMolecule>();
    TrainingMolecule& molecule = *result;
    molecule.label = graph.getLabel();
    molecule.numAtoms = graph.getNumAtoms();
    molecule.numConformers = record.getNumConformers();
    molecule.condition = (int) (condition - conditions.begin());
    molecule.labelled = !graph.tetrahedral.empty() || !graph.torsional.empty();
    molecule.handed = molecule.labelled && model.getRotations() == OrbitRotations::Proper;
    molecule.positions = record.positions;
    centerPositions(molecule);
    double sum = 0;
    for (float weight : record.weights)
        molecule.weights.push_back((float) (sum += weight));
    molecule.views[0] = makeFeatureRows(graph, model, maxAutomorphisms, tables);
    if (molecule.labelled) {
        MolecularGraph hidden = graph;
        hidden.tetrahedral.clear();
        hidden.torsional.clear();
        molecule.views[1] = molecule.handed ? makeFeatureRows(mirror(graph), model, maxAutomorphisms, tables)
                                            : molecule.views[0];
        molecule.views[2] = makeFeatureRows(hidden, model, maxAutomorphisms, tables);
    }
    return result;
}

/** Get the rows of combinations of features in another table; one that is missing there is refused. */
std::vector<std::uint16_t> findRows(
        const std::vector<std::vector<int>>& combinations, const std::map<std::vector<int>, int>& index) {
    std::vector<std::uint16_t> rows;
    for (const std::vector<int>& combination : combinations) {
        const auto found = index.find(combination);
        if (found == index.end())
            throw ArgumentError("TrainingData::getMolecule: expected the features that the shard had when the run "
                                "began, got others; do not write to shards that are in use");
        rows.push_back((std::uint16_t) found->second);
    }
    return rows;
}

} // namespace

FeatureRows makeFeatureRows(
        const MolecularGraph& graph, const DenoiserModel& model, int maxAutomorphisms, FeatureTables& tables) {
    TokenInputs inputs = describeMolecule(graph, model);
    addSymmetryGroup(graph, inputs);
    FeatureRows rows;
    const int n = inputs.numTokens;
    for (int i = 0; i < n; i++)
        rows.atoms.push_back(findRow(inputs.tokenFeatures.data() + i * inputs.numTokenFeatures,
                inputs.numTokenFeatures, tables.atomRows, tables.atomIndex));
    for (int i = 0; i < n * n; i++)
        rows.pairs.push_back(findRow(inputs.pairFeatures.data() + i * inputs.numPairFeatures, inputs.numPairFeatures,
                tables.pairRows, tables.pairIndex));
    const SymmetryGroup& group = inputs.group;
    rows.group = restrictSymmetryGroup(group, maxAutomorphisms);
    rows.restricted = !group.complete || group.getOrder() > maxAutomorphisms;
    if (rows.restricted)
        rows.lattice = std::make_shared<const LatticeGroup>(makeLatticeGroup(group, graph.getNeighbors()));
    return rows;
}

void readTrainingSet(const std::vector<std::string>& shards, double weight, const DenoiserModel& model,
        int maxAutomorphisms, TrainingData& data) {
    data.vocabularies.setVocabularies(model.getAtomVocabularies(), model.getPairVocabularies());
    data.vocabularies.setConditions(model.getConditions());
    data.vocabularies.setRotations(model.getRotations());
    data.maxAutomorphisms = maxAutomorphisms;
    data.numOfCondition.resize(model.getConditions().size());
    TrainingSet set;
    set.weight = weight;
    for (const std::string& path : shards) {
        ShardReader reader(path);
        ShardRecord record;
        const auto shard = (std::int32_t) data.shards.size();
        data.shards.push_back(path);
        while (reader.next(record)) {
            try {
                const auto molecule = makeMolecule(record, data.vocabularies, maxAutomorphisms, data.tables);
                set.molecules.push_back({shard, molecule->numAtoms, reader.getOffset()});
                if (weight > 0) {
                    data.counts.addMolecule(record.graph, record.flatSmiles);
                    data.numOfCondition.at(molecule->condition)++;
                }
                data.numRestricted += molecule->views[0].restricted;
                data.cache->add({shard, reader.getOffset()}, molecule);
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

bool isEmptyShard(const std::string& path) {
    ShardReader reader(path);
    ShardRecord record;
    return !reader.next(record) && reader.getMessages().empty();
}

std::shared_ptr<const TrainingMolecule> TrainingData::getMolecule(const MoleculeEntry& entry) const {
    const MoleculeCache::Key key = {entry.shard, entry.offset};
    if (auto kept = cache->find(key))
        return kept;
    ShardReader reader(shards[entry.shard]);
    ShardRecord record;
    reader.read(entry.offset, record);

    // Tables of this molecule alone, whose rows are then looked up in those of the run.

    FeatureTables own;
    const auto molecule = makeMolecule(record, vocabularies, maxAutomorphisms, own);
    const std::vector<std::uint16_t> atoms = findRows(own.atomRows, tables.atomIndex),
                                     pairs = findRows(own.pairRows, tables.pairIndex);
    for (FeatureRows& rows : molecule->views) {
        for (std::uint16_t& row : rows.atoms)
            row = atoms[row];
        for (std::uint16_t& row : rows.pairs)
            row = pairs[row];
    }
    if (molecule->numAtoms != entry.numAtoms)
        throw ArgumentError("TrainingData::getMolecule: expected " + std::to_string(entry.numAtoms) +
                " atoms as when the run began, got " + std::to_string(molecule->numAtoms) + " for " +
                record.graph.getLabel() + "; do not write to shards that are in use");
    cache->add(key, molecule);
    return molecule;
}

} // namespace torchimpl
} // namespace OrbitPlugin
