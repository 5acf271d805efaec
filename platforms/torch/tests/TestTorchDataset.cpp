// SPDX-License-Identifier: MIT
// Data sets larger than memory: a bounded cache gives the same batches and weights, and changed shards are refused.
#include "TorchSystems.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/Trainer.h"
#include "train/BatchSampler.h"
#include <gtest/gtest.h>
#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace OrbitPlugin;
using namespace testSupport;

namespace {

/** Two shards in a folder that disappears with the test. */
class DatasetTest : public testing::Test {
protected:
    DatasetTest() : folder(std::filesystem::temp_directory_path() / ("orbit-dataset-" + std::to_string(getpid()))) {
        std::filesystem::create_directories(folder);
        for (const std::string& shard : {getPath("a.shard"), getPath("b.shard")})
            writeSmallShard(shard, "MMFF94s");
        settings.network = makeSmallSettings();
        settings.conditions = {"GFN2-xTB", "MMFF94s"};
        settings.datasets = {{{getPath("a.shard"), getPath("b.shard")}, 1.0}};
        settings.validationShards = {getPath("a.shard")};
        settings.atomsPerBatch = 300;
        settings.maxSteps = 5;
        settings.validationSteps = 0;
        settings.maxAutomorphisms = 2;
        model = DenoiserModel::createRandom(settings.network, 1);
        model.setConditions(settings.conditions);
    }
    ~DatasetTest() override {
        std::error_code ignored;
        std::filesystem::remove_all(folder, ignored);
    }
    std::string getPath(const std::string& name) const {
        return (folder / name).string();
    }
    torchimpl::TrainingData read(std::size_t maxBytes) const {
        torchimpl::TrainingData data(maxBytes);
        torchimpl::readTrainingSet(settings.datasets[0].shards, 1, model, settings.maxAutomorphisms, data);
        return data;
    }
    /** Flip one bit of the first shard. */
    void damage(long long place) const {
        std::fstream file(getPath("a.shard"), std::ios::binary | std::ios::in | std::ios::out);
        file.seekg(place);
        const char value = (char) (file.get() ^ 1);
        file.seekp(place);
        file.put(value);
    }
    std::filesystem::path folder;
    TrainingSettings settings;
    DenoiserModel model;
};

} // namespace

TEST_F(DatasetTest, boundedCachesGiveTheSameBatches) {
    const torchimpl::TrainingData whole = read(SIZE_MAX);
    const std::size_t total = whole.cache->getNumBytes();
    torchimpl::BatchSampler sampler(settings, whole);
    std::vector<torchimpl::HostBatch> expected;
    for (int k = 0; k < 20; k++)
        expected.push_back(sampler.getBatch({k / 4, k % 4}));
    EXPECT_EQ(whole.cache->getNumMisses(), 0);
    for (const std::size_t limit : {(std::size_t) 0, total / 3, total - 1}) {
        const torchimpl::TrainingData data = read(limit);
        EXPECT_EQ(data.tables.tokenRows, whole.tables.tokenRows);
        EXPECT_EQ(data.tables.pairRows, whole.tables.pairRows);
        EXPECT_EQ(data.sets[0].subjects.size(), 10u);
        torchimpl::BatchSampler streamed(settings, data);
        for (int k = 0; k < 20; k++) {
            const torchimpl::HostBatch batch = streamed.getBatch({k / 4, k % 4});
            EXPECT_EQ(batch.u, expected[k].u);
            EXPECT_EQ(batch.target, expected[k].target);
            EXPECT_EQ(batch.tokenIndex, expected[k].tokenIndex);
            EXPECT_EQ(batch.pairIndex, expected[k].pairIndex);
            EXPECT_EQ(batch.condition, expected[k].condition);
        }
        EXPECT_LE(data.cache->getPeakBytes(), limit);
        EXPECT_GT(data.cache->getNumMisses(), 0);
        EXPECT_EQ(data.cache->getNumBytes() == 0, limit == 0);
    }
}

TEST_F(DatasetTest, theSubjectsUsedLastAreKept) {
    const std::size_t total = read(SIZE_MAX).cache->getNumBytes();
    const torchimpl::TrainingData data = read(total / 2);
    const std::vector<torchimpl::SubjectEntry>& entries = data.sets[0].subjects;
    const auto first = data.getSubject(entries[0]);
    for (std::size_t k = 1; k < entries.size(); k++) {
        data.getSubject(entries[k]);
        const long long before = data.cache->getNumMisses();
        EXPECT_EQ(data.getSubject(entries[0]).get(), first.get());
        EXPECT_EQ(data.cache->getNumMisses(), before) << k;
    }
    EXPECT_EQ(first->label, data.getSubject(entries[5])->label);
}

TEST_F(DatasetTest, streamedTrainingGivesTheSameBits) {
    settings.finalLearningRate = 1;
    settings.outputDirectory = getPath("whole");
    const DenoiserModel whole = DenoiserModel::load(train(settings).modelPath);
    settings.outputDirectory = getPath("streamed");
    settings.cacheMegabytes = 0;
    settings.maxSteps = 2;
    train(settings);
    settings.maxSteps = 5;
    const DenoiserModel streamed = DenoiserModel::load(train(settings).modelPath);
    for (const std::string& name : whole.getTensorNames())
        EXPECT_EQ(whole.getTensor(name).values, streamed.getTensor(name).values) << name;
    settings.cacheMegabytes = -1;
    EXPECT_THROW(train(settings), ArgumentError);
}

TEST_F(DatasetTest, shardsThatChangeDuringARunAreRefused) {
    const torchimpl::TrainingData data = read(0);
    const torchimpl::SubjectEntry& entry = data.sets[0].subjects[1];
    EXPECT_NO_THROW(data.getSubject(entry));
    damage(entry.offset + 150);
    try {
        data.getSubject(entry);
        FAIL();
    }
    catch (const ArgumentError& error) {
        EXPECT_NE(std::string(error.what()).find("a.shard"), std::string::npos) << error.what();
        EXPECT_NE(std::string(error.what()).find("checksum"), std::string::npos) << error.what();
    }

    std::filesystem::remove(getPath("a.shard"));
    EXPECT_THROW(data.getSubject(entry), ArgumentError);
}
