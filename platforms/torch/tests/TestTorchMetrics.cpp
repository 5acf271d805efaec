// SPDX-License-Identifier: MIT
// Metrics while training: symmetric RMSD, coverage, and copies that agree with those of the Reference platform.
#include "Matchers.h"
#include "Tolerances.h"
#include "TorchSystems.h"
#include "openmm/Platform.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/ConformerGenerator.h"
#include "openmmorbit/EnsembleMetrics.h"
#include "train/CsvLog.h"
#include "train/ValidationEnsembles.h"
#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace OrbitPlugin;
using namespace testSupport;

namespace {

/** Write positions with atoms i and j exchanged. */
std::vector<double> exchange(std::vector<double> positions, int i, int j) {
    for (int c = 0; c < 3; c++)
        std::swap(positions[3 * i + c], positions[3 * j + c]);
    return positions;
}

/** Difluoromethane without hydrogens: F-C-F. */
MolecularGraph makeFCF() {
    return makeGraph("F-C-F", {9, 6, 9}, {{0, 1}, {1, 2}});
}

class MetricsTest : public testing::Test {
protected:
    MetricsTest() : folder(std::filesystem::temp_directory_path() / ("orbit-metrics-" + std::to_string(getpid()))) {
        std::filesystem::create_directories(folder);
    }
    ~MetricsTest() override {
        std::error_code ignored;
        std::filesystem::remove_all(folder, ignored);
    }
    std::string path(const std::string& name) const {
        return (folder / name).string();
    }
    std::string readLog() const {
        std::ifstream file(path("log.csv"));
        return std::string(std::istreambuf_iterator<char>(file), {});
    }
    std::filesystem::path folder;
};

} // namespace

TEST_F(MetricsTest, rmsdOfTwoAtomsIsHalfTheDifferenceOfLengths) {
    const MolecularGraph graph = makeGraph("CO", {6, 8}, {{0, 1}});
    const std::vector<double> longer = {0, 0, 0, 1.5, 0, 0}, shorter = {3, 1, 2, 3, 2, 2};
    expectClose("rmsd", computeSymmetricRmsd(graph, longer, shorter), std::vector<double>{0.25},
            tolerance("geometry", "double"));
}

TEST_F(MetricsTest, rotationsTranslationsAndExchangesDoNotMatter) {
    const MolecularGraph graph = makeFCF();
    const std::vector<double> x = makePositions(3, 5);
    std::vector<double> y = rotate(exchange(x, 0, 2), makeRotation(7));
    for (double& value : y)
        value += 4;
    EXPECT_LT(computeSymmetricRmsd(graph, x, y)[0], 1e-6);
    EXPECT_GT(computeSymmetricRmsd(graph, x, exchange(x, 0, 1))[0], 0.05);
}

TEST_F(MetricsTest, mirrorImagesDiffer) {
    const MolecularGraph graph = makeGraph("CFClBr", {6, 9, 17, 35}, {{0, 1}, {0, 2}, {0, 3}});
    const std::vector<double> x = makePositions(4, 5);
    std::vector<double> mirrored = x;
    for (std::size_t i = 0; i < x.size(); i += 3)
        mirrored[i] = -mirrored[i];
    EXPECT_GT(computeSymmetricRmsd(graph, x, mirrored)[0], 0.1);
}

TEST_F(MetricsTest, hydrogensAreNotLookedAt) {
    const MolecularGraph graph = makeEthanol();
    std::vector<double> x = makePositions(graph.getNumAtoms(), 5), y = x;
    for (int i = 0; i < graph.getNumAtoms(); i++)
        if (graph.atoms[i].element == 1)
            y[3 * i] += 1;
    EXPECT_LT(computeSymmetricRmsd(graph, x, y)[0], 1e-6);
}

TEST_F(MetricsTest, coverageCountsBothWays) {
    // One copy equals a reference, one is far from both.

    const MolecularGraph graph = makeGraph("CO", {6, 8}, {{0, 1}});
    const std::vector<double> copies = {0, 0, 0, 1.4, 0, 0, 0, 0, 0, 9, 0, 0},
                              references = {0, 0, 0, 0, 1.4, 0, 0, 0, 0, 0, 0, 2.0};
    const EnsembleMetrics metrics = compareEnsembles(graph, copies, references);
    EXPECT_NEAR(metrics.coverageRecall01, 0.5, 1e-9);
    EXPECT_NEAR(metrics.coverageRecall05, 1, 1e-9);
    EXPECT_NEAR(metrics.coveragePrecision01, 0.5, 1e-9);
    EXPECT_NEAR(metrics.recall, (0 + 0.3) / 2, 1e-6);
    EXPECT_NEAR(metrics.precision, (0 + 3.5) / 2, 1e-6);
    EXPECT_NEAR(metrics.stereoCorrect, 1, 1e-9);
    EXPECT_NEAR(metrics.accepted, 0.5, 1e-9);
    const EnsembleMetrics mean = averageMetrics({metrics, metrics});
    EXPECT_EQ(mean.numMolecules, 2);
    EXPECT_NEAR(mean.precision, metrics.precision, 1e-12);
}

TEST_F(MetricsTest, copiesThatAreNotFiniteCoverNothing) {
    const MolecularGraph graph = makeGraph("CO", {6, 8}, {{0, 1}});
    const EnsembleMetrics metrics = compareEnsembles(graph, {0, 0, 0, NAN, 0, 0}, {0, 0, 0, 0, 1, 0});
    EXPECT_EQ(metrics.coverageRecall05, 0);
    EXPECT_EQ(metrics.stereoCorrect, 0);
    EXPECT_GT(metrics.precision, 5);
}

TEST_F(MetricsTest, wrongNumbersAreRefused) {
    EXPECT_THROW(computeSymmetricRmsd(makeWater(), {1, 2, 3}, {}), ArgumentError);
    EXPECT_THROW(compareEnsembles(makeWater(), {}, makePositions(3, 1)), ArgumentError);
}

TEST_F(MetricsTest, copiesAgreeWithTheReferencePlatform) {
    writeSmallShard(path("small.shard"), "MMFF94s");
    TrainingSettings settings;
    settings.network = makeSmallSettings();
    settings.conditions = {"GFN2-xTB", "MMFF94s"};
    settings.validationShards = {path("small.shard")};
    settings.validationMolecules = 2;
    settings.validationCopies = 2;
    settings.atomsPerBatch = 10;
    settings.precision = "float32";
    const DenoiserModel model = torchimpl::createInitialModel(settings);
    const torchimpl::ValidationEnsembles ensembles(settings, model);
    ASSERT_EQ(ensembles.getNumMolecules(), 2);
    const std::vector<std::vector<double>> copies = ensembles.generate(torchimpl::getTensors(model));
    OpenMM::Platform::loadPluginLibrary(std::string(ORBIT_TEST_PLUGIN_DIR) + "/libOpenMMOrbitReference.so");
    ConformerGenerator generator(model);
    generator.setPlatformName("Reference");
    generator.setCheckConformers(false);
    generator.setCondition("MMFF94s");

    // Of the shard's five molecules these are chosen; their number is part of the noise's key.

    const std::vector<MolecularGraph> graphs = {makeEthanol(), makeWater()};
    for (int m = 0; m < 2; m++) {
        Ensemble ensemble = generator.generate(graphs[m], 2, 20262, m);
        std::vector<double> expected;
        for (int k = 0; k < 2; k++)
            for (const OpenMM::Vec3& position : ensemble.getPositions(k))
                for (int c = 0; c < 3; c++)
                    expected.push_back(10 * position[c]);
        expectClose(graphs[m].name, copies[m], expected, tolerance("generation", "single"));
    }
    EXPECT_EQ(ensembles.evaluate(torchimpl::getTensors(model)).at(0).metrics.numCopies, 4);
}

TEST_F(MetricsTest, logFollowsTheCheckpoint) {
    {
        torchimpl::CsvLog log(path("log.csv"), "step,x", 0);
        for (int step = 1; step < 5; step++)
            EXPECT_TRUE(log.add(std::to_string(step) + "," + std::to_string(10 * step)));
    }
    std::ofstream(path("log.csv"), std::ios::app) << "5,half a li";
    torchimpl::CsvLog log(path("log.csv"), "step,x", 3);
    EXPECT_EQ(readLog(), "step,x\n1,10\n2,20\n3,30\n");
    torchimpl::CsvLog other(path("log.csv"), "step,y", 3);
    EXPECT_EQ(readLog(), "step,y\n");
    EXPECT_TRUE(std::filesystem::exists(path("log.csv.old")));
}
