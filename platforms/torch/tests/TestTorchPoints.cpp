// SPDX-License-Identifier: MIT
// Several points a token in training: targets against sums over the group, batches, runs and refusals.
#include "DistillationRun.h"
#include "Matchers.h"
#include "Tolerances.h"
#include "TorchSystems.h"
#include "TrainingRun.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/internal/OrbitMean.h"
#include "openmmorbit/internal/SubjectViews.h"
#include "train/BatchSampler.h"
#include "train/TrainingModel.h"
#include <algorithm>
#include <numeric>

using namespace OrbitPlugin;
using namespace testSupport;

namespace {

const int P = 3;

std::vector<double> centered(std::vector<double> x) {
    for (int c = 0; c < 3; c++) {
        double mean = 0;
        for (std::size_t i = c; i < x.size(); i += 3)
            mean += 3 * x[i] / x.size();
        for (std::size_t i = c; i < x.size(); i += 3)
            x[i] -= mean;
    }
    return x;
}

/** All permutations of ethanol's tokens that keep elements and bonds, found by trying every one of the hydrogens. */
std::vector<std::vector<int>> listPermutations(const MolecularGraph& graph) {
    std::vector<int> hydrogens, arrangement;
    for (int i = 0; i < graph.getNumAtoms(); i++)
        if (graph.atoms[i].element == 1)
            hydrogens.push_back(i);
    arrangement = hydrogens;
    std::vector<std::vector<int>> found;
    const auto neighbors = graph.getNeighbors();
    do {
        std::vector<int> permutation(graph.getNumAtoms());
        std::iota(permutation.begin(), permutation.end(), 0);
        bool keepsBonds = true;
        for (std::size_t k = 0; k < hydrogens.size(); k++) {
            permutation[hydrogens[k]] = arrangement[k];
            keepsBonds = keepsBonds && neighbors[hydrogens[k]] == neighbors[arrangement[k]];
        }
        if (keepsBonds)
            found.push_back(permutation);
    } while (std::next_permutation(arrangement.begin(), arrangement.end()));
    return found;
}

/** The mean over rotations and permutations of tokens, each permutation by itself. */
std::vector<double> sumOverGroup(const std::vector<double>& x1, const std::vector<double>& y,
        const std::vector<std::vector<int>>& permutations, OrbitRotations rotations) {
    const int numPoints = (int) x1.size() / 3;
    std::vector<int> identity(numPoints);
    std::iota(identity.begin(), identity.end(), 0);
    std::vector<double> logWeights;
    std::vector<std::vector<double>> means;
    OrbitMeanWorkspace workspace;
    for (const std::vector<int>& permutation : permutations) {
        std::vector<double> moved(x1.size()), mean(x1.size());
        for (std::size_t a = 0; a < permutation.size(); a++)
            for (int k = 0; k < 3 * P; k++)
                moved[3 * P * a + k] = x1[3 * P * permutation[a] + k];
        logWeights.push_back(orbitMean(moved, y, identity, mean, workspace, rotations));
        means.push_back(mean);
    }
    const double largest = *std::max_element(logWeights.begin(), logWeights.end());
    std::vector<double> result(x1.size(), 0);
    double total = 0;
    for (std::size_t k = 0; k < means.size(); k++) {
        const double weight = std::exp(logWeights[k] - largest);
        total += weight;
        for (std::size_t i = 0; i < result.size(); i++)
            result[i] += weight * means[k][i];
    }
    for (double& value : result)
        value /= total;
    return result;
}

class PointsTest : public DistillationRunTest {
protected:
    PointsTest() {
        settings = makeSettings("points");
        settings.network.pointsPerToken = P;
        settings.datasets = {{{path("points.shard")}, 1}};
        settings.validationShards = settings.datasets[0].shards;
        model = DenoiserModel::createRandom(settings.network, 1);
        model.setConditions(settings.conditions);
        ShardWriter writer(path("points.shard"));
        for (const MolecularGraph& graph : {makeEthanol(), makeDifluoroethene(), makeWater(), makeBenzene()}) {
            ShardSubject subject;
            subject.graph = graph;
            subject.pointsPerToken = P;
            writer.addSubject(subject);
            FrameBlock block;
            block.condition = "GFN2-xTB";
            for (double value : makePositions(3 * subject.getNumPoints(), 5))
                block.positions.push_back((float) value);
            writer.addFrames(block);
        }
    }
    /** Ethanol's rows, with lists of at most so many permutations. */
    torchimpl::FeatureRows makeRows(int maxAutomorphisms) {
        const SubjectViews views = describeMoleculeViews(makeEthanol(), model);
        EXPECT_EQ(views.given.pointsPerToken, P);
        return torchimpl::makeFeatureRows(views.given, views.neighbors, maxAutomorphisms, tables);
    }
    torchimpl::NoisySample makeSample(const torchimpl::FeatureRows& rows, int number) const {
        torchimpl::NoisySample sample;
        sample.rows = &rows;
        sample.number = number;
        sample.sigma = 1.5 + 1.2 * number;
        sample.x1 = centered(makePositions(9 * P, 20));
        sample.y = centered(makePositions(9 * P, 30 + number));
        for (std::size_t i = 0; i < sample.y.size(); i++)
            sample.y[i] = sample.x1[i] + sample.sigma * sample.y[i];
        return sample;
    }
    TrainingSettings settings;
    DenoiserModel model;
    torchimpl::FeatureTables tables;
};

} // namespace

TEST_F(PointsTest, exactTargetsAreSumsOverTheGroup) {
    const std::vector<std::vector<int>> permutations = listPermutations(makeEthanol());
    ASSERT_EQ(permutations.size(), 12u);
    torchimpl::SampleTarget target(settings);
    torchimpl::FeatureRows rows = makeRows(720);
    ASSERT_FALSE(rows.restricted);
    double difference = 0;
    for (const OrbitRotations rotations : {OrbitRotations::Proper, OrbitRotations::WithReflections})
        for (int number = 0; number < 4; number++) {
            rows.rotations = rotations;
            const torchimpl::NoisySample sample = makeSample(rows, number);
            std::vector<double> scaled = sample.y;
            for (double& value : scaled)
                value /= sample.sigma * sample.sigma;
            const std::vector<double> expected = sumOverGroup(sample.x1, scaled, permutations, rotations),
                                      single = sumOverGroup(sample.x1, scaled, {permutations[0]}, rotations);
            expectClose("A", target.compute(sample), expected, {1e-9, 1e-9});
            for (std::size_t i = 0; i < expected.size(); i++)
                difference = std::max(difference, std::abs(expected[i] - single[i]));
        }
    EXPECT_GT(difference, 0.1) << "the group matters in these samples";
}

TEST_F(PointsTest, theLatticeRuleMovesTokensWhole) {
    const std::vector<std::vector<int>> permutations = listPermutations(makeEthanol());
    settings.latticePoints = 4096;
    const torchimpl::FeatureRows rows = makeRows(1);
    ASSERT_TRUE(rows.restricted);
    EXPECT_EQ(rows.lattice->numAtoms, 9 * P);
    EXPECT_NEAR(rows.lattice->getLogOrder(), std::log(12.0), 1e-12);
    torchimpl::SampleTarget target(settings);
    for (int number = 0; number < 4; number++) {
        const torchimpl::NoisySample sample = makeSample(rows, number);
        std::vector<double> scaled = sample.y;
        for (double& value : scaled)
            value /= sample.sigma * sample.sigma;
        const std::vector<double> expected = sumOverGroup(sample.x1, scaled, permutations, rows.rotations);
        expectClose("A", target.compute(sample), expected, {0.02, 0.02});
    }
}

TEST_F(PointsTest, otherTargetsAndCouplingsMoveTokensWhole) {
    const std::vector<std::vector<int>> permutations = listPermutations(makeEthanol());
    const torchimpl::FeatureRows listed = makeRows(720), large = makeRows(1);

    // Many random elements come close to the exact mean at a noise level where it is not sharp.

    settings.target = "monteCarlo";
    settings.numRotations = 3000;
    settings.numAutomorphisms = 12;
    torchimpl::SampleTarget sampled(settings);
    for (const torchimpl::FeatureRows* rows : {&listed, &large}) {
        torchimpl::NoisySample sample = makeSample(*rows, 0);
        for (std::size_t i = 0; i < sample.y.size(); i++)
            sample.y[i] += 4.5 / 1.5 * (sample.y[i] - sample.x1[i]);
        sample.sigma = 6;
        std::vector<double> scaled = sample.y;
        for (double& value : scaled)
            value /= sample.sigma * sample.sigma;
        const std::vector<double> expected =
                sumOverGroup(sample.x1, scaled, permutations, OrbitRotations::Proper);
        expectClose("A", sampled.compute(sample), expected, {0.25, 0.25});
    }

    // The coupled noise is the noise with whole tokens exchanged, and rotated: distances within tokens stay.

    settings.target = "exact";
    settings.coupling = "orbitOT";
    torchimpl::SampleTarget target(settings);
    const torchimpl::NoisySample sample = makeSample(listed, 2);
    const std::vector<double> noise = centered(makePositions(9 * P, 77));
    std::vector<double> coupled = noise;
    target.couple(sample.x1, listed, coupled);
    auto getDistance = [](const std::vector<double>& x, int i, int j) {
        return std::hypot(x[3 * i] - x[3 * j], x[3 * i + 1] - x[3 * j + 1], x[3 * i + 2] - x[3 * j + 2]);
    };
    double best = 1e300;
    for (const std::vector<int>& permutation : permutations) {
        double error = 0;
        for (int i = 0; i < 9 * P; i++)
            for (int j = 0; j < 9 * P; j++)
                error = std::max(error, std::abs(getDistance(coupled, i, j) -
                        getDistance(noise, P * permutation[i / P] + i % P, P * permutation[j / P] + j % P)));
        best = std::min(best, error);
    }
    EXPECT_LT(best, 1e-9);
}

TEST_F(PointsTest, batchesHoldAllPoints) {
    settings.target = "plain";
    settings.logSigmaMean = -12;
    settings.logSigmaDeviation = 0;
    torchimpl::TrainingData data;
    torchimpl::readTrainingSet(settings.datasets[0].shards, 1, model, 720, data);
    const torchimpl::HostBatch batch = torchimpl::BatchSampler(settings, data).getBatch({0, 0});
    const torchimpl::ModelTables modelTables(data.tables, model, torchimpl::findDevice(settings));
    torchimpl::DeviceBatch tensors = torchimpl::toTensors(batch, modelTables);
    const std::vector<int64_t> shape = {batch.numSamples, batch.maxTokens, 3 * P};
    EXPECT_EQ(tensors.inputs.u.sizes().vec(), shape);
    EXPECT_EQ(tensors.target.sizes().vec(), shape);

    // Every sample is one of the frames, rotated: the distances of all its points are right.

    std::vector<std::vector<float>> frames;
    for (const torchimpl::SubjectEntry& entry : data.sets[0].subjects)
        for (int frame = 0; frame < entry.numFrames; frame++)
            frames.push_back(data.getSubject(entry)->frames.take(frame).positions);
    EXPECT_EQ(frames.size(), 12u);
    auto getDistances = [](const float* x, std::size_t numPoints, double factor) {
        std::vector<double> distances;
        for (std::size_t i = 0; i < numPoints; i++)
            for (std::size_t j = 0; j < i; j++)
                distances.push_back(factor * std::hypot((double) x[3 * i] - x[3 * j],
                        (double) x[3 * i + 1] - x[3 * j + 1], (double) x[3 * i + 2] - x[3 * j + 2]));
        return distances;
    };
    for (int row = 0; row < batch.numSamples; row++) {
        int numTokens = 0;
        for (int i = 0; i < batch.maxTokens; i++)
            numTokens += batch.mask[row * batch.maxTokens + i] > 0;
        double best = 1e300;
        for (const std::vector<float>& frame : frames) {
            if (frame.size() != (std::size_t) 3 * P * numTokens)
                continue;
            const std::vector<double> expected = getDistances(frame.data(), frame.size() / 3, 1),
                                      actual = getDistances(batch.u.data() + batch.getFirstCoordinate(row),
                                              frame.size() / 3, 1);
            double error = 0;
            for (std::size_t k = 0; k < actual.size(); k++)
                error = std::max(error, std::abs(actual[k] - expected[k]));
            best = std::min(best, error);
        }
        EXPECT_LT(best, 1e-3);
    }

    // Rotations of repeated batches turn every point.

    const at::Tensor before = tensors.inputs.u.clone();
    torchimpl::rotateBatch(settings, batch, 1, tensors);
    EXPECT_EQ(tensors.inputs.u.sizes().vec(), shape);
    const at::Tensor turned = tensors.inputs.u.contiguous();
    for (int row = 0; row < batch.numSamples; row++) {
        const std::size_t first = batch.getFirstCoordinate(row), numPoints = (std::size_t) P * batch.maxTokens;
        expectClose("distances", getDistances(turned.data_ptr<float>() + first, numPoints, 1),
                getDistances(before.data_ptr<float>() + first, numPoints, 1), {1e-4, 1e-4});
    }
}

TEST_F(PointsTest, runsTrainResumeAndValidate) {
    settings.maxSteps = 1;
    settings.learningRate = 1e-12;
    const double before = train(settings).validationLoss;
    settings.outputDirectory = path("trained");
    settings.learningRate = 4e-3;
    settings.maxSteps = 200;
    settings.emaDecay = 0;
    const TrainingResult whole = train(settings);
    EXPECT_LT(whole.validationLoss, 0.95 * before);
    EXPECT_EQ(whole.metrics.numMolecules, 0) << "metrics are of molecules of one point an atom";
    settings.finalLearningRate = 1;
    settings.maxSteps = 12;
    settings.outputDirectory = path("whole");
    const DenoiserModel trained = DenoiserModel::load(train(settings).modelPath);
    EXPECT_EQ(trained.getSettings().pointsPerToken, P);
    settings.outputDirectory = path("parts");
    settings.maxSteps = 7;
    train(settings);
    settings.maxSteps = 12;
    const DenoiserModel parts = DenoiserModel::load(train(settings).modelPath);
    for (const std::string& name : trained.getTensorNames())
        EXPECT_EQ(trained.getTensor(name).values, parts.getTensor(name).values) << name;

    // A student of it, on policy too.

    TrainingSettings student = makeStudent("student");
    student.network = settings.network;
    student.datasets = settings.datasets;
    student.validationShards = settings.validationShards;
    student.initialModel = student.distillation.teacher = whole.modelPath;
    student.distillation.onPolicyShare = 0.5;
    student.distillation.sampler.renewal = 0.5;
    const TrainingResult distilled = train(student);
    EXPECT_GE(distilled.numSteps, student.maxSteps);
    EXPECT_EQ(distilled.numSkipped, 0);
    EXPECT_TRUE(std::isfinite(distilled.loss));
}

TEST_F(PointsTest, otherNumbersOfPointsAreRefused) {
    auto expectError = [](const TrainingSettings& wrong, const std::string& part) {
        try {
            train(wrong);
            ADD_FAILURE() << "expected a refusal that says " << part;
        }
        catch (const ArgumentError& error) {
            EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
        }
    };
    settings.datasets = {{{path("small.shard")}, 1}};
    expectError(settings, "expected 3 points per token");
    settings.network.pointsPerToken = 1;
    settings.datasets = {{{path("points.shard")}, 1}};
    expectError(settings, "expected 1 points per token");
    settings.network.pointsPerToken = 0;
    EXPECT_THROW(train(settings), ArgumentError);
}
