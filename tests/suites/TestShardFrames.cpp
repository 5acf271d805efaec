// SPDX-License-Identifier: MIT
// Shards of format 2: blocks of frames are appended, read on demand and checked; shards of format 1 are still read.
#include "Golden.h"
#include "Matchers.h"
#include "ShardFiles.h"
#include <filesystem>
#include <fstream>

using namespace OrbitPlugin;
using namespace testSupport;

namespace {

class ShardFramesTest : public ShardTest {};

} // namespace

TEST_F(ShardFramesTest, blocksKeepWhatWasWritten) {
    const std::vector<FrameBlock> found = readBlocks();
    ASSERT_EQ(found.size(), 3u);
    for (int k = 0; k < 3; k++)
        expectSame(found[k], blocks[k]);
    EXPECT_EQ(labels, (std::vector<std::string>{"molecule \"ethanol\""}));
    EXPECT_TRUE(messages.empty());
    ShardReader reader(path);
    ShardSubject subject;
    EXPECT_EQ(reader.getFormat(), 2);
    ASSERT_TRUE(reader.nextSubject(subject));
    EXPECT_EQ(subject.splitRule, SplitRule::Time);
    EXPECT_EQ(subject.getNumPoints(), NUM_POINTS);
}

TEST_F(ShardFramesTest, framesAreReadOneByOne) {
    ShardReader reader(path);
    ShardSubject subject;
    ASSERT_TRUE(reader.nextSubject(subject));
    std::vector<FrameBlockHead> heads(3);
    for (FrameBlockHead& head : heads)
        ASSERT_TRUE(reader.nextHead(head));
    FrameBlockHead none;
    EXPECT_FALSE(reader.nextHead(none));
    for (int k : {2, 0, 1}) {
        EXPECT_EQ(heads[k].numFrames, blocks[k].getNumFrames(NUM_POINTS));
        EXPECT_EQ(heads[k].condition, blocks[k].condition);
        EXPECT_EQ(reader.readWeights(heads[k]), blocks[k].weights);
        for (int frame = heads[k].numFrames - 1; frame >= 0; frame--) {
            const float* first = blocks[k].positions.data() + 3 * NUM_POINTS * frame;
            std::vector<float> forces;
            EXPECT_EQ(reader.readFrame(heads[k], frame, &forces), std::vector<float>(first, first + 3 * NUM_POINTS));
            EXPECT_EQ(heads[k].hasForces, k > 0);
            const auto firstForce = blocks[k].forces.begin() + (k > 0 ? 3 * NUM_POINTS * frame : 0);
            EXPECT_EQ(forces, std::vector<float>(firstForce, firstForce + (k > 0 ? 3 * NUM_POINTS : 0)));
        }
        FrameBlock block;
        reader.readBlock(heads[k], block);
        expectSame(block, blocks[k]);
        EXPECT_THROW(reader.readFrame(heads[k], heads[k].numFrames), ArgumentError);
        EXPECT_THROW(reader.readFrame(heads[k], -1), ArgumentError);
    }
}

TEST_F(ShardFramesTest, backbonesKeepWhatWasWritten) {
    ShardSubject subject;
    subject.kind = SubjectKind::Backbone;
    subject.backbone = makeBackbone({3, 2}, "HE?CC");
    subject.backbone.name = "1abc";
    subject.backbone.numbers = {-4, -3, 8, 1, 2};
    subject.splitKey = "cluster 7";
    FrameBlock block;
    block.condition = "native";
    for (const int points : {1, 3}) {
        subject.pointsPerToken = points;
        block.positions.assign(15 * points, 0.5f);
        ShardWriter writer(path);
        writer.addSubject(subject);
        writer.addFrames(block);
        ShardReader reader(path);
        ShardSubject found;
        FrameBlock frames;
        ASSERT_TRUE(reader.nextSubject(found));
        EXPECT_EQ(found.kind, SubjectKind::Backbone);
        EXPECT_EQ(found.backbone.name, "1abc");
        EXPECT_EQ(found.backbone.chains, (std::vector<int>{0, 0, 0, 1, 1}));
        EXPECT_EQ(found.backbone.numbers, subject.backbone.numbers);
        EXPECT_EQ(found.backbone.structure, "HE?CC");
        EXPECT_EQ(found.splitKey, "cluster 7");
        EXPECT_EQ(found.getNumTokens(), 5);
        EXPECT_EQ(found.getNumPoints(), 5 * points);
        EXPECT_EQ(found.getLabel(), "backbone \"1abc\" of 5 residues");
        ASSERT_TRUE(reader.nextBlock(frames));
        EXPECT_EQ(frames.positions, block.positions);
    }
    subject.pointsPerToken = 2;
    expectMentions<ArgumentError>("expected 1 point for each residue (CA) or 3 (N, CA, C) for the backbone \"1abc\"",
            [&] { ShardWriter(path).addSubject(subject); });
    subject.pointsPerToken = 1;
    subject.backbone.structure = "HHHH";
    EXPECT_THROW(ShardWriter(path).addSubject(subject), ArgumentError);
}

TEST_F(ShardFramesTest, shardsAreContinued) {
    const FrameBlock more = makeBlock(4, 5);
    ShardSubject water;
    water.graph = makeWater();
    {
        ShardWriter writer(path, ShardMode::Append);
        EXPECT_EQ(writer.getNumRecords(), 1);
        writer.addSubject(ethanol);
        writer.addFrames(more);
        EXPECT_EQ(writer.getNumRecords(), 1);
        EXPECT_EQ(readFile().compare(0, bytes.size(), bytes), 0) << "what was there is not written again";
        writer.addSubject(water);
        writer.addFrames(makeBlock(5, 1, 3));
    }
    std::vector<FrameBlock> found = readBlocks();
    ASSERT_EQ(found.size(), 5u);
    expectSame(found[3], more);
    EXPECT_EQ(found[4].positions.size(), 9u);
    EXPECT_EQ(labels.size(), 2u);
    ShardWriter(path, ShardMode::Append).addFrames(makeBlock(6, 1, 3));
    EXPECT_EQ(readBlocks().size(), 6u) << "the last subject goes on";
    writeFile("");
    ShardWriter(path, ShardMode::Append).addSubject(water);
    EXPECT_TRUE(readBlocks().empty());
    EXPECT_EQ(labels.size(), 1u);
    writeFile(readGoldenText("format1.shard"));
    expectRefusal([&] { ShardWriter(path, ShardMode::Append); }, "format 1");
}

TEST_F(ShardFramesTest, largeBlocksAreWrittenAsSeveral) {
    FrameBlock large = makeBlock(1, 1);
    const int numFrames = 100000;
    std::vector<float> positions;
    for (int k = 0; k < numFrames; k++) {
        large.positions[0] = (float) k;
        positions.insert(positions.end(), large.positions.begin(), large.positions.end());
        large.weights.push_back((float) (k % 7));
    }
    large.positions = positions;
    {
        ShardWriter writer(path);
        writer.addSubject(ethanol);
        writer.addFrames(large);
    }
    const std::vector<FrameBlock> found = readBlocks();
    ASSERT_GT(found.size(), 1u);
    FrameBlock joined;
    for (const FrameBlock& block : found) {
        EXPECT_LE(4 * block.positions.size(), 5u << 20);
        EXPECT_EQ(block.series, large.series);
        joined.positions.insert(joined.positions.end(), block.positions.begin(), block.positions.end());
        joined.weights.insert(joined.weights.end(), block.weights.begin(), block.weights.end());
    }
    EXPECT_EQ(joined.positions, large.positions);
    EXPECT_EQ(joined.weights, large.weights);
}

TEST_F(ShardFramesTest, moleculesAreReadWhole) {
    // Frames of two conditions are no record; of one condition they are joined.

    ShardRecord record;
    ShardReader mixed(path);
    EXPECT_FALSE(mixed.next(record));
    ASSERT_EQ(mixed.getMessages().size(), 1u);
    EXPECT_NE(mixed.getMessages()[0].find("\"400 K\""), std::string::npos) << mixed.getMessages()[0];
    {
        ShardWriter writer(path);
        writer.addSubject(ethanol);
        writer.addFrames(blocks[0]);
        writer.addFrames(makeBlock(8, 3));
        writer.add(record = [] {
            ShardRecord water;
            water.graph = makeWater();
            water.positions.resize(9, 1.5f);
            return water;
        }());
    }
    ShardReader reader(path);
    ASSERT_TRUE(reader.next(record));
    EXPECT_EQ(record.getNumConformers(), 7);
    EXPECT_EQ(record.condition, "300 K");
    const long long place = reader.getOffset();
    ASSERT_TRUE(reader.next(record));
    EXPECT_EQ(record.graph.name, "water");
    EXPECT_FALSE(reader.next(record));
    reader.read(place, record);
    EXPECT_EQ(record.getNumConformers(), 7);
    EXPECT_TRUE(reader.getMessages().empty());
}

TEST_F(ShardFramesTest, weightsOfSomeFramesOnlyAreNoRecord) {
    ShardWriter writer(path);
    writer.addSubject(ethanol);
    writer.addFrames(blocks[0]);
    writer.addFrames(blocks[2]);
    ShardReader reader(path);
    ShardRecord record;
    EXPECT_FALSE(reader.next(record));
    ASSERT_EQ(reader.getMessages().size(), 1u);
    EXPECT_NE(reader.getMessages()[0].find("weights of all frames"), std::string::npos) << reader.getMessages()[0];
}

TEST_F(ShardFramesTest, format1IsStillRead) {
    // tests/golden/README.md tells who wrote the file.

    writeFile(readGoldenText("format1.shard"));
    std::vector<MolecularGraph> graphs = {makeEthanol(), makeBenzene(), makeDifluoroethene(),
            makeBromochlorofluoromethane()};
    ShardReader reader(path), subjects(path);
    EXPECT_EQ(reader.getFormat(), 1);
    ShardRecord record;
    ShardSubject subject;
    FrameBlock block;
    FrameBlockHead head;
    for (std::size_t k = 0; k < graphs.size(); k++) {
        ASSERT_TRUE(reader.next(record));
        EXPECT_EQ(record.graph.name, graphs[k].name);
        EXPECT_EQ(record.flatSmiles, "flat of " + graphs[k].name);
        EXPECT_EQ(record.condition, "GFN2-xTB");
        EXPECT_EQ(record.graph.rings, graphs[k].rings);
        EXPECT_EQ(record.graph.tetrahedral.size(), graphs[k].tetrahedral.size());
        EXPECT_EQ(record.graph.torsional.size(), graphs[k].torsional.size());
        ASSERT_EQ(record.getNumConformers(), (int) k + 1);
        for (std::size_t c = 0; c <= k; c++) {
            EXPECT_EQ(record.energies[c], 0.5f * c);
            EXPECT_EQ(record.weights[c], 1.0f / (k + 1));
            const std::vector<double> expected = makePositions(graphs[k].getNumAtoms(), 3 + c);
            for (std::size_t i = 0; i < expected.size(); i++)
                ASSERT_EQ(record.positions[c * expected.size() + i], (float) expected[i]);
        }
        ASSERT_TRUE(subjects.nextSubject(subject));
        EXPECT_EQ(subject.splitKey, record.flatSmiles);
        EXPECT_EQ(subject.splitRule, SplitRule::Key);
        if (k % 2 == 0) {
            ASSERT_TRUE(subjects.nextHead(head));
            EXPECT_EQ(subjects.readFrame(head, 0)[4], record.positions[4]);
            EXPECT_EQ(subjects.readWeights(head), record.weights);
            subjects.readBlock(head, block);
        }
        else
            ASSERT_TRUE(subjects.nextBlock(block));
        EXPECT_EQ(block.positions, record.positions);
        EXPECT_EQ(block.energies, record.energies);
        EXPECT_FALSE(subjects.nextBlock(block));
    }
    EXPECT_FALSE(reader.next(record));
    EXPECT_FALSE(subjects.nextSubject(subject));
    EXPECT_TRUE(reader.getMessages().empty());
}

TEST(TimeSplit, theLastFifthValidates) {
    for (long long numFrames : {0LL, 1LL, 4LL, 5LL, 6LL, 99LL, 100LL, 1234567LL, 40000000000LL}) {
        const FrameRange training = getTimeSplit(numFrames, false), validation = getTimeSplit(numFrames, true);
        EXPECT_EQ(training.first, 0);
        EXPECT_EQ(validation.last, numFrames);
        EXPECT_EQ(validation.getNumFrames(), numFrames / 5);
        EXPECT_EQ(training.last < validation.first, numFrames >= 5) << numFrames;
        EXPECT_GE(training.getNumFrames(), numFrames * 78 / 100);
    }
    EXPECT_EQ(getTimeSplit(1000, false).last, 790);
    EXPECT_EQ(getTimeSplit(1000, true).first, 800);
    EXPECT_EQ(getTimeSplit(4, false).getNumFrames(), 4);
}

TEST_F(ShardFramesTest, TopologiesAreSubjectsToo) {
    TopologyRecord topology;
    topology.residueNames = {"BEA", "BEA"};
    topology.atoms = {{"A", 0, 0, 0}, {"B", 6, 0, 0}, {"A", 0, 1, 0}};
    topology.bonds = {{0, 1, 0}};
    ShardSubject subject;
    subject.kind = SubjectKind::Topology;
    subject.splitRule = SplitRule::Time;
    subject.topology = makeTopologySubject(topology);
    {
        ShardWriter writer(path, ShardMode::Append);
        writer.addSubject(subject);
        writer.addFrames(makeBlock(4, 2, 3));
        writer.addSubject(subject);
        writer.addFrames(makeBlock(5, 1, 3));
        EXPECT_EQ(writer.getNumRecords(), 2) << "an equal subject is continued";
    }
    ShardReader reader(path);
    ShardSubject found;
    ASSERT_TRUE(reader.nextSubject(found));
    ASSERT_TRUE(reader.nextSubject(found));
    EXPECT_EQ(found.kind, SubjectKind::Topology);
    EXPECT_EQ(found.topology.toJson(), subject.topology.toJson());
    FrameBlock block;
    for (int numFrames : {2, 1}) {
        ASSERT_TRUE(reader.nextBlock(block));
        EXPECT_EQ(block.getNumFrames(3), numFrames);
    }
    EXPECT_TRUE(reader.getMessages().empty());
}
