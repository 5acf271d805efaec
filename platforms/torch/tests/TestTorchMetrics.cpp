// SPDX-License-Identifier: MIT
// Metrics while training: copies that agree with those of the Reference platform, and the log.
#include "Matchers.h"
#include "Tolerances.h"
#include "TorchSystems.h"
#include "openmm/Platform.h"
#include "openmmorbit/ConformerGenerator.h"
#include "train/CsvLog.h"
#include "train/ValidationEnsembles.h"
#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace OrbitPlugin;
using namespace testSupport;

namespace {

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
    expectMentions<OpenMM::OpenMMException>(
            "train: expected a writable file, got \"/no/folder/log.csv.new\": No such file",
            [] { torchimpl::CsvLog("/no/folder/log.csv", "step,x", 0); });
}
