// SPDX-License-Identifier: MIT
// The borders of a run: no validation molecules, a run that is finished, conditions of the initial model, the warm-up.
#include "Matchers.h"
#include "TorchSystems.h"
#include "TrainingRun.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/Trainer.h"
#include "train/Optimizer.h"
#include "train/TrainingModel.h"
#include <fstream>
#include <sstream>

using namespace OrbitPlugin;
using namespace testSupport;

namespace {

class RunsTest : public TrainingRunTest {
protected:
    std::string read(const std::string& name) const {
        std::ifstream file(path(name), std::ios::binary);
        std::ostringstream text;
        text << file.rdbuf();
        return text.str();
    }
    std::vector<float> getRow(const DenoiserModel& model, int row) const {
        const ModelTensor& tensor = model.getTensor("condition.embedding");
        const auto begin = tensor.values.begin() + row * tensor.shape[1];
        return std::vector<float>(begin, begin + tensor.shape[1]);
    }
};

} // namespace

TEST_F(RunsTest, aValidationShardWithoutMoleculesIsLeftOut) {
    { ShardWriter writer(path("empty.shard")); }
    TrainingSettings settings = makeSettings("run");
    settings.maxSteps = 2;
    settings.validationShards = {path("empty.shard")};
    std::ostringstream progress;
    EXPECT_EQ(train(settings, progress).numSteps, 2);
    EXPECT_NE(progress.str().find("empty.shard\" holds no molecule"), std::string::npos) << progress.str();
    settings.outputDirectory = path("both");
    settings.validationShards.push_back(path("small.shard"));
    EXPECT_GT(train(settings).validationLoss, 0);
}

TEST_F(RunsTest, aFinishedRunStaysAsItIs) {
    TrainingSettings settings = makeSettings("run");
    settings.maxSteps = 4;
    settings.logSteps = 3;
    const TrainingResult first = train(settings);
    const std::string log = read("run/log.csv"), model = read("run/model.safetensors");
    auto countRows = [&] {
        const std::string text = read("run/metrics.csv");
        return std::count(text.begin(), text.end(), '\n');
    };
    const auto numRows = countRows();
    std::ostringstream progress;
    const TrainingResult again = train(settings, progress);
    EXPECT_NE(progress.str().find("the run is finished after 4 steps"), std::string::npos) << progress.str();
    EXPECT_GT(first.loss, 0);
    EXPECT_EQ(again.loss, first.loss);
    EXPECT_EQ(again.validationLoss, first.validationLoss);
    EXPECT_EQ(again.numSteps, 4);
    EXPECT_TRUE(read("run/log.csv") == log);
    EXPECT_EQ(countRows(), numRows);
    EXPECT_EQ(again.minutes, first.minutes);
    EXPECT_TRUE(read("run/model.safetensors") == model);

    // It goes on when it is asked to.

    settings.maxSteps = 6;
    EXPECT_EQ(train(settings).numSteps, 6);
}

TEST_F(RunsTest, conditionsOfTheInitialModelKeepTheirEmbeddings) {
    DenoiserModel model = makeSmallModel();
    model.save(path("initial.safetensors"));
    TrainingSettings settings = makeSettings("run");
    settings.initialModel = path("initial.safetensors");
    settings.conditions = {"B3LYP", "MMFF94s", "GFN2-xTB"};
    const DenoiserModel start = torchimpl::createInitialModel(settings);
    EXPECT_EQ(start.getConditions(), settings.conditions);
    EXPECT_EQ(getRow(start, 0), getRow(model, 0));
    EXPECT_EQ(getRow(start, 1), getRow(model, 2));
    EXPECT_EQ(getRow(start, 2), getRow(model, 0));
    settings.maxSteps = 1;
    std::ostringstream progress;
    EXPECT_EQ(DenoiserModel::load(train(settings, progress).modelPath).getConditions(), settings.conditions);
    for (const char* text : {"condition \"B3LYP\" is new; it begins as \"GFN2-xTB\"",
             "condition \"M06-2X\" of the initial model is left out",
             "condition \"B3LYP\" has no training molecule"})
        EXPECT_NE(progress.str().find(text), std::string::npos) << progress.str();
    settings.conditions.push_back("B3LYP");
    expectThrows<ArgumentError>("TrainingSettings::validate: expected different conditions, got \"B3LYP\" twice",
            [&] { train(settings); });
}

TEST_F(RunsTest, theWarmUpEndsInTime) {
    TrainingSettings settings = makeSettings("run");
    settings.learningRate = 1;
    settings.finalLearningRate = 1;
    settings.warmupSteps = 200;
    const torchimpl::Optimizer optimizer(settings, torchimpl::getTensors(makeSmallModel()));
    EXPECT_DOUBLE_EQ(optimizer.getLearningRate(0), 1.0 / 200);
    EXPECT_DOUBLE_EQ(optimizer.getLearningRate(0.1), 0.5);
    EXPECT_DOUBLE_EQ(optimizer.getLearningRate(0.2), 1);
    settings.warmupSteps = 0;
    EXPECT_DOUBLE_EQ(torchimpl::Optimizer(settings, {}).getLearningRate(0), 1);
}

TEST_F(RunsTest, aFolderThatCannotBeMadeIsNamed) {
    TrainingSettings settings = makeSettings("small.shard/run");
    try {
        train(settings);
        FAIL();
    }
    catch (const ArgumentError& error) {
        EXPECT_EQ(std::string(error.what()).find("train: expected an outputDirectory that can be made, got \""), 0u)
                << error.what();
    }
}
