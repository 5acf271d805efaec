// SPDX-License-Identifier: MIT
// The trainer: the loss falls, an interrupted run goes on exactly, targets are exact, and faults are named.
#include "Matchers.h"
#include "Tolerances.h"
#include "TorchSystems.h"
#include "TrainingRun.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/Trainer.h"
#include "openmmorbit/MoleculeInputs.h"
#include "openmmorbit/internal/OrbitMean.h"
#include "train/BatchSampler.h"
#include "train/SampleTarget.h"
#include "train/TrainingModel.h"
#include <fstream>
#include <sstream>

using namespace OrbitPlugin;
using namespace testSupport;

namespace {

/** Training runs in a folder of its own. */
class TrainerTest : public TrainingRunTest {
};

std::string readFile(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

} // namespace

TEST_F(TrainerTest, tenStepsLowerTheLoss) {
    TrainingSettings settings = makeSettings("start");
    settings.maxSteps = 1;
    settings.learningRate = 1e-12;
    double before = train(settings).validationLoss;
    settings = makeSettings("trained");
    settings.emaDecay = 0;
    TrainingResult result = train(settings);
    EXPECT_EQ(result.numSteps, 10);
    EXPECT_LT(result.validationLoss, 0.95 * before);
    DenoiserModel model = DenoiserModel::load(result.modelPath);
    EXPECT_EQ(model.getConditions(), settings.conditions);
}

TEST_F(TrainerTest, theModelTellsWhatItWasTrainedOn) {
    TrainingSettings settings = makeSettings("counted");
    settings.maxSteps = 1;
    writeSmallShard(path("unused.shard"), "GFN2-xTB");
    settings.datasets.push_back({{path("unused.shard")}, 0});
    const DenoiserModel first = DenoiserModel::load(train(settings).modelPath);
    const TrainingCounts counts = first.getTrainingCounts();
    EXPECT_EQ(counts.toJson(), countTraining({path("small.shard")}).toJson());
    EXPECT_GT(counts.getNumMolecules(), 0);

    // What an initial model saw is kept.

    DenoiserModel earlier = first;
    TrainingCounts seen;
    for (int k = 0; k < 100; k++)
        seen.addMolecule(makeBenzene());
    earlier.setTrainingCounts(seen);
    earlier.save(path("earlier.safetensors"));
    settings.initialModel = path("earlier.safetensors");
    settings.initialLayers = {1};
    settings.outputDirectory = path("further");
    seen.include(counts);
    EXPECT_EQ(DenoiserModel::load(train(settings).modelPath).getTrainingCounts().toJson(), seen.toJson());
}

TEST_F(TrainerTest, bfloat16LowersTheLoss) {
    TrainingSettings settings = makeSettings("start16");
    settings.precision = "bfloat16";
    settings.maxSteps = 1;
    settings.learningRate = 1e-12;
    double before = train(settings).validationLoss;
    settings = makeSettings("trained16");
    settings.precision = "bfloat16";
    settings.emaDecay = 0;
    EXPECT_LT(train(settings).validationLoss, 0.95 * before);
}

TEST_F(TrainerTest, automaticPrecisionIsWhatTheProcessorMultiplies) {
    TrainingSettings settings;
    EXPECT_EQ(settings.precision, "auto");
    settings.device = "cpu";
    EXPECT_EQ(torchimpl::findDevice(settings).productType,
            torchimpl::hasBfloat16Products() ? at::kBFloat16 : at::kFloat);
    settings.precision = "bfloat16";
    EXPECT_EQ(torchimpl::findDevice(settings).productType, at::kBFloat16);
    settings.precision = "float32";
    EXPECT_EQ(torchimpl::findDevice(settings).productType, at::kFloat);
    std::ostringstream progress;
    settings = makeSettings("printed");
    settings.maxSteps = 1;
    train(settings, progress);
    EXPECT_NE(progress.str().find("matrix products in float32"), std::string::npos) << progress.str();
}

TEST_F(TrainerTest, gpuTrainsAsTheProcessorDoesOrIsRefused) {
    TrainingSettings settings = makeSettings("processor");
    settings.maxSteps = 20;
    settings.device = "auto";
    const bool available = torchimpl::findDevice(settings).isGpu();
    settings.device = "cpu";
    const TrainingResult processor = train(settings);
    settings = makeSettings("gpu");
    settings.maxSteps = 20;
    settings.device = "gpu";
    if (!available) {
        EXPECT_THROW(train(settings), ArgumentError);
        std::cout << "no GPU here: the trainer's refusal was tested, not its steps" << std::endl;
        return;
    }
    const TrainingResult gpu = train(settings);
    EXPECT_EQ(gpu.numSamples, processor.numSamples);
    EXPECT_NEAR(gpu.loss, processor.loss, 1e-3 * processor.loss);
    EXPECT_NEAR(gpu.validationLoss, processor.validationLoss, 1e-3 * processor.validationLoss);
    settings.device = "cpu";
    settings.maxSteps = 40;
    EXPECT_EQ(train(settings).numSteps, 40) << "a checkpoint of the GPU goes on elsewhere";
}

TEST_F(TrainerTest, batchThreadsDoNotChangeARun) {
    TrainingSettings settings = makeSettings("oneBatchThread");
    settings.maxSteps = 20;
    const TrainingResult one = train(settings);
    settings = makeSettings("threeBatchThreads");
    settings.maxSteps = 20;
    settings.numBatchThreads = 3;
    const TrainingResult three = train(settings);
    EXPECT_EQ(one.numSamples, three.numSamples);
    EXPECT_EQ(one.loss, three.loss);
    EXPECT_EQ(one.validationLoss, three.validationLoss);
}

TEST_F(TrainerTest, interruptedRunGoesOnExactly) {
    TrainingSettings settings = makeSettings("whole");
    settings.finalLearningRate = 1;
    TrainingResult whole = train(settings);
    settings.outputDirectory = path("parts");
    settings.maxSteps = 4;
    train(settings);
    settings.maxSteps = 10;
    TrainingResult parts = train(settings);
    EXPECT_EQ(parts.numSteps, whole.numSteps);
    EXPECT_EQ(parts.numSamples, whole.numSamples);
    EXPECT_EQ(parts.validationLoss, whole.validationLoss);
    DenoiserModel first = DenoiserModel::load(whole.modelPath), second = DenoiserModel::load(parts.modelPath);
    for (const std::string& name : first.getTensorNames())
        EXPECT_EQ(first.getTensor(name).values, second.getTensor(name).values) << name;
}

TEST_F(TrainerTest, batchesAreReproducibleAndTargetsBounded) {
    TrainingSettings settings = makeSettings("unused");
    DenoiserModel model = DenoiserModel::createRandom(settings.network, 1);
    model.setConditions(settings.conditions);
    torchimpl::TrainingData data;
    torchimpl::readTrainingSet({path("small.shard")}, 1, model, 5000, data);
    torchimpl::BatchSampler sampler(settings, data);
    torchimpl::HostBatch batch = sampler.getBatch({0, 0}), again = sampler.getBatch({0, 0});
    EXPECT_EQ(batch.u, again.u);
    EXPECT_EQ(batch.target, again.target);
    const double scale = settings.network.dataScale;
    for (int row = 0; row < batch.numSamples; row++) {
        // c_skip y + c_out target is A, which is no longer than the molecule; at tiny noise it is y but for that noise.

        double sigma = batch.sigma[row], variance = sigma * sigma + scale * scale, length = 0, sum[3] = {0, 0, 0};
        for (int i = 0; i < batch.maxTokens; i++)
            for (int c = 0; c < 3; c++) {
                int k = 3 * (row * batch.maxTokens + i) + c;
                double y = batch.u[k] * std::sqrt(variance) / scale;
                double mean = scale * scale / variance * y + sigma * scale / std::sqrt(variance) * batch.target[k];
                length += mean * mean;
                sum[c] += mean;
            }
        EXPECT_LT(std::sqrt(length), 2.0 * std::sqrt(3.0 * batch.maxTokens));
        expectClose("centre of A", std::vector<double>(sum, sum + 3), std::vector<double>(3, 0.0),
                tolerance("interpolant", "single"));
    }
}

TEST_F(TrainerTest, inputsWithoutHandAreTrainedOnBothHands) {
    TrainingSettings settings = makeSettings("unused");
    DenoiserModel model = DenoiserModel::createRandom(settings.network, 1), handedModel = model;
    std::vector<FeatureVocabulary> pairs = model.getPairVocabularies();
    pairs.push_back({"chiralNeighbor", {0, 1, 2, 3, 4}, false});
    handedModel.setVocabularies(model.getAtomVocabularies(), pairs);
    handedModel.setRotations(OrbitRotations::Proper);
    int numLabelled = 0;
    for (DenoiserModel* start : {&model, &handedModel}) {
        start->setConditions(settings.conditions);
        torchimpl::TrainingData data;
        torchimpl::readTrainingSet({path("small.shard")}, 1, *start, 5000, data);
        for (const torchimpl::SubjectEntry& entry : data.sets[0].subjects) {
            const auto subject = data.getSubject(entry);
            const bool isLabelled = subject->hidden.has_value(), isHanded = isLabelled && start == &handedModel;
            EXPECT_EQ(subject->given.rotations == OrbitRotations::Proper, isHanded);
            EXPECT_EQ(subject->mirrored.has_value(), isHanded);
            EXPECT_TRUE(subject->allowsReflections());
            EXPECT_EQ(subject->getView(torchimpl::HandView::Hidden).rotations, OrbitRotations::WithReflections);
            numLabelled += isLabelled;
        }
    }
    EXPECT_GT(numLabelled, 0);

    // The mean over O(3) is the same for a conformer and its mirror image, the mean over SO(3) is not.

    torchimpl::SampleTarget target(settings);
    torchimpl::FeatureRows rows;
    rows.group.numAtoms = 4;
    rows.group.representatives = {{0, 1, 2, 3}};
    torchimpl::NoisySample sample;
    sample.rows = &rows;
    sample.x1 = {1, 1, 1, 1, -1, -1.5, -1, 1, -0.5, -1, -1, 1};
    sample.y = {1.5, 0.2, 1, 0.3, -1, -2, -0.8, 1.2, -0.5, -1, -0.4, 1.5};
    sample.sigma = 1.2;
    for (bool handed : {false, true}) {
        rows.rotations = handed ? OrbitRotations::Proper : OrbitRotations::WithReflections;
        torchimpl::NoisySample image = sample;
        for (double& x : image.x1)
            x = -x;
        const std::vector<double> mean = target.compute(sample), imageMean = target.compute(image);
        if (handed)
            EXPECT_GT(std::abs(mean[0] - imageMean[0]), 0.1);
        else
            expectClose("means", imageMean, mean, tolerance("interpolant", "double"));
    }
}

TEST_F(TrainerTest, largeGroupsAreRestrictedToSubgroups) {
    DenoiserModel model;
    MolecularGraph graph = makeEthanol();
    TokenInputs inputs = describeMolecule(graph, model);
    addSymmetryGroup(graph, inputs);
    const SymmetryGroup& group = inputs.group;
    EXPECT_EQ(restrictSymmetryGroup(group, 12).getOrder(), group.getOrder());
    SymmetryGroup subgroup = restrictSymmetryGroup(group, 11);
    EXPECT_EQ(subgroup.getOrder(), 2);
    EXPECT_EQ(subgroup.enumerate().size(), 2u * graph.getNumAtoms());
}

TEST_F(TrainerTest, targetsOfOneSampleAreRelated) {
    // The same samples under every target: the same inputs, and unbiased ones differ from the exact one by noise only.

    TrainingSettings settings = makeSettings("unused");
    DenoiserModel model = DenoiserModel::createRandom(settings.network, 1);
    model.setConditions(settings.conditions);
    torchimpl::TrainingData data;
    torchimpl::readTrainingSet({path("small.shard")}, 1, model, 5000, data);
    auto getBatch = [&](const std::string& target, const std::string& regression, const std::string& coupling) {
        TrainingSettings changed = settings;
        changed.target = target;
        changed.regression = regression;
        changed.coupling = coupling;
        changed.validate();
        return torchimpl::BatchSampler(changed, data).getBatch({0, 0});
    };
    auto getDistance = [](const torchimpl::HostBatch& a, const torchimpl::HostBatch& b) {
        double sum = 0;
        for (size_t k = 0; k < a.target.size(); k++)
            sum += (a.target[k] - b.target[k]) * (a.target[k] - b.target[k]);
        return sum;
    };
    const torchimpl::HostBatch exact = getBatch("exact", "denoiser", "independent");
    double last = 1e30;
    for (const std::string target : {"plain", "monteCarlo", "exact"}) {
        const torchimpl::HostBatch batch = getBatch(target, "denoiser", "independent");
        EXPECT_EQ(batch.u, exact.u) << target;
        EXPECT_LT(getDistance(batch, exact), last) << target;
        last = getDistance(batch, exact);
    }
    EXPECT_EQ(last, 0);
    EXPECT_EQ(getBatch("exactVelocity", "velocity", "independent").target, exact.target);
    EXPECT_EQ(getBatch("plain", "velocity", "independent").target, getBatch("plain", "denoiser", "independent").target);
    const double halfway = getDistance(getBatch("exact", "velocity", "independent"), exact);
    EXPECT_GT(halfway, 0);
    EXPECT_LT(halfway, getDistance(getBatch("plain", "denoiser", "independent"), exact));
    EXPECT_GT(getDistance(getBatch("quotient", "denoiser", "independent"), exact), 0);
    EXPECT_GT(getDistance(getBatch("paper", "denoiser", "independent"), exact), 0);
    EXPECT_NE(getBatch("exact", "denoiser", "kabsch").u, exact.u);
    EXPECT_EQ(getBatch("exact", "denoiser", "orbitOT").target, getBatch("plain", "denoiser", "orbitOT").target);
    EXPECT_THROW(getBatch("monteCarlo", "denoiser", "kabsch"), ArgumentError);
    EXPECT_THROW(getBatch("exact", "score", "independent"), ArgumentError);
}

TEST_F(TrainerTest, latticeRuleStandsInForLists) {
    // With every group declared large, targets stay close to those of the lists.

    TrainingSettings settings = makeSettings("unused");
    settings.latticePoints = 1024;
    DenoiserModel model = DenoiserModel::createRandom(settings.network, 1);
    model.setConditions(settings.conditions);
    torchimpl::TrainingData listed, large;
    torchimpl::readTrainingSet({path("small.shard")}, 1, model, 5000, listed);
    torchimpl::readTrainingSet({path("small.shard")}, 1, model, 1, large);
    EXPECT_GT(large.numRestricted, 0);
    TrainingSettings restricted = settings;
    restricted.largeGroups = "subgroup";
    torchimpl::BatchSampler lists(settings, listed), rule(settings, large), subgroups(restricted, large);
    double latticeError = 0, subgroupError = 0;
    for (int number = 0; number < 30; number++) {
        torchimpl::HostBatch exact = lists.getBatch({0, number}), lattice = rule.getBatch({0, number});
        torchimpl::HostBatch subgroup = subgroups.getBatch({0, number});
        for (size_t k = 0; k < exact.target.size(); k++) {
            latticeError += std::abs(lattice.target[k] - exact.target[k]) / exact.target.size() / 30;
            subgroupError += std::abs(subgroup.target[k] - exact.target[k]) / exact.target.size() / 30;
        }
    }
    EXPECT_GT(latticeError, 0);
    EXPECT_LT(latticeError, 0.01);
    EXPECT_GT(subgroupError, 10 * latticeError);
}

TEST_F(TrainerTest, everyTargetTrains) {
    for (const std::string target : {"plain", "monteCarlo", "paper", "exactVelocity", "quotient"}) {
        TrainingSettings settings = makeSettings(target);
        settings.target = target;
        settings.regression = "velocity";
        settings.maxSteps = 3;
        settings.numRotations = 10;
        EXPECT_EQ(3, train(settings).numSteps) << target;
        settings.maxSteps = 5;
        EXPECT_EQ(5, train(settings).numSteps) << "continued " << target;
        settings.target = "exact";
        EXPECT_THROW(train(settings), ArgumentError) << "another target is another run";
    }
}

TEST_F(TrainerTest, faultsAreNamed) {
    TrainingSettings settings = makeSettings("faults");
    settings.conditions = {"GFN2-xTB"};
    auto expectError = [](const TrainingSettings& wrong, const std::string& part) {
        try {
            train(wrong);
            FAIL() << "expected an error about " << part;
        }
        catch (const OpenMM::OpenMMException& error) {
            EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
        }
    };
    expectError(settings, "MMFF94s");
    settings = makeSettings("faults");
    settings.maxSteps = 0;
    expectError(settings, "TrainingSettings::validate: expected at least 1 step, got 0");
    settings = makeSettings("faults");
    settings.datasets[0].shards = {path("missing.shard")};
    expectError(settings, "missing.shard");
    settings = makeSettings("faults");
    settings.learningRate = 1e30;
    settings.warmupSteps = 0;
    settings.maxSteps = 50;
    expectError(settings, "step");
}

TEST_F(TrainerTest, foreignAndDamagedCheckpointsAreRefused) {
    TrainingSettings settings = makeSettings("run");
    train(settings);
    TrainingSettings other = settings;
    other.seed = 2;
    EXPECT_THROW(train(other), ArgumentError);
    std::string file = path("run/checkpoint.bin"), bytes = readFile(file);
    std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes.substr(0, bytes.size() / 2);
    EXPECT_THROW(train(settings), ArgumentError);
}

TEST_F(TrainerTest, settingsFileRefusesUnknownKeys) {
    std::ofstream(path("settings.json"))
            << "{\"conditions\": [\"MMFF94s\"], \"datasets\": [{\"shards\": [\"a\"]}], \"learningrate\": 1}";
    try {
        TrainingSettings::load(path("settings.json"));
        FAIL();
    }
    catch (const ArgumentError& error) {
        EXPECT_NE(std::string(error.what()).find("learningrate"), std::string::npos) << error.what();
    }
}
