// SPDX-License-Identifier: MIT
// A folder and settings for the tests of training runs.
#ifndef OPENMM_ORBIT_TORCH_TESTS_TRAININGRUN_H_
#define OPENMM_ORBIT_TORCH_TESTS_TRAININGRUN_H_

#include "TorchSystems.h"
#include "openmmorbit/Trainer.h"
#include <gtest/gtest.h>
#include <filesystem>
#include <string>
#include <unistd.h>

namespace testSupport {

/** A folder of its own that disappears with the test. */
class TrainingRunTest : public testing::Test {
protected:
    TrainingRunTest() : folder(std::filesystem::temp_directory_path() / ("orbit-trainer-" + std::to_string(getpid()))) {
        std::filesystem::create_directories(folder);
        writeSmallShard(path("small.shard"), "MMFF94s");
    }
    ~TrainingRunTest() override {
        std::error_code ignored;
        std::filesystem::remove_all(folder, ignored);
    }
    std::string path(const std::string& name) const {
        return (folder / name).string();
    }
    OrbitPlugin::TrainingSettings makeSettings(const std::string& output) const {
        OrbitPlugin::TrainingSettings settings;
        settings.device = "cpu";    // A test of the GPU asks for it.
        settings.network = makeSmallSettings();
        settings.conditions = {"GFN2-xTB", "MMFF94s"};
        settings.datasets.push_back({{path("small.shard")}, 1.0});
        settings.validationShards = {path("small.shard")};
        settings.outputDirectory = path(output);
        settings.atomsPerBatch = 300;
        settings.maxSteps = 10;
        settings.warmupSteps = 2;
        settings.learningRate = 1e-2;
        settings.validationSteps = 0;
        settings.precision = "float32";
        return settings;
    }
    std::filesystem::path folder;
};

} // namespace testSupport

#endif // OPENMM_ORBIT_TORCH_TESTS_TRAININGRUN_H_
