// SPDX-License-Identifier: MIT
// Training with self-conditioning: the start from a model without it, half of the steps, runs that go on.
#include "Matchers.h"
#include "Tolerances.h"
#include "TrainingRun.h"
#include "openmmorbit/ArgumentError.h"
#include "train/Flow.h"
#include "train/TrainingModel.h"
#include <c10/core/GradMode.h>
#include <fstream>

using namespace OrbitPlugin;
using namespace testSupport;
using torchimpl::NamedTensors;

namespace {

class SelfConditioningTest : public TrainingRunTest {
protected:
    TrainingSettings makeConditioned(const std::string& output) const {
        TrainingSettings settings = makeSettings(output);
        settings.network.selfConditioning = true;
        return settings;
    }
    /** Train, and get the weights of what was denoised before. */
    std::vector<float> trainWeights(const TrainingSettings& settings) const {
        return DenoiserModel::load(train(settings).modelPath).getTensor("pair.radialBefore.weight").values;
    }
};

} // namespace

TEST_F(SelfConditioningTest, aRunFromAModelWithoutItBeginsAsTheSameFunction) {
    const DenoiserModel plain = makeSmallModel();
    plain.save(path("plain.safetensors"));
    TrainingSettings settings = makeConditioned("run");
    settings.initialModel = path("plain.safetensors");
    settings.conditions = plain.getConditions();
    const DenoiserModel start = torchimpl::createInitialModel(settings);
    EXPECT_TRUE(start.getSettings().selfConditioning);
    auto evaluate = [](const DenoiserModel& model) {
        return getValues(torchimpl::pairBiasTransformer(model.getSettings(), torchimpl::getTensors(model, at::kDouble),
                makeInputs(makeSamples(model), model, at::kDouble)));
    };
    expectClose("denoiser", evaluate(start), evaluate(plain), tolerance("denoiser", "double"));

    // The new weights learn, and a run from the result keeps them without being asked.

    settings.maxSteps = 20;
    const std::vector<float> learned = trainWeights(settings);
    EXPECT_NE(learned, std::vector<float>(learned.size(), 0.0f));
    TrainingSettings more = makeSettings("more");
    more.initialModel = path("run/model.safetensors");
    more.conditions = plain.getConditions();
    EXPECT_EQ(torchimpl::createInitialModel(more).getTensor("pair.radialBefore.weight").values, learned);
}

TEST_F(SelfConditioningTest, halfOfTheStepsSeeWhatWasDenoised) {
    const TrainingSettings settings = makeConditioned("run");
    const DenoiserModel model = torchimpl::createInitialModel(settings);
    const NamedTensors weights = torchimpl::getTensors(model);
    std::vector<TorchSample> samples = makeSamples(model);
    for (TorchSample& sample : samples)
        sample.before.clear();
    const torchimpl::NetworkInputs inputs = makeInputs(samples, model, at::kFloat);
    int numSeen = 0;
    for (long long step = 0; step < 200; step++) {
        torchimpl::NetworkInputs seen = inputs;
        torchimpl::addEstimate(settings, weights, step, seen);
        numSeen += seen.before.defined();
        if (seen.before.defined()) {
            EXPECT_TRUE(at::equal(
                    seen.before, torchimpl::estimateDenoised(model.getSettings(), weights, inputs)));
        }
        torchimpl::NetworkInputs plain = inputs;
        torchimpl::addEstimate(makeSettings("run"), weights, step, plain);
        EXPECT_FALSE(plain.before.defined());
    }
    EXPECT_NEAR(numSeen, 100, 25);
}

TEST_F(SelfConditioningTest, anInterruptedRunGoesOnExactly) {
    TrainingSettings settings = makeConditioned("whole");
    settings.finalLearningRate = 1;
    const std::vector<float> whole = trainWeights(settings);
    settings.outputDirectory = path("parts");
    settings.maxSteps = 4;
    train(settings);
    settings.maxSteps = 10;
    EXPECT_EQ(trainWeights(settings), whole);
    settings.network.selfConditioning = false;
    expectMentions<ArgumentError>("expected a checkpoint of the same network", [&] { train(settings); });
}

TEST_F(SelfConditioningTest, aFileAsksForIt) {
    std::ofstream(path("settings.json")) << "{\"conditions\": [\"MMFF94s\"], \"datasets\": [{\"shards\": [\"a\"]}], "
                                            "\"network\": {\"selfConditioning\": true}}";
    EXPECT_TRUE(TrainingSettings::load(path("settings.json")).network.selfConditioning);
    std::ofstream(path("settings.json")) << "{\"conditions\": [\"MMFF94s\"], \"datasets\": [{\"shards\": [\"a\"]}], "
                                            "\"network\": {\"selfConditioning\": 0.5}}";
    expectMentions<ArgumentError>("expected a value of the right kind for \"selfConditioning\" in \"network\", got 0.5",
            [&] { TrainingSettings::load(path("settings.json")); });
}

TEST_F(SelfConditioningTest, theSamplerOfValidationSeesTheStepBefore) {
    // Two steps of Euler: the second evaluation sees the result of the first.

    const TrainingSettings settings = makeConditioned("run");
    const DenoiserModel model = torchimpl::createInitialModel(settings);
    const NamedTensors weights = torchimpl::getTensors(model, at::kDouble);
    std::vector<TorchSample> samples = makeSamples(model);
    for (TorchSample& sample : samples) {
        sample.before.clear();
        sample.sigma = 4;
    }
    c10::NoGradGuard noGradients;
    torchimpl::NetworkInputs inputs = makeInputs(samples, model, at::kDouble);
    const PairBiasTransformerSettings& network = model.getSettings();
    const at::Tensor y = inputs.u / getPreconditioning(4, network.dataScale).input;
    const at::Tensor found =
            torchimpl::integrateFlow(network, weights, torchimpl::getSteps({4, 1, 0}, false), y, inputs);
    const at::Tensor first = torchimpl::estimateDenoised(network, weights, inputs);
    inputs.before = first;
    inputs.u = getPreconditioning(1, network.dataScale).input * (y + (1 - 4) * (y - first) / 4);
    inputs.scaledTime = at::zeros_like(inputs.scaledTime);
    const at::Tensor second = torchimpl::estimateDenoised(network, weights, inputs);
    expectClose("positions", getValues(found), getValues(second), tolerance("denoiser", "single"));
    inputs.before = at::Tensor();
    EXPECT_FALSE(at::allclose(second, torchimpl::estimateDenoised(network, weights, inputs), 1e-3, 1e-3));
}
