// SPDX-License-Identifier: MIT
// Training on backbones: the start of a model, secondary structure that is hidden, what does not fit, and a short run.
#include "Backbones.h"
#include "Matchers.h"
#include "TrainingRun.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/BackboneGenerator.h"
#include "train/BatchSampler.h"
#include "train/TrainingModel.h"
#include "openmm/Platform.h"
#include <set>

using namespace OrbitPlugin;
using namespace testSupport;

namespace {

/** Expect what the helices of the shards show; their positions have single precision. */
void expectHelices(const BackboneStatistics& found, int points) {
    const BackboneStatistics expected = makeHelixStatistics(points);
    EXPECT_EQ(found.numBackbones, 21);
    EXPECT_EQ(found.shortest, 20);
    EXPECT_EQ(found.longest, 40);
    EXPECT_EQ(found.shortestChain, 20);
    EXPECT_NEAR(found.closest, expected.closest, 0.011);
    ASSERT_EQ(found.ranges.size(), expected.ranges.size());
    for (std::size_t k = 0; k < found.ranges.size(); k++) {
        EXPECT_EQ(found.ranges[k].name, expected.ranges[k].name);
        EXPECT_NEAR(found.ranges[k].mean, expected.ranges[k].mean, 1e-5);
    }
}

/** Shards of helices of 20 to 40 residues. */
class BackboneTrainingTest : public TrainingRunTest {
protected:
    BackboneTrainingTest() {
        for (int points : {1, 3}) {
            ShardWriter writer(getShard(points));
            for (int n = 20; n <= 40; n++)
                addHelix(n, points, writer);
        }
    }
    void addHelix(int n, int points, ShardWriter& writer) const {
        ShardSubject subject;
        subject.kind = SubjectKind::Backbone;
        subject.backbone = makeBackbone({n}, std::string(n, 'H'));
        subject.splitKey = std::to_string(n);
        subject.pointsPerToken = points;
        FrameBlock block;
        block.condition = "native";
        const std::vector<double> helix = makeHelix(n, points);
        block.positions.assign(helix.begin(), helix.end());
        writer.addSubject(subject);
        writer.addFrames(block);
    }
    std::string getShard(int points) const {
        return path("helices" + std::to_string(points) + ".shard");
    }
    TrainingSettings makeBackboneSettings(int points) const {
        TrainingSettings settings = makeSettings("run");
        settings.network = makeSmallSettings(points);
        settings.network.dataScale = 10;
        settings.conditions = {"native"};
        settings.datasets = {{{getShard(points)}, 1}};
        settings.validationShards = settings.datasets[0].shards;
        settings.validationMolecules = 0;
        settings.logSigmaMean = 1;
        settings.stereoDropout = 0.5;
        return settings;
    }
};

} // namespace

TEST_F(BackboneTrainingTest, SuggestedSettingsFollowTheShards) {
    for (int points : {1, 3}) {
        const TrainingSettings settings = TrainingSettings::suggest({getShard(points)}, 30);
        EXPECT_EQ(settings.conditions, std::vector<std::string>{"native"});
        EXPECT_EQ(settings.network.pointsPerToken, points);
        EXPECT_EQ(settings.network.width, 256);
        EXPECT_EQ(settings.stereoDropout, 0.5);
        EXPECT_EQ(settings.maxMinutes, 30);
        EXPECT_GT(settings.network.dataScale, 5);
        EXPECT_LT(settings.network.dataScale, 12);
        EXPECT_NO_THROW(settings.validate());
    }
}

TEST_F(BackboneTrainingTest, ANewModelKnowsTheGeometryOfItsData) {
    const DenoiserModel model = torchimpl::createInitialModel(makeBackboneSettings(3));
    expectHelices(model.getBackbones(), 3);
    EXPECT_EQ(model.getRotations(), OrbitRotations::Proper);
    EXPECT_EQ(model.getSettings().pointsPerToken, 3);
    EXPECT_EQ(model.getSamplerSettings().renewalRule, RenewalRule::Rate);
    EXPECT_EQ(model.getSamplerSettings().stereoGuidance, 0);
    TrainingSettings settings = makeBackboneSettings(3);
    settings.network.pointsPerToken = 1;
    expectMentions<ArgumentError>("expected backbones with 1 points", [&] { torchimpl::createInitialModel(settings); });
}

TEST_F(BackboneTrainingTest, HalfOfTheSamplesHideTheirSecondaryStructure) {
    const TrainingSettings settings = makeBackboneSettings(1);
    const DenoiserModel model = torchimpl::createInitialModel(settings);
    torchimpl::TrainingData data;
    torchimpl::readTrainingSet(settings.datasets[0].shards, 1, model, 720, data);
    EXPECT_EQ(data.sets[0].subjects.size(), 21u);
    torchimpl::BatchSampler sampler(settings, data);
    int numHidden = 0, numSamples = 0;
    for (int k = 0; k < 40; k++) {
        const torchimpl::HostBatch batch = sampler.getBatch({0, k});
        for (int row = 0; row < batch.numSamples; row++) {
            const int column = data.tables.tokenRows[batch.tokenIndex[row * batch.maxTokens]][0];
            EXPECT_TRUE(column == 0 || column == 1) << "open, or a helix";
            numHidden += column == 0;
            numSamples++;
        }
    }
    EXPECT_GT(numSamples, 200);
    EXPECT_NEAR(numHidden / (double) numSamples, 0.5, 0.15);
}

TEST_F(BackboneTrainingTest, SubjectsOfOtherKindsAreLeftOutAndNamed) {
    const TrainingSettings settings = makeBackboneSettings(1);
    const DenoiserModel model = torchimpl::createInitialModel(settings);
    torchimpl::TrainingData data;
    torchimpl::readTrainingSet({getShard(1), getShard(3), path("small.shard")}, 1, model, 720, data);
    EXPECT_EQ(data.sets[0].subjects.size(), 21u);
    EXPECT_EQ(data.numLeftOut, 21 + 5);
    std::set<std::string> faults;
    for (const std::string& message : data.messages)
        faults.insert(message.substr(0, message.find(", got")));
    EXPECT_EQ(faults.count("readTrainingSet: expected 1 points per token, as \"pointsPerToken\" of the network says"),
            1u);
    torchimpl::TrainingData none;
    TrainingSettings molecules = makeSettings("molecules");
    molecules.conditions = {"native"};
    const DenoiserModel other = torchimpl::createInitialModel(molecules);
    expectMentions<ArgumentError>("expected molecules, as the model is of, got backbone of 40 residues",
            [&] { torchimpl::readTrainingSet({getShard(1)}, 1, other, 720, none); });
}

TEST_F(BackboneTrainingTest, AShortRunGivesAModelThatGenerates) {
    for (int points : {1, 3}) {
        TrainingSettings settings = makeBackboneSettings(points);
        settings.outputDirectory = path("run" + std::to_string(points));
        settings.maxSteps = 20;
        const TrainingResult result = train(settings);
        EXPECT_EQ(result.numSteps, 20);
        EXPECT_TRUE(std::isfinite(result.loss));
        EXPECT_TRUE(std::isfinite(result.validationLoss));
        OpenMM::Platform::loadPluginsFromDirectory(ORBIT_TEST_PLUGIN_DIR);
        BackboneGenerator generator(result.modelPath);
        generator.setPlatformName("Reference");
        generator.setCheckCopies(false);
        SamplerSettings sampler = generator.getSamplerSettings();
        sampler.numSteps = 4;
        generator.setSamplerSettings(sampler);
        const Ensemble ensemble = generator.generate(makeBackbone({24}), 2, 1);
        EXPECT_EQ(ensemble.getNumConformers(), 2);
        EXPECT_EQ(ensemble.getNumAtoms(), 24 * points);

        // Training goes on from the model: it keeps what it knows.

        settings.initialModel = result.modelPath;
        settings.outputDirectory = path("more" + std::to_string(points));
        settings.maxSteps = 2;
        const DenoiserModel more = DenoiserModel::load(train(settings).modelPath);
        expectHelices(more.getBackbones(), points);
        EXPECT_EQ(more.getSamplerSettings().renewalRule, RenewalRule::Rate);
    }
}

TEST_F(BackboneTrainingTest, LongerBackbonesNeedARunOfTheirOwn) {
    TrainingSettings settings = makeBackboneSettings(1);
    settings.maxSteps = 2;
    const std::string first = train(settings).modelPath;
    {
        ShardWriter writer(path("longer.shard"));
        addHelix(60, 1, writer);
    }
    settings.datasets[0].shards.push_back(path("longer.shard"));
    settings.maxSteps = 4;
    expectMentions<ArgumentError>("as after backbones that are longer than all before; choose another outputDirectory",
            [&] { train(settings); });
    settings.initialModel = first;
    settings.outputDirectory = path("other");
    const DenoiserModel model = DenoiserModel::load(train(settings).modelPath);
    EXPECT_EQ(model.getBackbones().longest, 60) << "it may generate what it was trained on";
    EXPECT_EQ(model.getBackbones().shortest, 20);
}
