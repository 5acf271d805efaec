// SPDX-License-Identifier: MIT
// Subjects of any kind: frames in memory and on disk, conditions of frames, the split by time, and mirror images.
#include "TorchSystems.h"
#include "TrainingRun.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/TopologySubject.h"
#include "train/BatchSampler.h"
#include "train/TrainingModel.h"
#include <algorithm>
#include <map>
#include <set>

using namespace OrbitPlugin;
using namespace testSupport;

namespace {

/** Shards of ethanol whose frame k has its second point at a distance of 1 + k/1000 Angstrom from the first. */
class SubjectTest : public TrainingRunTest {
protected:
    SubjectTest() {
        ethanol.graph = makeEthanol();
        settings = makeSettings("run");
        settings.target = "plain";
        settings.conditions = {"300 K", "400 K"};
        settings.datasets = {{{path("frames.shard")}, 1}};
        settings.validationShards = settings.datasets[0].shards;
        settings.logSigmaMean = -12;
        settings.logSigmaDeviation = 0;
        model = DenoiserModel::createRandom(settings.network, 1);
        model.setConditions(settings.conditions);
    }
    FrameBlock makeBlock(int first, int last) const {
        FrameBlock block;
        block.condition = "300 K";
        const std::vector<double> base = makePositions(9, 7);
        for (int k = first; k < last; k++) {
            const std::size_t start = block.positions.size();
            block.positions.insert(block.positions.end(), base.begin(), base.end());
            std::copy_n(base.begin(), 3, block.positions.begin() + start + 3);
            block.positions[start + 3] += 1 + 0.001f * k;
        }
        return block;
    }
    void write(const std::vector<FrameBlock>& blocks) const {
        ShardWriter writer(path("frames.shard"));
        writer.addSubject(ethanol);
        for (const FrameBlock& block : blocks)
            writer.addFrames(block);
    }
    torchimpl::TrainingData read(bool isValidation = false) const {
        torchimpl::TrainingData data;
        data.isValidation = isValidation;
        torchimpl::readTrainingSet(settings.datasets[0].shards, 1, model, 720, data);
        return data;
    }
    /** The numbers of the frames of some batches, with their conditions. */
    std::vector<std::pair<int, int>> getFrames(const torchimpl::TrainingData& data, int numBatches) const {
        std::vector<std::pair<int, int>> frames;
        torchimpl::BatchSampler sampler(settings, data);
        for (int k = 0; k < numBatches; k++) {
            const torchimpl::HostBatch batch = sampler.getBatch({0, k});
            for (int row = 0; row < batch.numSamples; row++) {
                const double scale = settings.network.dataScale, sigma = batch.sigma[row];
                double sum = 0;
                for (int c = 0; c < 3; c++) {
                    const std::size_t i = batch.getFirstCoordinate(row) + c;
                    const double d = (batch.u[i + 3] - batch.u[i]) * std::sqrt(sigma * sigma + scale * scale) / scale;
                    sum += d * d;
                }
                frames.emplace_back((int) std::lround((std::sqrt(sum) - 1) * 1000), (int) batch.condition[row]);
            }
        }
        return frames;
    }
    ShardSubject ethanol;
    TrainingSettings settings;
    DenoiserModel model;
};

double getHand(const std::vector<double>& x) {
    double v[3][3];
    for (int k = 0; k < 3; k++)
        for (int c = 0; c < 3; c++)
            v[k][c] = x[3 * (k + 1) + c] - x[c];
    return v[0][0] * (v[1][1] * v[2][2] - v[1][2] * v[2][1]) - v[0][1] * (v[1][0] * v[2][2] - v[1][2] * v[2][0]) +
            v[0][2] * (v[1][0] * v[2][1] - v[1][1] * v[2][0]);
}

} // namespace

TEST_F(SubjectTest, samplesHaveTheConditionOfTheirFrame) {
    FrameBlock hot = makeBlock(10, 40);
    hot.condition = "400 K";
    write({makeBlock(0, 10), hot, makeBlock(40, 50)});
    const torchimpl::TrainingData data = read();
    EXPECT_EQ(data.numOfCondition, (std::vector<int>{1, 1}));
    EXPECT_EQ(data.sets[0].subjects[0].numFrames, 50);
    std::set<int> seen;
    for (const auto& [frame, condition] : getFrames(data, 10)) {
        EXPECT_EQ(condition, frame >= 10 && frame < 40) << frame;
        seen.insert(frame);
    }
    EXPECT_EQ(seen.size(), 50u);
}

TEST_F(SubjectTest, framesOfOtherConditionsAreLeftOutAndNamed) {
    FrameBlock other = makeBlock(10, 40);
    other.condition = "500 K";
    write({makeBlock(0, 10), other});
    const torchimpl::TrainingData data = read();
    EXPECT_EQ(data.sets[0].subjects[0].numFrames, 10);
    ASSERT_EQ(data.messages.size(), 1u);
    EXPECT_NE(data.messages[0].find("\"500 K\""), std::string::npos) << data.messages[0];
    for (const auto& [frame, condition] : getFrames(data, 5))
        EXPECT_LT(frame, 10);
    write({other});
    EXPECT_THROW(read(), ArgumentError);
}

TEST_F(SubjectTest, timeSplitsEverySeries) {
    ethanol.splitRule = SplitRule::Time;
    std::vector<FrameBlock> blocks;
    for (int first = 0; first < 1000; first += 50)      // Two series of 500 frames, in turns.
        blocks.push_back(makeBlock(first, first + 50));
    for (std::size_t k = 1; k < blocks.size(); k += 2)
        blocks[k].series = "second";
    write(blocks);
    auto getPlace = [](int frame) { return frame / 100 * 50 + frame % 50; };
    std::map<bool, std::set<int>> seen;
    for (const bool isValidation : {false, true}) {
        const torchimpl::TrainingData data = read(isValidation);
        EXPECT_EQ(data.sets[0].subjects[0].numFrames, isValidation ? 200 : 790);
        for (const auto& [frame, condition] : getFrames(data, 100))
            seen[isValidation].insert(frame);
    }
    EXPECT_GT(seen[false].size(), 700u);
    EXPECT_EQ(seen[true].size(), 200u);
    for (int frame : seen[false])
        EXPECT_LT(getPlace(frame), 395) << frame;
    for (int frame : seen[true])
        EXPECT_GE(getPlace(frame), 400) << frame;

    // Of a subject that is split by its key, every shard gives all frames.

    ethanol.splitRule = SplitRule::Key;
    write(blocks);
    EXPECT_EQ(read(true).sets[0].subjects[0].numFrames, 1000);
    EXPECT_EQ(read(false).sets[0].subjects[0].numFrames, 1000);

    // Too short for validation.

    ethanol.splitRule = SplitRule::Time;
    write({makeBlock(0, 4)});
    EXPECT_EQ(read(false).sets[0].subjects[0].numFrames, 4);
    EXPECT_THROW(read(true), ArgumentError);
}

TEST_F(SubjectTest, manyFramesStayOnDisk) {
    const int numFrames = 90000;
    std::vector<FrameBlock> blocks;
    for (int first = 0; first < numFrames; first += 30000) {
        blocks.push_back(makeBlock(first, first + 30000));
        for (int k = first; k < first + 30000; k++)
            blocks.back().weights.push_back((float) (k % 11 == 0 ? k : 0));
    }
    write(blocks);
    const torchimpl::TrainingData data = read();
    const auto subject = data.getSubject(data.sets[0].subjects[0]);
    const torchimpl::SubjectFrames& frames = subject->frames;
    ASSERT_EQ(frames.getNumFrames(), numFrames);
    EXPECT_LT(torchimpl::getNumBytes(*subject), 50000u);
    for (int frame : {0, 1, 29999, 30000, 45678, 60000, 89999}) {
        const float* first = blocks[frame / 30000].positions.data() + frame % 30000 * 27;
        EXPECT_EQ(frames.take(frame).positions, std::vector<float>(first, first + 27)) << frame;
    }
    double total = 0, sum = 0;
    for (int k = 0; k < numFrames; k += 11)
        total += k;
    ASSERT_TRUE(frames.hasWeights());
    for (int k = 11; k < numFrames; k += 11) {
        sum += k;
        if (k % 1331 == 0) {
            EXPECT_EQ(frames.chooseByWeight((sum - 0.5 * k) / total), k);
        }
    }

    // Frames that are read again have the same bits; a damaged one is named.

    settings.cacheMegabytes = 0;
    settings.boltzmannShare = 0.5;
    torchimpl::TrainingData uncached(settings);
    torchimpl::readTrainingSet(settings.datasets[0].shards, 1, model, 720, uncached);
    torchimpl::BatchSampler first(settings, data), second(settings, uncached);
    for (int k = 0; k < 3; k++) {
        const torchimpl::HostBatch batch = first.getBatch({0, k});
        EXPECT_EQ(batch.u, second.getBatch({0, k}).u);
    }
    std::fstream file(path("frames.shard"), std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(5000);
    file << "XXXXXXXX";
    file.close();
    int numRefused = 0;
    for (int frame = 0; frame < 100; frame++)
        try {
            frames.take(frame);
        }
        catch (const ArgumentError& error) {
            numRefused++;
            EXPECT_NE(std::string(error.what()).find("frames.shard"), std::string::npos) << error.what();
        }
    EXPECT_GE(numRefused, 1);
    EXPECT_LE(numRefused, 2);
}

TEST_F(SubjectTest, damagedBlocksAreLeftOutAgain) {
    write({makeBlock(0, 30), makeBlock(30, 60), makeBlock(60, 90)});
    std::fstream file(path("frames.shard"), std::ios::binary | std::ios::in | std::ios::out);
    file.seekp((long long) std::filesystem::file_size(path("frames.shard")) / 2);
    file << "XXXX";
    file.close();
    settings.cacheMegabytes = 0;
    torchimpl::TrainingData data(settings);
    torchimpl::readTrainingSet(settings.datasets[0].shards, 1, model, 720, data);
    EXPECT_EQ(data.sets[0].subjects[0].numFrames, 60);
    EXPECT_EQ(data.messages.size(), 1u);
    for (const auto& [frame, condition] : getFrames(data, 2))
        EXPECT_TRUE(frame < 30 || frame >= 60) << frame;
    ShardWriter(path("frames.shard"), ShardMode::Append).addFrames(makeBlock(90, 99));
    EXPECT_THROW(getFrames(data, 1), ArgumentError) << "the shard was continued while it is in use";
}

TEST_F(SubjectTest, weightsMustBeUsable) {
    FrameBlock weighted = makeBlock(0, 3);
    weighted.weights = {1, 2, 3};
    write({weighted, makeBlock(3, 6)});
    EXPECT_THROW(read(), ArgumentError) << "weights of some frames";
    weighted.weights = {0, 0, 0};
    write({weighted});
    EXPECT_THROW(read(), ArgumentError) << "no frame has a weight";
}

TEST_F(SubjectTest, onlySubjectsThatAllowItAreReflected) {
    // A subject with one hand that its inputs do not show, as a protein, is never reflected; the same subject is if its
    // rotations are those of both mirror images, or if there are inputs of the mirror image.

    write({makeBlock(0, 1)});
    settings.mirrorProbability = 1;
    settings.stereoDropout = 0.3;
    torchimpl::TrainingData data = read();
    const torchimpl::SubjectEntry entry = data.sets[0].subjects[0];
    const torchimpl::TrainingSubject original = *data.getSubject(entry);
    EXPECT_EQ(original.given.rotations, OrbitRotations::WithReflections);
    const std::vector<float> frame = original.frames.take(0).positions;
    const double hand = getHand({frame.begin(), frame.end()});
    ASSERT_GT(std::abs(hand), 0.01);
    for (const int kind : {0, 1, 2}) {
        auto subject = std::make_shared<torchimpl::TrainingSubject>(original);
        subject->given.rotations = kind == 1 ? OrbitRotations::WithReflections : OrbitRotations::Proper;
        if (kind == 2)
            subject->mirrored = original.given;
        EXPECT_EQ(subject->allowsReflections(), kind > 0);
        data.cache = std::make_unique<torchimpl::SubjectCache>(SIZE_MAX);
        data.cache->add({entry.shard, entry.offset}, subject);
        const torchimpl::HostBatch batch = torchimpl::BatchSampler(settings, data).getBatch({0, 0});
        ASSERT_GT(batch.numSamples, 10);
        for (int row = 0; row < batch.numSamples; row++) {
            const float* u = batch.u.data() + batch.getFirstCoordinate(row);
            EXPECT_EQ(getHand({u, u + 27}) * hand > 0, kind == 0) << kind;
        }
    }
}

/** A molecule as a topology of one residue. */
static TopologyRecord makeRecord(const MolecularGraph& graph) {
    TopologyRecord record;
    record.residueNames = {"MOL"};
    for (const GraphAtom& atom : graph.atoms)
        record.atoms.push_back({atom.name, atom.element, 0, 0});
    for (const GraphBond& bond : graph.bonds)
        record.bonds.push_back({bond.atom1, bond.atom2, 0});
    return record;
}

/** A topology as a subject whose frames are split by time. */
static ShardSubject makeSystem(const TopologyRecord& record) {
    ShardSubject system;
    system.kind = SubjectKind::Topology;
    system.splitRule = SplitRule::Time;
    system.topology = makeTopologySubject(record);
    return system;
}

TEST_F(SubjectTest, topologiesTrainWithTheHandOfTheirFrames) {
    TopologyRecord record = makeRecord(ethanol.graph);
    const ShardSubject molecule = ethanol;
    ethanol = makeSystem(record);
    write({makeBlock(0, 100)});
    model = torchimpl::createInitialModel(settings);
    const torchimpl::TrainingData data = read();
    EXPECT_EQ(data.sets[0].subjects[0].numFrames, 79);
    EXPECT_EQ(data.getSubject(data.sets[0].subjects[0])->given.group.getOrder(), 12);
    const FrameBlock block = makeBlock(0, 1);
    const double hand = getHand({block.positions.begin(), block.positions.end()});
    settings.mirrorProbability = 1;
    const torchimpl::HostBatch batch = torchimpl::BatchSampler(settings, data).getBatch({0, 0});
    for (int row = 0; row < batch.numSamples; row++) {
        const float* u = batch.u.data() + batch.getFirstCoordinate(row);
        EXPECT_GT(getHand({u, u + 27}) * hand, 0);
    }
    settings.target = "exact";
    settings.logSigmaMean = -0.5;
    settings.logSigmaDeviation = 1.3;
    const TrainingResult result = train(settings);
    EXPECT_GT(result.validationLoss, 0);
    EXPECT_EQ(result.metrics.numMolecules, 0);
    const DenoiserModel trained = DenoiserModel::load(result.modelPath);
    EXPECT_EQ(computeFingerprint(trained.getTopology()), computeFingerprint(ethanol.topology));
    EXPECT_EQ(trained.getRotations(), OrbitRotations::Proper);
    EXPECT_EQ(trained.getSamplerSettings().renewal, 0);

    // The model is of this system only.

    settings.initialModel = result.modelPath;
    settings.outputDirectory = path("further");
    EXPECT_EQ(train(settings).numSteps, 10);
    auto expectRefusal = [&](const std::string& part) {
        try {
            settings.outputDirectory = path("refused");
            train(settings);
            ADD_FAILURE() << "expected a refusal that says " << part;
        }
        catch (const ArgumentError& error) {
            EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
        }
    };
    record.atoms[2].element = 16;
    ethanol.topology = makeTopologySubject(record);
    write({makeBlock(0, 100)});
    expectRefusal(describeDifference(trained.getTopology(), ethanol.topology));
    ethanol = molecule;
    write({makeBlock(0, 100)});
    expectRefusal("the system that the model is of");
}

TEST_F(SubjectTest, trajectoriesTrain) {
    ethanol.splitRule = SplitRule::Time;
    write({makeBlock(0, 100)});
    settings.target = "exact";
    settings.logSigmaMean = -0.5;
    settings.logSigmaDeviation = 1.3;
    settings.validationCopies = 2;
    const TrainingResult result = train(settings);
    EXPECT_EQ(result.numSteps, 10);
    EXPECT_GT(result.validationLoss, 0);
    EXPECT_EQ(result.metrics.numMolecules, 1);
    EXPECT_EQ(result.metrics.numReferences, 20) << "references are frames of the validation side";
}

TEST_F(SubjectTest, modelsOfSystemsKnowTheirFrames) {
    TopologyRecord record = makeRecord(ethanol.graph);
    ethanol = makeSystem(record);
    write({makeBlock(0, 100)});
    model = torchimpl::createInitialModel(settings);
    EXPECT_EQ(model.getTopology().numFrames, 79) << "those that train";
    EXPECT_EQ(model.getTopology().bonds.size(), record.bonds.size());
    EXPECT_EQ(model.getSamplerSettings().renewal, 0) << "states have a density";
    EXPECT_EQ(model.getRotations(), OrbitRotations::Proper);
    settings.rotations = "O3";
    EXPECT_EQ(torchimpl::createInitialModel(settings).getRotations(), OrbitRotations::WithReflections);
}

TEST_F(SubjectTest, settingsAreSuggestedForSystems) {
    TopologyRecord record = makeRecord(ethanol.graph);
    write({makeBlock(0, 10)});
    try {
        TrainingSettings::suggest({settings.datasets[0].shards[0]}, 5);
        ADD_FAILURE() << "expected a refusal of molecules";
    }
    catch (const ArgumentError& error) {
        EXPECT_NE(std::string(error.what()).find("expected shards of a system"), std::string::npos) << error.what();
    }
    ethanol = makeSystem(record);
    FrameBlock block = makeBlock(0, 50);
    double squares = 0;
    for (std::size_t first = 0; first < 39 * 27; first += 27)
        for (int k = 0; k < 3; k++) {
            double mean = 0;
            for (int i = 0; i < 9; i++)
                mean += block.positions[first + 3 * i + k] / 9;
            for (int i = 0; i < 9; i++)
                squares += std::pow(block.positions[first + 3 * i + k] - mean, 2);
        }
    write({block});
    const TrainingSettings found = TrainingSettings::suggest({settings.datasets[0].shards[0]}, 5);
    EXPECT_EQ(found.conditions, (std::vector<std::string>{block.condition}));
    EXPECT_EQ(found.validationShards, settings.datasets[0].shards);
    EXPECT_EQ(found.maxMinutes, 5);
    EXPECT_NEAR(found.network.dataScale, std::sqrt(squares / (39 * 27)), 1e-4) << "of the frames that train";
}
