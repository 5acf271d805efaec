// SPDX-License-Identifier: MIT
// Shards of ethanol frames that tests write, damage and compare.
#ifndef OPENMM_ORBIT_TESTS_SHARDFILES_H_
#define OPENMM_ORBIT_TESTS_SHARDFILES_H_

#include "Systems.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/Shard.h"
#include <gtest/gtest.h>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <unistd.h>

namespace testSupport {

/** Atoms of ethanol. */
const int NUM_POINTS = 9;

inline OrbitPlugin::FrameBlock makeBlock(int seed, int numFrames, int numPoints = NUM_POINTS) {
    OrbitPlugin::FrameBlock block;
    block.condition = "300 K";
    block.temperature = 300;
    block.series = "replica 1";
    for (int k = 0; k < numFrames; k++)
        for (double value : makePositions(numPoints, 100 * seed + k))
            block.positions.push_back((float) value);
    return block;
}

inline void expectRefusal(const std::function<void()>& call, const std::string& part) {
    try {
        call();
        ADD_FAILURE() << "expected a refusal that says " << part;
    }
    catch (const OrbitPlugin::ArgumentError& error) {
        EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    }
}

/** A shard of ethanol with three blocks, of 4, 2 and 3 frames. */
class ShardTest : public testing::Test {
protected:
    ShardTest() : path((std::filesystem::temp_directory_path() /
            ("orbit-frames-" + std::to_string(getpid()) + ".shard")).string()) {
        ethanol.graph = makeEthanol();
        ethanol.splitRule = OrbitPlugin::SplitRule::Time;
        blocks = {makeBlock(1, 4), makeBlock(2, 2), makeBlock(3, 3)};
        blocks[1].condition = "400 K";
        blocks[1].temperature = 400.5;
        blocks[1].series = "replica 2";
        blocks[2].weights = {0.5f, 0, 1.25f};
        blocks[2].energies = {-1, 2, 3};
        for (int k : {1, 2}) {
            blocks[k].forces = blocks[k].positions;
            std::reverse(blocks[k].forces.begin(), blocks[k].forces.end());
        }
        OrbitPlugin::ShardWriter writer(path);
        writer.addSubject(ethanol);
        for (const OrbitPlugin::FrameBlock& block : blocks) {
            ends.push_back((long long) std::filesystem::file_size(path));
            writer.addFrames(block);
        }
        bytes = readFile();
    }
    ~ShardTest() override {
        std::error_code ignored;
        std::filesystem::remove(path, ignored);
    }
    std::string readFile() const {
        std::ifstream file(path, std::ios::binary);
        return std::string(std::istreambuf_iterator<char>(file), {});
    }
    void writeFile(const std::string& newBytes) const {
        std::ofstream(path, std::ios::binary | std::ios::trunc) << newBytes;
    }
    /** Read the blocks of all subjects. */
    std::vector<OrbitPlugin::FrameBlock> readBlocks() {
        OrbitPlugin::ShardReader reader(path);
        OrbitPlugin::ShardSubject subject;
        OrbitPlugin::FrameBlock block;
        std::vector<OrbitPlugin::FrameBlock> found;
        labels.clear();
        while (reader.nextSubject(subject)) {
            labels.push_back(subject.getLabel());
            while (reader.nextBlock(block))
                found.push_back(block);
        }
        messages = reader.getMessages();
        return found;
    }
    std::string path, bytes;
    OrbitPlugin::ShardSubject ethanol;
    std::vector<OrbitPlugin::FrameBlock> blocks;
    std::vector<long long> ends;        ///< size of the file before every block
    std::vector<std::string> labels, messages;
};

inline void expectSame(const OrbitPlugin::FrameBlock& actual, const OrbitPlugin::FrameBlock& expected) {
    EXPECT_EQ(actual.condition, expected.condition);
    EXPECT_EQ(actual.temperature, expected.temperature);
    EXPECT_EQ(actual.series, expected.series);
    EXPECT_EQ(actual.positions, expected.positions);
    EXPECT_EQ(actual.forces, expected.forces);
    EXPECT_EQ(actual.energies, expected.energies);
    EXPECT_EQ(actual.weights, expected.weights);
}

} // namespace testSupport

#endif // OPENMM_ORBIT_TESTS_SHARDFILES_H_
