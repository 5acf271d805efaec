// SPDX-License-Identifier: MIT
// Settings of a distillation: what a file may say, and what is refused.
#include "DistillationRun.h"
#include "openmmorbit/ArgumentError.h"
#include <fstream>

using namespace OrbitPlugin;
using namespace testSupport;
using namespace OrbitPlugin::torchimpl;

namespace {

/** Expect an ArgumentError whose text holds these words. */
template <class Call>
void expectRefusal(const std::string& words, Call&& call) {
    try {
        call();
        ADD_FAILURE() << "expected a refusal with \"" << words << "\"";
    }
    catch (const ArgumentError& error) {
        EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
    }
}

class DistillationSettingsTest : public DistillationRunTest {};

} // namespace

TEST_F(DistillationSettingsTest, faultsAreNamed) {
    auto refuse = [this](const std::string& part, auto&& change) {
        TrainingSettings settings = makeStudent("faults");
        change(settings);
        expectRefusal(part, [&] { train(settings); });
    };
    const std::string where = "TrainingSettings::validate: expected ";
    refuse(where + "an initialModel to take the initialLayers from, got none", [](TrainingSettings& s) {
        s.initialModel.clear();
        s.initialLayers = {0};
    });
    refuse("train: expected initialLayers between 0 and 1, the layers of \"", [](TrainingSettings& s) {
        s.initialLayers = {0, 2};
    });
    refuse(where + "2 teacherSteps, one for each step of the distilled sampler, got 1", [](TrainingSettings& s) {
        s.distillation.teacherSteps = {3};
    });
    refuse(where + "teacherSteps of at least 1, got 0", [](TrainingSettings& s) {
        s.distillation.teacherSteps = {3, 0};
    });
    refuse(where + "2 levelShares, or none, got 3", [](TrainingSettings& s) {
        s.distillation.levelShares = {1, 1, 1};
    });
    refuse(where + "a positive sum of the levelShares", [](TrainingSettings& s) {
        s.distillation.levelShares = {0, 0};
    });
    refuse(where + "at least 1 of the repeats, got 0", [](TrainingSettings& s) { s.distillation.repeats = 0; });
    refuse(where + "an onPolicyShare between 0 and 1, got 1.5", [](TrainingSettings& s) {
        s.distillation.onPolicyShare = 1.5;
    });
    refuse(where + "the method \"euler\" for a distilled sampler", [](TrainingSettings& s) {
        s.distillation.sampler.method = SamplerMethod::Heun;
    });
    refuse("missing.safetensors", [this](TrainingSettings& s) {
        s.distillation.teacher = path("missing.safetensors");
    });
    refuse("train: expected a last noise level of the distilled sampler above the teacher's 0.04", [](
            TrainingSettings& s) { s.distillation.sampler.sigmaMin = 0.03; });
    DenoiserModel conditioned = DenoiserModel::load(makeStudent("faults").distillation.teacher);
    conditioned.addSelfConditioning();
    conditioned.save(path("conditioned.safetensors"));
    refuse("train: expected a student without selfConditioning", [this](TrainingSettings& s) {
        s.initialModel = path("conditioned.safetensors");
    });
    TrainingSettings unconditional = makeSettings("unused");
    unconditional.conditions = {"MMFF94s"};
    createInitialModel(unconditional).save(path("other.safetensors"));
    refuse("train: expected as \"conditions\" those of the teacher", [this](TrainingSettings& s) {
        s.distillation.teacher = path("other.safetensors");
    });
}

TEST_F(DistillationSettingsTest, fileIsReadAndChecked) {
    auto load = [this](const std::string& distillation) {
        std::ofstream(path("settings.json")) << "{\"conditions\": [\"MMFF94s\"], \"datasets\": [{\"shards\": [\"a\"]}],"
                                             << "\"distillation\": " << distillation << "}";
        return TrainingSettings::load(path("settings.json")).distillation;
    };
    const DistillationSettings read = load("{\"teacher\": \"t\", \"sampler\": {\"numSteps\": 2, \"sigmaMin\": 1.5}, "
                                           "\"teacherSteps\": [8, 4], \"levelShares\": [2, 1], \"repeats\": 4, "
                                           "\"onPolicyShare\": 0.5}");
    EXPECT_EQ(read.teacher, "t");
    EXPECT_EQ(read.sampler.method, SamplerMethod::Euler);
    EXPECT_EQ(read.sampler.getNoiseLevels(), (std::vector<double>{20, 1.5, 0}));
    EXPECT_EQ(read.teacherSteps, (std::vector<int>{8, 4}));
    EXPECT_EQ(read.levelShares, (std::vector<double>{2, 1}));
    EXPECT_EQ(read.repeats, 4);
    EXPECT_EQ(read.onPolicyShare, 0.5);
    for (const auto& [text, part] : std::vector<std::pair<std::string, std::string>>{
                 {"{\"teacherSteps\": [1]}", "expected a model file as \"teacher\""},
                 {"{\"teacher\": \"t\", \"steps\": 1}", "got \"steps\""},
                 {"{\"teacher\": \"t\", \"sampler\": {\"sigmas\": [1]}}", "got \"sigmas\""},
                 {"{\"teacher\": \"t\", \"sampler\": {\"numSteps\": \"two\"}}", "expected a number as numSteps"},
                 {"{\"teacher\": \"t\", \"sampler\": {\"schedule\": \"linear\"}}", "expected one of \"karras\""}})
        expectRefusal(part, [&] { load(text); });
}
