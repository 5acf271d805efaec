// SPDX-License-Identifier: MIT
// Targets by the forces of frames: their mean is that of the exact target, their noise is less; wrong forces are seen.
#include "TorchSystems.h"
#include "TrainingRun.h"
#include "openmmorbit/TopologyInputs.h"
#include "openmmorbit/internal/OrbitMean.h"
#include "train/BatchSampler.h"
#include "train/ForceTarget.h"
#include <cmath>
#include <random>
#include <set>

using namespace OrbitPlugin;
using namespace testSupport;
using torchimpl::ForceTarget;
using torchimpl::FrameRules;
using torchimpl::StiffGeometry;
using torchimpl::SubjectFrames;

namespace {

/** A bond of two beads with the energy ½ k (d − d0)² / kT, in a shard with its forces. */
class BondForceTest : public TrainingRunTest {
protected:
    BondForceTest() {
        system.kind = SubjectKind::Topology;
        system.splitRule = SplitRule::Time;
        TopologyRecord record;
        for (int i = 0; i < 2; i++) {
            TopologyAtom atom;
            atom.name = "B";
            record.atoms.push_back(atom);
        }
        record.residueNames = {"BEAD"};
        record.residueIds = {"1"};
        record.residueChains = {0};
        TopologyBond bond;
        bond.atom1 = 0;
        bond.atom2 = 1;
        record.bonds.push_back(bond);
        system.topology = makeTopologySubject(record);
    }
    /** Draw a bond length from d² exp(−½ k (d − d0)²). */
    double drawLength() {
        std::uniform_real_distribution<double> uniform(0, 1);
        std::normal_distribution<double> normal(LENGTH, WIDTH);
        for (;;) {
            const double d = normal(random), limit = LENGTH + 6 * WIDTH;
            if (d > 0 && uniform(random) < d * d / (limit * limit))
                return d;
        }
    }
    static double getScore(double length) {
        return -(length - LENGTH) / (WIDTH * WIDTH);
    }
    /**
     * @param outlier   kcal/mol/Angstrom, the force of one frame
     * @param others    1/Angstrom, deviation of a force / kT that does not come from the bond
     */
    void write(double temperature, int numFrames = 1000, double outlier = 0, double others = 0) {
        std::normal_distribution<double> normal;
        ShardWriter writer(path("forces.shard"));
        writer.addSubject(system);
        FrameBlock block;
        block.condition = "300 K";
        block.temperature = temperature;
        block.series = "run";
        for (int k = 0; k < numFrames; k++) {
            const double d = drawLength();
            const double force = k == 0 && outlier != 0 ? outlier : (getScore(d) + others * normal(random)) * KT;
            block.positions.insert(block.positions.end(), {(float) d, 0, 0, 0, 0, 0});
            block.forces.insert(block.forces.end(), {(float) force, 0, 0, (float) -force, 0, 0});
        }
        writer.addFrames(block);
    }
    ForceTarget makeTarget() {
        ShardReader reader(path("forces.shard"));
        ShardSubject subject;
        EXPECT_TRUE(reader.nextSubject(subject));
        std::set<long long> damaged;
        const SubjectFrames frames(reader, path("forces.shard"), subject, FrameRules{{"300 K"}, false, 1}, damaged,
                nullptr);
        EXPECT_TRUE(frames.hasForces());
        return ForceTarget({{1}, {0}}, frames);
    }
    /** The mean bond vector given a noisy one of length c, along it, by quadrature over the lengths. */
    static double getMeanLength(double c, double sigma) {
        double sum = 0, weights = 0;
        for (double d = LENGTH - 7 * WIDTH; d < LENGTH + 7 * WIDTH; d += WIDTH / 200) {
            const double kappa = c * d / (2 * sigma * sigma), difference = (d - c) / (2 * sigma);
            const double bond = (d - LENGTH) / WIDTH;
            // exp(kappa cos) over the sphere, without exp(kappa), which the square of the difference has.
            const double sphere = -std::expm1(-2 * kappa) / (2 * kappa);
            const double weight = d * d * std::exp(-0.5 * bond * bond - difference * difference) * sphere;
            sum += weight * d * (1 / std::tanh(kappa) - 1 / kappa);
            weights += weight;
        }
        return sum / weights;
    }
    static constexpr double LENGTH = 1.5, WIDTH = 0.05, KT = 300 * 8.31446261815324 / 4184;
    ShardSubject system;
    std::mt19937 random{5};
};

} // namespace

TEST_F(BondForceTest, theMeanStaysAndTheNoiseGoes) {
    write(300);
    const ForceTarget target = makeTarget();
    EXPECT_FALSE(target.helps(12 * WIDTH));
    std::normal_distribution<double> normal;
    for (const double sigma : {0.02, 0.05, 0.15}) {
        ASSERT_TRUE(target.helps(sigma));
        const int count = 4000;
        double bias = 0, noise = 0, noiseBefore = 0;
        for (int k = 0; k < count; k++) {
            const double d = drawLength();
            std::vector<double> x1 = {d / 2, 0, 0, -d / 2, 0, 0}, y = x1, mean(6), scaled(6);
            const std::vector<double> score = {getScore(d), 0, 0, -getScore(d), 0, 0};
            for (int c = 0; c < 3; c++) {
                const double difference = sigma * normal(random) / std::sqrt(2.0);
                y[c] += difference;
                y[3 + c] -= difference;
            }
            for (int c = 0; c < 6; c++)
                scaled[c] = y[c] / (sigma * sigma);
            OrbitMeanWorkspace workspace;
            orbitMean(x1, scaled, std::vector<int>{0, 1}, mean, workspace);
            const double length = 2 * std::sqrt(y[0] * y[0] + y[1] * y[1] + y[2] * y[2]);
            const double exact = getMeanLength(length, sigma);
            auto along = [&](const std::vector<double>& values) {
                return 4 * (values[0] * y[0] + values[1] * y[1] + values[2] * y[2]) / length - exact;
            };
            noiseBefore += std::pow(along(mean), 2) / count;
            target.reduceNoise(x1, score, y, sigma, mean);
            bias += along(mean) / count;
            noise += std::pow(along(mean), 2) / count;
            for (int c = 0; c < 3; c++)
                EXPECT_NEAR(mean[c], -mean[3 + c], 1e-12);
        }
        EXPECT_LT(std::abs(bias), 4 * std::sqrt(noise / count)) << sigma;
        EXPECT_LT(noise, 0.2 * noiseBefore) << sigma;
    }
}

TEST_F(BondForceTest, forcesOfAnotherTemperatureAreNotUsed) {
    write(300);
    EXPECT_EQ(makeTarget().getFault(), "");
    write(600);
    EXPECT_NE(makeTarget().getFault().find("they are 0."), std::string::npos) << makeTarget().getFault();
    EXPECT_FALSE(makeTarget().helps(WIDTH));
}

TEST_F(BondForceTest, whatCannotBeUsedIsSaid) {
    write(300, 55);
    EXPECT_NE(makeTarget().getFault().find("at least 50 frames for training, got 43"), std::string::npos)
            << makeTarget().getFault();
    EXPECT_FALSE(makeTarget().helps(WIDTH));
}

TEST_F(BondForceTest, aDamagedFrameHidesNothingAndKeepsItsTarget) {
    write(600, 1000, 1e4);
    EXPECT_NE(makeTarget().getFault().find("they are 0."), std::string::npos) << makeTarget().getFault();
    write(300, 1000, 1e4);
    const ForceTarget target = makeTarget();
    EXPECT_EQ(target.getFault(), "");
    const std::vector<double> x1 = {0.7, 0, 0, -0.7, 0, 0};
    std::vector<double> mean = x1;
    target.reduceNoise(x1, {1e5, 0, 0, -1e5, 0, 0}, x1, WIDTH, mean);
    EXPECT_EQ(mean, x1);
}

TEST_F(BondForceTest, forcesThatOthersAddWeighLess) {
    // Forces of atoms that the frames do not have: C knows how much they vary, so that targets do not get noisier.

    write(300, 1000, 0, 20);
    const ForceTarget target = makeTarget();
    EXPECT_EQ(target.getFault(), "");
    std::normal_distribution<double> normal;
    for (const double sigma : {0.03, 0.15}) {
        double before = 0, after = 0;
        for (int k = 0; k < 500; k++) {
            const double d = drawLength(), other = 20 * normal(random), noise = sigma * normal(random) / std::sqrt(2.0);
            const std::vector<double> x1 = {d / 2, 0, 0, -d / 2, 0, 0}, y = {d / 2 + noise, 0, 0, -d / 2 - noise, 0, 0};
            const double score = getScore(d) + other;
            std::vector<double> mean = x1;
            if (target.helps(sigma))
                target.reduceNoise(x1, {score, 0, 0, -score, 0, 0}, y, sigma, mean);
            before += noise * noise;
            after += (mean[0] - y[0]) * (mean[0] - y[0]);
        }
        EXPECT_LT(after, before) << sigma;
    }
}

TEST_F(BondForceTest, batchesHaveTheSameNoisyPositionsAndOtherTargets) {
    write(300, 200);
    TrainingSettings settings = makeSettings("run");
    settings.conditions = {"300 K"};
    settings.datasets = {{{path("forces.shard")}, 1}};
    settings.logSigmaMean = std::log(WIDTH);
    settings.logSigmaDeviation = 0.1;
    settings.rotations = "SO3";
    const TopologyVocabularies vocabularies = makeTopologyVocabularies(system.topology);
    DenoiserModel model = DenoiserModel::createRandom(settings.network, 1, vocabularies.atoms, vocabularies.pairs);
    model.setConditions(settings.conditions);
    model.setTopology(system.topology);
    std::vector<torchimpl::HostBatch> batches;
    for (const bool useForces : {true, false}) {
        settings.useForces = useForces;
        torchimpl::TrainingData data;
        torchimpl::readTrainingSet(settings.datasets[0].shards, 1, model, 720, data);
        ASSERT_TRUE(data.forces);
        EXPECT_EQ(data.forces->getFault(), "");
        EXPECT_TRUE(data.messages.empty());
        batches.push_back(torchimpl::BatchSampler(settings, data).getBatch({0, 0}));
    }
    EXPECT_EQ(batches[0].u, batches[1].u);
    EXPECT_NE(batches[0].target, batches[1].target);
    auto square = [](const std::vector<float>& values) {
        double sum = 0;
        for (float value : values)
            sum += value * value;
        return sum;
    };
    EXPECT_LT(square(batches[0].target), square(batches[1].target));
}

TEST(StiffGeometryTest, theGradientIsThatOfTheQuadraticEnergy) {
    // A chain of four atoms and a branch: four bonds, and five angles, three of them of one atom.

    const std::vector<std::vector<int>> neighbors = {{1}, {0, 2, 4}, {1, 3}, {2}, {1}};
    const std::vector<double> base = {0, 0, 0, 1.5, 0, 0, 2, 1.4, 0, 3.5, 1.4, 0.3, 2, -0.7, 1.2};
    std::mt19937 random(3);
    std::normal_distribution<double> normal(0, 0.04);
    std::vector<std::vector<double>> frames(300, base);
    for (std::vector<double>& frame : frames)
        for (double& value : frame)
            value += normal(random);
    const StiffGeometry geometry(neighbors, frames);
    EXPECT_NEAR(geometry.getBondDeviation(), 0.04 * std::sqrt(2.0), 0.01);
    at::Tensor gradient, other;
    const at::Tensor hessian = geometry.linearize(frames[0].data(), gradient);

    // Near the mean the gradient changes as the quadratic model says, along any direction.

    EXPECT_TRUE(at::allclose(hessian, hessian.t()));
    EXPECT_GT(at::linalg_eigvalsh(hessian)[0].item<double>(), -1e-6);
    const std::vector<double> rotation = {0, 1, 0, -1, 0, 0, 0, 0, 1};
    std::vector<double> turned(base.size());
    for (std::size_t a = 0; a < base.size(); a += 3)
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++)
                turned[a + i] += rotation[3 * i + j] * frames[0][a + j];
    geometry.linearize(turned.data(), other);
    EXPECT_NEAR(gradient.norm().item<double>(), other.norm().item<double>(), 1e-8);

    // J follows from differences: moving along the gradient's direction changes the energy by the gradient.

    for (int k = 0; k < (int) base.size(); k++) {
        const double step = 1e-5;
        std::vector<double> plus = frames[0], minus = frames[0];
        plus[k] += step;
        minus[k] -= step;
        EXPECT_NEAR((geometry.getEnergy(plus.data()) - geometry.getEnergy(minus.data())) / (2 * step),
                gradient[k].item<double>(), 1e-4 * gradient.norm().item<double>()) << k;
    }
}

TEST(StiffGeometryTest, whatDoesNotVaryIsLeftOut) {
    const std::vector<std::vector<double>> frames(10, {0, 0, 0, 1, 0, 0});
    EXPECT_TRUE(StiffGeometry({{1}, {0}}, frames).isEmpty());
    EXPECT_TRUE(StiffGeometry({{}, {}}, frames).isEmpty());
}
