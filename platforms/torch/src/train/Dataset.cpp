// SPDX-License-Identifier: MIT
// Reading shards: inputs, symmetry groups and frames of subjects, at first and when they are needed.
#include "Dataset.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/Shard.h"
#include <filesystem>

namespace OrbitPlugin {
namespace torchimpl {

namespace {

/** Keep what the inputs and frames of subjects depend on. */
void setVocabularies(const DenoiserModel& model, int maxAutomorphisms, TrainingData& data) {
    data.vocabularies.setSettings(model.getSettings());
    data.vocabularies.setVocabularies(model.getAtomVocabularies(), model.getPairVocabularies());
    data.vocabularies.setConditions(model.getConditions());
    data.vocabularies.setRotations(model.getRotations());
    data.vocabularies.setTopology(model.getTopology());
    data.vocabularies.setBackbones(model.getBackbones());
    data.vocabularies.setUnitInNanometers(model.getUnitInNanometers());
    data.maxAutomorphisms = maxAutomorphisms;
    data.numOfCondition.resize(model.getConditions().size());
}

/** Learn from the frames of a system how its forces help; forces of further shards must fit. */
void checkForces(const ShardSubject& record, const TrainingSubject& subject, TrainingData& data) {
    if (data.forces && !data.forces->getFault().empty())
        return;
    std::shared_ptr<ForceTarget> forces;
    if (data.forces) {
        forces = std::make_shared<ForceTarget>(*data.forces);
        forces->check(subject.frames);
    }
    else
        forces = std::make_shared<ForceTarget>(record.topology.graph.getNeighbors(), subject.frames);
    data.forces = forces;
    if (!data.forces->getFault().empty())
        data.messages.push_back(subject.label + ": " + data.forces->getFault());
}

/** Read one shard into a set. */
void readShard(const std::string& path, TrainingSet& set, TrainingData& data) {
    ShardReader reader(path);
    ShardSubject record;
    const auto shard = (std::int32_t) data.shards.size();
    const FrameRules rules = getFrameRules(data.vocabularies, data.isValidation);
    data.shards.push_back(path);
    data.sizes.push_back(std::filesystem::file_size(path));
    data.damaged.emplace_back();
    while (reader.nextSubject(record)) {
        try {
            const long long offset = reader.getOffset();
            SubjectFrames frames(reader, path, record, rules, data.damaged.back(), &data.messages);
            const auto subject = std::make_shared<TrainingSubject>(makeTrainingSubject(
                    record, std::move(frames), data.vocabularies, data.maxAutomorphisms, data.tables));
            set.subjects.push_back({shard, subject->numTokens, offset, subject->frames.getNumFrames()});
            if (set.weight > 0) {
                if (record.kind == SubjectKind::Molecule)
                    data.counts.addMolecule(record.graph, record.splitKey);
                for (int condition : subject->frames.getConditions())
                    data.numOfCondition.at(condition)++;
            }
            if (record.kind == SubjectKind::Topology && subject->frames.hasForces())
                checkForces(record, *subject, data);
            data.numRestricted += subject->given.restricted;
            data.cache->add({shard, offset}, subject);
        }
        catch (const ArgumentError& error) {
            data.messages.push_back(error.what());
            data.numLeftOut++;
        }
    }
    data.messages.insert(data.messages.end(), reader.getMessages().begin(), reader.getMessages().end());
    data.numLeftOut += (int) reader.getMessages().size();
}

} // namespace

FrameRules getFrameRules(const DenoiserModel& model, bool isValidation) {
    return {model.getConditions(), isValidation, 0.1 / model.getUnitInNanometers()};
}

void readTrainingSet(const std::vector<std::string>& shards, double weight, const DenoiserModel& model,
        int maxAutomorphisms, TrainingData& data) {
    setVocabularies(model, maxAutomorphisms, data);
    TrainingSet set;
    set.weight = weight;
    for (const std::string& path : shards)
        readShard(path, set, data);
    if (set.subjects.empty())
        throw ArgumentError("readTrainingSet: expected at least one subject, got none from \"" +
                (shards.empty() ? std::string() : shards[0]) + "\"" +
                (data.messages.empty() ? "" : "; the last fault: " + data.messages.back()));
    data.sets.push_back(std::move(set));
}

bool isEmptyShard(const std::string& path) {
    ShardReader reader(path);
    ShardSubject subject;
    return !reader.nextSubject(subject) && reader.getMessages().empty();
}

std::shared_ptr<const TrainingSubject> TrainingData::getSubject(const SubjectEntry& entry) const {
    const SubjectCache::Key key = {entry.shard, entry.offset};
    if (auto kept = cache->find(key))
        return kept;
    ShardReader reader(shards[entry.shard]);
    ShardSubject record;
    reader.readSubject(entry.offset, record);

    // Tables of this subject alone, whose rows are then looked up in those of the run.

    FeatureTables own;
    std::set<long long> leftOut = damaged[entry.shard];
    SubjectFrames frames(
            reader, shards[entry.shard], record, getFrameRules(vocabularies, isValidation), leftOut, nullptr);
    const auto subject = std::make_shared<TrainingSubject>(
            makeTrainingSubject(record, std::move(frames), vocabularies, maxAutomorphisms, own));
    moveRows(own, tables, subject->given);
    for (std::optional<FeatureRows>* view : {&subject->mirrored, &subject->hidden})
        if (*view)
            moveRows(own, tables, **view);

    // A simulation that runs beside the trainer may add frames.

    const int numFrames = subject->frames.getNumFrames();
    const bool hasGrown = record.splitRule == SplitRule::Time && numFrames > entry.numFrames;
    if (subject->numTokens != entry.numTokens || (numFrames != entry.numFrames && !hasGrown))
        throw ArgumentError("TrainingData::getSubject: expected " + std::to_string(entry.numTokens) + " tokens and " +
                std::to_string(entry.numFrames) + " frames as when the run began, got " +
                std::to_string(subject->numTokens) + " and " + std::to_string(subject->frames.getNumFrames()) +
                " for " + subject->label + "; do not write to shards that are in use");
    cache->add(key, subject);
    return subject;
}

bool TrainingData::haveShardsGrown() const {
    for (std::size_t k = 0; k < shards.size(); k++) {
        std::error_code error;
        const std::uintmax_t size = std::filesystem::file_size(shards[k], error);
        if (!error && size != sizes[k])
            return true;
    }
    return false;
}

long long TrainingData::takeNewFrames() {
    for (std::size_t k = 0; k < shards.size(); k++)
        sizes[k] = std::filesystem::file_size(shards[k]);
    cache->clear();
    long long number = 0;
    for (TrainingSet& set : sets)
        for (SubjectEntry& entry : set.subjects) {
            const int before = entry.numFrames;
            entry.numFrames = getSubject(entry)->frames.getNumFrames();
            number += entry.numFrames - before;
        }
    return number;
}

} // namespace torchimpl
} // namespace OrbitPlugin
