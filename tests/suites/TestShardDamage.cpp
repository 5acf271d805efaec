// SPDX-License-Identifier: MIT
// Shards of format 2 that are damaged, cut off or unknown: what is whole is read, the rest is named.
#include "../../openmmapi/src/data/Crc32.h"
#include "Matchers.h"
#include "ShardFiles.h"
#include <csignal>
#include <limits>
#include <sys/resource.h>

using namespace OrbitPlugin;
using namespace testSupport;

namespace {

class ShardDamageTest : public ShardTest {};

/** No file of this process may become larger, until the end of the scope. */
class FullDisk {
public:
    explicit FullDisk(rlim_t size) {
        handler = std::signal(SIGXFSZ, SIG_IGN);
        getrlimit(RLIMIT_FSIZE, &before);
        const rlimit limit = {size, before.rlim_max};
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FullDisk() {
        setrlimit(RLIMIT_FSIZE, &before);
        std::signal(SIGXFSZ, handler);
    }
    FullDisk(const FullDisk&) = delete;
    FullDisk& operator=(const FullDisk&) = delete;
private:
    rlimit before = {};
    void (*handler)(int) = nullptr;
};

} // namespace

TEST_F(ShardDamageTest, allBlocksBeforeATruncatedOneAreKept) {
    for (long long size = ends[0] + 1; size < (long long) bytes.size(); size++) {
        const int numWhole = (int) (std::upper_bound(ends.begin(), ends.end(), size) - ends.begin()) - 1;
        writeFile(bytes.substr(0, size));
        const std::vector<FrameBlock> found = readBlocks();
        ASSERT_EQ((int) found.size(), numWhole) << size;
        for (int k = 0; k < numWhole; k++)
            EXPECT_EQ(found[k].positions, blocks[k].positions);
        EXPECT_EQ(messages.empty(), size == ends[numWhole]) << size;

        // A writer goes on behind the last whole block.

        ShardWriter(path, ShardMode::Append).addFrames(blocks[0]);
        EXPECT_EQ((int) readBlocks().size(), numWhole + 1) << size;
        EXPECT_TRUE(messages.empty()) << size << ": " << messages[0];
    }
}

TEST_F(ShardDamageTest, damagedBlocksAreSkippedAndNamed) {
    for (std::size_t place = ends[1]; place < (std::size_t) ends[2]; place++) {
        std::string damaged = bytes;
        damaged[place] ^= 4;
        writeFile(damaged);
        const std::vector<FrameBlock> found = readBlocks();
        ASSERT_EQ(found.size(), 2u) << place;
        expectSame(found[0], blocks[0]);
        expectSame(found[1], blocks[2]);
        ASSERT_FALSE(messages.empty());
        EXPECT_NE(messages[0].find("record"), std::string::npos) << messages[0];
    }

    // The other frames of a damaged block can be read one by one.

    std::string damaged = bytes;
    damaged[ends[1] - 1] ^= 1;
    writeFile(damaged);
    EXPECT_EQ(readBlocks().size(), 2u);
    EXPECT_NE(messages[0].find("record 0, molecule \"ethanol\", block 0"), std::string::npos) << messages[0];
    EXPECT_NE(messages[0].find("frame 3"), std::string::npos) << messages[0];
    ShardReader reader(path);
    ShardSubject subject;
    FrameBlockHead head;
    ASSERT_TRUE(reader.nextSubject(subject) && reader.nextHead(head));
    EXPECT_EQ(reader.readFrame(head, 0)[5], blocks[0].positions[5]);
    expectRefusal([&] { reader.readFrame(head, 3); }, path);
}

TEST_F(ShardDamageTest, framesAreNeverGivenToAnotherSubject) {
    ShardSubject other = ethanol;
    other.graph.name = "other";
    {
        ShardWriter writer(path, ShardMode::Append);
        writer.addSubject(other);
        writer.addFrames(makeBlock(7, 2));
    }
    const std::string whole = readFile(), label = "molecule \"other\"";
    const std::size_t labelStart = bytes.size() + 24;
    ASSERT_EQ(whole.compare(labelStart, label.size(), label), 0);
    for (std::size_t place = bytes.size(); place < whole.find("FRAMES\r\n", bytes.size()); place++) {
        if (place >= labelStart && place < labelStart + label.size())
            continue;   // It serves messages only.
        std::string damaged = whole;
        damaged[place] ^= 1;
        writeFile(damaged);
        const std::vector<FrameBlock> found = readBlocks();
        ASSERT_EQ(found.size(), 3u) << place;
        expectSame(found[2], blocks[2]);
        EXPECT_FALSE(messages.empty());
        EXPECT_EQ(labels.size(), 1u);
    }
}

TEST_F(ShardDamageTest, unknownKindsAreNamed) {
    // The kind is the first number of the payload; both checksums are made right.

    auto store = [](std::string& text, std::size_t place, std::uint32_t value) {
        for (int k = 0; k < 4; k++)
            text[place + k] = (char) (value >> (8 * k));
    };
    std::string changed = bytes;
    const std::size_t payload = 8 + 24 + std::string("molecule \"ethanol\"").size();
    ASSERT_EQ(changed[payload], 1);
    changed[payload] = 77;
    store(changed, 8 + 16, crc32(changed.data() + payload, changed.find("FRAMES\r\n") - payload));
    store(changed, 8 + 20, crc32(changed.data() + 8, 20));
    writeFile(changed);
    EXPECT_TRUE(readBlocks().empty());
    ASSERT_EQ(messages.size(), 1u);
    EXPECT_NE(messages[0].find("kind 77"), std::string::npos) << messages[0];
    EXPECT_NE(messages[0].find("newer version"), std::string::npos) << messages[0];
}

TEST_F(ShardDamageTest, refusals) {
    ShardWriter writer(path);
    expectRefusal([&] { writer.addFrames(blocks[0]); }, "addSubject()");
    writer.addSubject(ethanol);
    const std::uintmax_t size = std::filesystem::file_size(path);
    auto refuse = [&](const std::function<void(FrameBlock&)>& change, const std::string& part) {
        FrameBlock block = blocks[2];
        change(block);
        expectRefusal([&] { writer.addFrames(block); }, part);
    };
    refuse([](FrameBlock& block) { block.positions.pop_back(); }, "9 points for molecule \"ethanol\"");
    refuse([](FrameBlock& block) { block.positions.clear(); }, "got 0 coordinates");
    refuse([](FrameBlock& block) { block.positions[28] = std::numeric_limits<float>::quiet_NaN(); },
            "point 0 of frame 1");
    refuse([](FrameBlock& block) { block.weights.pop_back(); }, "3 frames");
    refuse([](FrameBlock& block) { block.weights[1] = -0.5f; }, "-0.5");
    refuse([](FrameBlock& block) { block.energies[0] = std::numeric_limits<float>::infinity(); }, "inf");
    refuse([](FrameBlock& block) { block.temperature = -1; }, "temperature");
    refuse([](FrameBlock& block) { block.temperature = 0; }, "a temperature beside the forces");
    refuse([](FrameBlock& block) { block.forces.pop_back(); }, "as many forces as coordinates, 81");
    refuse([](FrameBlock& block) { block.forces[28] = std::numeric_limits<float>::infinity(); }, "point 0 of frame 1");
    ShardSubject wrong = ethanol;
    wrong.pointsPerToken = 0;
    expectRefusal([&] { writer.addSubject(wrong); }, "points per token");
    wrong.graph.atoms.clear();
    EXPECT_THROW(writer.addSubject(wrong), ArgumentError);
    EXPECT_EQ(std::filesystem::file_size(path), size) << "what is refused leaves no trace";
    ShardSubject beads = ethanol;
    beads.pointsPerToken = 3;
    writer.addSubject(beads);
    EXPECT_THROW(writer.addFrames(blocks[0]), ArgumentError);
    writer.addFrames(makeBlock(1, 2, 3 * NUM_POINTS));
    EXPECT_EQ(readBlocks().size(), 1u);
}

TEST_F(ShardDamageTest, aFullDiskIsNamedAndLeavesWholeBlocks) {
    if (std::filesystem::exists("/dev/full"))
        expectMentions<OpenMM::OpenMMException>(
                "bytes in \"/dev/full\", got \"No space left on device\"; free some space",
                [] { ShardWriter("/dev/full"); });
    const std::string folder = std::filesystem::temp_directory_path().string();
    expectMentions<OpenMM::OpenMMException>("expected a writable file, got \"" + folder + "\": Is a directory",
            [&] { ShardWriter writer(folder); });

    // Frames that go into one block, and such that go into several, of which the first would have room.

    const std::uintmax_t whole = bytes.size();
    ShardWriter writer(path, ShardMode::Append);
    for (const auto& [numFrames, room] : {std::pair{5, 100}, std::pair{60000, 5 << 20}}) {
        const FrameBlock block = makeBlock(7, numFrames);
        {
            const FullDisk disk(whole + room);
            expectMentions<OpenMM::OpenMMException>(
                    " bytes in \"" + path + "\", got \"File too large\"", [&] { writer.addFrames(block); });
        }
        EXPECT_EQ(readFile(), bytes) << numFrames << ": what was written before stays, and nothing else";
    }

    // The same writer goes on when there is room again.

    writer.addFrames(blocks[1]);
    const std::vector<FrameBlock> found = readBlocks();
    ASSERT_EQ(found.size(), 4u);
    expectSame(found[3], blocks[1]);
    EXPECT_TRUE(messages.empty());
}
