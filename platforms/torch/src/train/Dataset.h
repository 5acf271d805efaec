// SPDX-License-Identifier: MIT
// The subjects of a training run: where they lie in the shards, and those that are in memory.
#ifndef OPENMM_ORBIT_TORCH_DATASET_H_
#define OPENMM_ORBIT_TORCH_DATASET_H_

#include "ForceTarget.h"
#include "SubjectCache.h"
#include "TrainingSubject.h"
#include "openmmorbit/TrainingSettings.h"
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace OrbitPlugin {
namespace torchimpl {

/** Where a subject lies, and what the choice of batches needs to know of it. */
struct SubjectEntry {
    std::int32_t shard = 0;     ///< index into TrainingData::shards
    std::int32_t numTokens = 0;
    std::int64_t offset = 0;    ///< of its record, see ShardReader::getOffset()
    std::int32_t numFrames = 0; ///< that the run uses
};

/** Subjects of several shards, sampled with one weight. */
struct TrainingSet {
    double weight = 1;
    std::vector<SubjectEntry> subjects;
};

/**
 * Everything a run samples from. Subjects lie in the shards; those used last are kept in memory, up to a limit.
 * Several threads may get subjects once the shards are read.
 */
struct TrainingData {
    FeatureTables tables;
    std::vector<std::string> shards;    ///< paths
    std::vector<std::uintmax_t> sizes;  ///< of their files in bytes when they were read
    std::vector<std::set<long long>> damaged;   ///< of every shard, places of blocks of frames that are left out
    std::vector<TrainingSet> sets;
    std::vector<std::string> messages;  ///< one sentence for everything that was left out
    int numLeftOut = 0;                 ///< subjects that were left out, or damaged parts of shards
    TrainingCounts counts;              ///< of the molecules in sets that are sampled
    std::vector<int> numOfCondition;    ///< subjects with frames of every condition in those sets
    std::shared_ptr<const ForceTarget> forces;      ///< of a system whose frames have forces; all its shards share it
    int numRestricted = 0;              ///< subjects whose group is larger than maxAutomorphisms
    DenoiserModel vocabularies;         ///< inputs of the network; without tensors
    int maxAutomorphisms = 1;           ///< see makeFeatureRows()
    bool isValidation = false;          ///< the side of subjects that are split by time
    std::unique_ptr<SubjectCache> cache;

    /** Keep at most so many bytes of subjects; 0: read every subject when it is needed. */
    explicit TrainingData(std::size_t maxBytes = SIZE_MAX) : cache(std::make_unique<SubjectCache>(maxBytes)) {
    }
    /** Keep as much as the settings say. */
    explicit TrainingData(const TrainingSettings& settings) :
            TrainingData((std::size_t) settings.cacheMegabytes << 20) {
    }
    /**
     * Get a subject, read again if it is not kept. It is the same, bit for bit.
     *
     * @throws ArgumentError if the shard was changed since readTrainingSet()
     */
    std::shared_ptr<const TrainingSubject> getSubject(const SubjectEntry& entry) const;
    /** Whether another program has written to a shard since it was read. */
    bool haveShardsGrown() const;
    /**
     * List the frames of all subjects anew. No other thread may get subjects meanwhile.
     *
     * @return how many came
     */
    long long takeNewFrames();
};

/** Get which frames a model can be trained on. */
FrameRules getFrameRules(const DenoiserModel& model, bool isValidation);

/**
 * Read shards once: which subjects they hold, and which combinations of features occur.
 *
 * @param data   receives one more set; the tables grow
 * @throws ArgumentError if a shard is missing, or no subject is left
 */
void readTrainingSet(const std::vector<std::string>& shards, double weight, const DenoiserModel& model,
        int maxAutomorphisms, TrainingData& data);

/** Whether a shard holds no record, as that of a data set too small for validation. @throws ArgumentError */
bool isEmptyShard(const std::string& path);

} // namespace torchimpl
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TORCH_DATASET_H_
