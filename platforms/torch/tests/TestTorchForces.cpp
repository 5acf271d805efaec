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
using Eigen::MatrixXd;
using Eigen::VectorXd;
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
        makeChain(2);
    }
    /** Make the system a chain of beads. */
    void makeChain(int numBeads) {
        neighbors.assign(numBeads, {});
        TopologyRecord record;
        for (int i = 0; i < numBeads; i++) {
            TopologyAtom atom;
            atom.name = "B";
            record.atoms.push_back(atom);
        }
        record.residueNames = {"BEAD"};
        record.residueIds = {"1"};
        record.residueChains = {0};
        for (int i = 0; i + 1 < numBeads; i++) {
            TopologyBond bond;
            bond.atom1 = i;
            bond.atom2 = i + 1;
            record.bonds.push_back(bond);
            neighbors[i].push_back(i + 1);
            neighbors[i + 1].push_back(i);
        }
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
        ShardWriter writer(path("forces.shard"));
        writer.addSubject(system);
        add(writer, temperature, numFrames, outlier, others);
    }
    void add(ShardWriter& writer, double temperature, int numFrames, double outlier = 0, double others = 0) {
        std::normal_distribution<double> normal;
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
    SubjectFrames readFrames() {
        ShardReader reader(path("forces.shard"));
        ShardSubject subject;
        EXPECT_TRUE(reader.nextSubject(subject));
        std::set<long long> damaged;
        SubjectFrames frames(reader, path("forces.shard"), subject, FrameRules{{"300 K"}, false, 1}, damaged, nullptr);
        EXPECT_TRUE(frames.hasForces());
        return frames;
    }
    ForceTarget makeTarget() {
        return ForceTarget(neighbors, readFrames());
    }
    static void expectFault(const ForceTarget& target, const std::string& words) {
        EXPECT_NE(target.getFault().find(words), std::string::npos) << target.getFault();
        EXPECT_FALSE(target.helps(WIDTH));
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
    /** Draw a chain of bonds in random directions, and its forces / kT. */
    void drawChain(std::vector<double>& positions, std::vector<double>& score) {
        std::normal_distribution<double> normal;
        positions.assign(3 * neighbors.size(), 0);
        score.assign(3 * neighbors.size(), 0);
        for (std::size_t i = 3; i < positions.size(); i += 3) {
            const Eigen::Vector3d direction =
                    Eigen::Vector3d(normal(random), normal(random), normal(random)).normalized();
            const double length = drawLength();
            for (int c = 0; c < 3; c++) {
                positions[i + c] = positions[i + c - 3] + length * direction[c];
                score[i + c] += getScore(length) * direction[c];
                score[i + c - 3] -= getScore(length) * direction[c];
            }
        }
    }
    ShardSubject system;
    std::vector<std::vector<int>> neighbors;
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
    expectFault(makeTarget(), "they are 0.");
}

TEST_F(BondForceTest, fewWrongForcesDoNotHideAmongManyRightOnes) {
    {
        ShardWriter writer(path("forces.shard"));
        writer.addSubject(system);
        add(writer, 600, 1000);
        add(writer, 300, 2000);
    }
    expectFault(makeTarget(), "of other strength at 600 K, and they are 0.");
}

TEST_F(BondForceTest, furtherFramesMustFit) {
    write(300);
    ForceTarget target = makeTarget();
    target.check(readFrames());
    EXPECT_TRUE(target.helps(WIDTH));
    write(600);
    target.check(readFrames());
    expectFault(target, "of other strength at 600 K, and they are 0.");
}

TEST_F(BondForceTest, whatCannotBeUsedIsSaid) {
    write(300, 55);
    expectFault(makeTarget(), "at least 50 frames for training, got 43");
}

TEST_F(BondForceTest, largeSystemsHaveLessNoiseToo) {
    makeChain(300);
    std::vector<double> x1, score;
    {
        ShardWriter writer(path("forces.shard"));
        writer.addSubject(system);
        FrameBlock block;
        block.condition = "300 K";
        block.temperature = 300;
        block.series = "run";
        for (int k = 0; k < 100; k++) {
            drawChain(x1, score);
            block.positions.insert(block.positions.end(), x1.begin(), x1.end());
            for (double value : score)
                block.forces.push_back((float) (value * KT));
        }
        writer.addFrames(block);
    }
    const ForceTarget target = makeTarget();
    EXPECT_EQ(target.getFault(), "");
    ASSERT_TRUE(target.helps(WIDTH / 2));
    std::normal_distribution<double> normal(0, WIDTH / 2);
    double before = 0, after = 0;
    for (int k = 0; k < 5; k++) {
        drawChain(x1, score);
        std::vector<double> y = x1, reduced = x1;
        for (double& value : y)
            value += normal(random);
        target.reduceNoise(x1, score, y, WIDTH / 2, reduced);
        for (std::size_t a = 0; a < y.size(); a++) {
            before += (x1[a] - y[a]) * (x1[a] - y[a]);
            after += (reduced[a] - y[a]) * (reduced[a] - y[a]);
        }
    }
    EXPECT_LT(after, 0.5 * before);
}

TEST_F(BondForceTest, aDamagedFrameHidesNothingAndKeepsItsTarget) {
    write(600, 1000, 1e4);
    expectFault(makeTarget(), "they are 0.");
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
    std::vector<std::vector<float>> frames(300, std::vector<float>(base.begin(), base.end()));
    for (std::vector<float>& frame : frames)
        for (float& value : frame)
            value += (float) normal(random);
    const StiffGeometry geometry(neighbors, frames);
    EXPECT_NEAR(geometry.getBondDeviation(), 0.04 * std::sqrt(2.0), 0.01);
    const VectorXd x = Eigen::Map<const Eigen::VectorXf>(frames[0].data(), 15).cast<double>();
    VectorXd gradient, other;
    const MatrixXd hessian = MatrixXd(geometry.linearize(x, gradient)).selfadjointView<Eigen::Lower>();
    EXPECT_GT(Eigen::SelfAdjointEigenSolver<MatrixXd>(hessian).eigenvalues()[0], -1e-6);
    Eigen::Matrix3d rotation;
    rotation << 0, 1, 0, -1, 0, 0, 0, 0, 1;
    geometry.linearize((rotation * x.reshaped(3, 5)).reshaped(), other);
    EXPECT_NEAR(gradient.norm(), other.norm(), 1e-8);

    // The gradient is that of the energy. Where all coordinates have their means, J^T P J is its second derivative.

    auto getGradient = [&](const VectorXd& positions) {
        VectorXd result;
        geometry.linearize(positions, result);
        return result;
    };
    for (int k = 0; k < x.size(); k++) {
        const VectorXd step = 1e-5 * VectorXd::Unit(x.size(), k);
        EXPECT_NEAR((geometry.getEnergy(x + step) - geometry.getEnergy(x - step)) / 2e-5, gradient[k],
                1e-4 * gradient.norm()) << k;
    }
    VectorXd mean = x;
    for (int step = 0; step < 50; step++) {
        MatrixXd H = MatrixXd(geometry.linearize(mean, gradient)).selfadjointView<Eigen::Lower>();
        H.diagonal().array() += 1e-6;
        mean -= H.llt().solve(gradient);
    }
    ASSERT_LT(geometry.getEnergy(mean), 1e-9);
    const MatrixXd H = MatrixXd(geometry.linearize(mean, gradient)).selfadjointView<Eigen::Lower>();
    for (int k = 0; k < x.size(); k++) {
        const VectorXd step = 1e-5 * VectorXd::Unit(x.size(), k);
        const VectorXd column = (getGradient(mean + step) - getGradient(mean - step)) / 2e-5;
        EXPECT_LT((column - H.col(k)).norm(), 1e-3 * H.norm()) << k;
    }
}

TEST(StiffGeometryTest, straightAnglesAreLeftOut) {
    // Of the three angles of an atom with three neighbours in a T, one is straight.

    std::mt19937 random(3);
    std::normal_distribution<double> normal(0, 0.02);
    const std::vector<float> base = {0, 0, 0, 1, 0, 0, -1, 0, 0, 0, 1, 0};
    std::vector<std::vector<float>> frames(300, base), bent = frames;
    for (std::size_t k = 0; k < frames.size(); k++) {
        for (float& value : frames[k])
            value += (float) normal(random);
        bent[k] = frames[k];
        bent[k][6] = bent[k][7] = -0.7f;
    }
    const std::vector<std::vector<int>> neighbors = {{1, 2, 3}, {0}, {0}, {0}};
    VectorXd gradient;
    auto getRank = [&](const std::vector<std::vector<float>>& shown) {
        const StiffGeometry geometry(neighbors, shown);
        const VectorXd x = Eigen::Map<const Eigen::VectorXf>(shown[0].data(), 12).cast<double>();
        const MatrixXd H = MatrixXd(geometry.linearize(x, gradient)).selfadjointView<Eigen::Lower>();
        Eigen::FullPivLU<MatrixXd> rank(H);
        rank.setThreshold(1e-9);
        return rank.rank();
    };
    EXPECT_EQ(getRank(frames), 5);      // three bonds, two angles
    EXPECT_EQ(getRank(bent), 6);        // three bonds, three angles
}

TEST(StiffGeometryTest, whatDoesNotVaryIsLeftOut) {
    const std::vector<std::vector<float>> frames(10, {0, 0, 0, 1, 0, 0});
    EXPECT_TRUE(StiffGeometry({{1}, {0}}, frames).isEmpty());
    EXPECT_TRUE(StiffGeometry({{}, {}}, frames).isEmpty());
}
