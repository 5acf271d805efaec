// SPDX-License-Identifier: MIT
// Model files: round trips, provenance, what older files meant.
#include "Matchers.h"
#include "ModelFiles.h"
#include "Models.h"
#include "Tolerances.h"
#include "openmmorbit/ArgumentError.h"
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>

using namespace OrbitPlugin;
using namespace testSupport;
using nlohmann::json;
using std::string;
using std::vector;

namespace {

void expectSame(const DenoiserModel& actual, const DenoiserModel& expected, const string& precision) {
    EXPECT_EQ(actual.getTensorNames(), expected.getTensorNames());
    for (const string& name : expected.getTensorNames()) {
        EXPECT_EQ(actual.getTensor(name).shape, expected.getTensor(name).shape) << name;
        const bool exact = precision == "exact" || expected.getTensor(name).shape.size() == 1;
        expectClose(name, actual.getTensor(name).values, expected.getTensor(name).values,
            exact ? tolerance("exact", "double") : tolerance("roundTrip", precision));
    }
    EXPECT_EQ(actual.getConditions(), expected.getConditions());
    EXPECT_EQ(actual.getAllMetadata(), expected.getAllMetadata());
    EXPECT_EQ(actual.getSettings().width, expected.getSettings().width);
    EXPECT_EQ(actual.getSettings().dataScale, expected.getSettings().dataScale);
    EXPECT_EQ(actual.getSettings().radialMax, expected.getSettings().radialMax);
    ASSERT_EQ(actual.getPairVocabularies().size(), expected.getPairVocabularies().size());
    ASSERT_EQ(actual.getAtomVocabularies().size(), expected.getAtomVocabularies().size());
    for (int i = 0; i < (int) expected.getAtomVocabularies().size(); i++) {
        EXPECT_EQ(actual.getAtomVocabularies()[i].name, expected.getAtomVocabularies()[i].name);
        EXPECT_EQ(actual.getAtomVocabularies()[i].values, expected.getAtomVocabularies()[i].values);
        EXPECT_EQ(actual.getAtomVocabularies()[i].saturates, expected.getAtomVocabularies()[i].saturates);
    }
}

} // namespace

TEST(DenoiserModel, float32RoundTripIsExact) {
    DenoiserModel model = makeSmallModel();
    model.setMetadata("licence", "MIT");
    model.setConditions({"one", "two", "three"});
    const string bytes = model.toBytes();
    const DenoiserModel read = DenoiserModel::fromBytes(bytes);
    expectSame(read, model, "exact");
    EXPECT_EQ(read.toBytes(), bytes);
    EXPECT_EQ(read.getChecksum(), model.getChecksum());
    EXPECT_EQ(read.getMetadata("licence"), "MIT");
    EXPECT_EQ(read.getMetadata("data"), "");
}

TEST(DenoiserModel, holdsTheSamplerItWasMadeFor) {
    DenoiserModel model = makeTinyModel();
    const string plain = model.toBytes();
    EXPECT_EQ(DenoiserModel::fromBytes(plain).getSamplerSettings().getNoiseLevels(),
        SamplerSettings().getNoiseLevels());
    EXPECT_EQ(plain.find("\"sampler\""), string::npos) << "the default needs no entry";
    SamplerSettings sampler;
    sampler.method = SamplerMethod::Euler;
    sampler.schedule = NoiseSchedule::UniformTime;
    sampler.numSteps = 4;
    sampler.sigmaMax = 15;
    sampler.sigmaMin = 1.0 / 3;
    sampler.rho = 3;
    model.setSamplerSettings(sampler);
    const DenoiserModel read = DenoiserModel::fromBytes(model.toBytes());
    EXPECT_EQ(read.getSamplerSettings().method, sampler.method);
    EXPECT_EQ(read.getSamplerSettings().schedule, sampler.schedule);
    EXPECT_EQ(read.getSamplerSettings().rho, sampler.rho);
    EXPECT_EQ(read.getSamplerSettings().getNoiseLevels(), sampler.getNoiseLevels());
    EXPECT_EQ(read.toBytes(), model.toBytes());
    EXPECT_NE(model.getChecksum(), makeTinyModel().getChecksum());
    sampler.numSteps = 0;
    EXPECT_THROW(model.setSamplerSettings(sampler), ArgumentError);
}

TEST(DenoiserModel, selfConditioningIsKept) {
    // A file without it says nothing of it, as older files.

    const DenoiserModel plain = makeTinyModel();
    EXPECT_EQ(plain.toBytes().find("selfConditioning"), string::npos);
    DenoiserModel model = plain;
    model.addSelfConditioning();
    EXPECT_EQ(model.getTensor("pair.radialBefore.weight").values, vector<float>(4, 0.0f));
    EXPECT_NE(model.getChecksum(), plain.getChecksum());
    for (const string& name : plain.getTensorNames())
        EXPECT_EQ(model.getTensor(name).values, plain.getTensor(name).values);
    const DenoiserModel read = DenoiserModel::fromBytes(model.toBytes());
    EXPECT_TRUE(read.getSettings().selfConditioning);
    expectSame(read, model, "exact");
    EXPECT_EQ(read.toBytes(), model.toBytes());

    // A model that has it keeps its weights.

    DenoiserModel random = DenoiserModel::createRandom(model.getSettings(), 11);
    EXPECT_EQ(random.getTensor("pair.radial.weight").values, plain.getTensor("pair.radial.weight").values);
    EXPECT_NE(random.getTensor("pair.radialBefore.weight").values, vector<float>(4, 0.0f));
    const string bytes = random.toBytes();
    random.addSelfConditioning();
    EXPECT_EQ(random.toBytes(), bytes);
}

TEST(DenoiserModel, bfloat16RoundTrip) {
    const DenoiserModel model = makeSmallModel();
    const string bytes = model.toBytes(TensorStorage::BFloat16);
    EXPECT_LT(bytes.size(), 0.6 * model.toBytes().size());
    const DenoiserModel read = DenoiserModel::fromBytes(bytes);
    expectSame(read, model, "bfloat16");
    EXPECT_EQ(read.toBytes(TensorStorage::BFloat16), bytes);
}

// 1 + 2^-8 lies between two BF16 numbers and goes to the even one, 1; 1 + 3 2^-8 goes up to 1 + 2^-6.

TEST(DenoiserModel, bfloat16RoundsToNearestEven) {
    DenoiserModel model = makeTinyModel();
    ModelTensor head = model.getTensor("head.weight");
    head.values = {1.0f + 0x1p-8f, 1.0f + 3 * 0x1p-8f, 1.0f + 0x1.002p-8f, -0.0f, 3.0e38f, 1e-40f};
    model.setTensor("head.weight", head);
    const vector<float> values = DenoiserModel::fromBytes(model.toBytes(TensorStorage::BFloat16)).getTensor(
        "head.weight").values;
    EXPECT_EQ(values[0], 1.0f);
    EXPECT_EQ(values[1], 1.0f + 0x1p-6f);
    EXPECT_EQ(values[2], 1.0f + 0x1p-7f);
    EXPECT_TRUE(values[3] == 0 && std::signbit(values[3]));
    EXPECT_NEAR(values[4] / 3.0e38f, 1, 0x1p-8);
    EXPECT_GT(values[5], 0);
}

TEST(DenoiserModel, fileRoundTrip) {
    const string path = testing::TempDir() + "TestDenoiserModel.orbit";
    const DenoiserModel model = makeTinyModel();
    model.save(path);
    const DenoiserModel read = DenoiserModel::load(path);
    expectSame(read, model, "exact");
    EXPECT_EQ(read.getPath(), path);
    std::ofstream(path, std::ios::binary | std::ios::app) << 'x';
    EXPECT_THROW(DenoiserModel::load(path), ArgumentError);
    std::remove(path.c_str());
    expectThrows<ArgumentError>("DenoiserModel::load: expected a readable file, got \"" + path + "\"; check the path",
        [&] { DenoiserModel::load(path); });
    EXPECT_THROW(DenoiserModel::load(testing::TempDir()), ArgumentError);
    expectMentions<OpenMM::OpenMMException>("DenoiserModel::save: expected a writable file, got \"" + path +
            "/no/folder\": No such file or directory", [&] { model.save(path + "/no/folder"); });

    expectThrows<ArgumentError>("DenoiserModel::save: expected the name of a model file, got the folder \".\"; "
            "give for example \"./model.safetensors\"", [&] { model.save("."); });
    expectMentions<ArgumentError>("got an empty one; give for example \"model.safetensors\"", [&] { model.save(""); });

    // A model that cannot be replaced stays.

    model.save(path);
    std::filesystem::create_directory(path + ".new");
    expectMentions<OpenMM::OpenMMException>("Is a directory", [&] { model.save(path); });
    expectSame(DenoiserModel::load(path), model, "exact");
    std::filesystem::remove(path + ".new");
    std::remove(path.c_str());
}


TEST(DenoiserModel, checksumFollowsTheContent) {
    DenoiserModel model = makeTinyModel();
    const string first = model.getChecksum();
    EXPECT_EQ(first.size(), 64u);
    DenoiserModel read = DenoiserModel::fromBytes(model.toBytes(TensorStorage::BFloat16));
    const string stored = read.getChecksum();
    EXPECT_NE(stored, first);
    read.setMetadata("name", "other");
    EXPECT_NE(read.getChecksum(), stored);
    ModelTensor head = model.getTensor("head.weight");
    head.values[0] += 1;
    model.setTensor("head.weight", head);
    EXPECT_NE(model.getChecksum(), first);
}

TEST(DenoiserModel, randomWeightsHaveTheirScale) {
    PairBiasTransformerSettings settings;
    const DenoiserModel model = DenoiserModel::createRandom(settings, 1);
    model.validate();
    auto deviation = [&](const string& name) {
        double sum = 0;
        for (float value : model.getTensor(name).values)
            sum += (double) value * value;
        return std::sqrt(sum / model.getTensor(name).values.size());
    };
    EXPECT_NEAR(deviation("layer.0.attention.qkv.weight") * std::sqrt(192.0), 1, 0.02);
    EXPECT_NEAR(deviation("layer.5.transition.down.weight") * std::sqrt(2 * 6 * 3 * 192.0), 1, 0.02);
    EXPECT_NEAR(deviation("head.weight") * std::sqrt(192.0), 0.1, 0.01);
    EXPECT_NEAR(deviation("layer.2.modulation.weight"), 0.02, 0.001);
    const vector<float>& gates = model.getTensor("layer.3.modulation.bias").values;
    for (int c = 0; c < 192; c++) {
        EXPECT_EQ(gates[2 * 192 + c], 1);
        EXPECT_EQ(gates[5 * 192 + c], 1);
        EXPECT_LT(std::fabs(gates[c]), 0.2);
    }
    const vector<float>& frequencies = model.getTensor("time.frequencies").values;
    EXPECT_EQ(frequencies.front(), 0.5f);
    EXPECT_EQ(frequencies.back(), 32.0f);
    EXPECT_EQ(DenoiserModel::createRandom(settings, 1).getChecksum(), model.getChecksum());
    EXPECT_NE(DenoiserModel::createRandom(settings, 2).getChecksum(), model.getChecksum());
}

TEST(DenoiserModel, unitAndRotationsAreKept) {
    DenoiserModel model = makeSmallModel();
    EXPECT_EQ(0.1, model.getUnitInNanometers());
    model.setUnitInNanometers(1.0);
    model.setRotations(OrbitRotations::Proper);
    const DenoiserModel read = DenoiserModel::fromBytes(model.toBytes());
    EXPECT_EQ(1.0, read.getUnitInNanometers());
    EXPECT_EQ(OrbitRotations::Proper, read.getRotations());
    expectThrows<ArgumentError>("DenoiserModel::setUnitInNanometers: expected 0.1 (Angstrom) or 1 (nanometers), got "
        "0.5", [&] { model.setUnitInNanometers(0.5); });
}

TEST(DenoiserModel, formatOneIsReadAsItWasMeant) {
    auto readAsFormatOne = [](const DenoiserModel& model) {
        return DenoiserModel::fromBytes(change(model.toBytes(), [](json& header, string&) {
            json& texts = header["__metadata__"];
            texts["format"] = "openmm-orbit/1";
            texts.erase("rotations");
            texts.erase("parametrization");
        }));
    };
    EXPECT_EQ(OrbitRotations::WithReflections, readAsFormatOne(makeSmallModel()).getRotations());
    DenoiserModel handed;
    handed.setVocabularies(getDefaultAtomVocabularies(), {{"chiralCenter", {0, 1, 2, 3, 4}, false}});
    PairBiasTransformerSettings settings = makeSmallModel().getSettings();
    handed.setSettings(settings);
    for (const auto& [name, shape] : handed.getExpectedShapes()) {
        std::size_t count = 1;
        for (int size : shape)
            count *= size;
        handed.setTensor(name, {shape, std::vector<float>(count, 0.5f)});
    }
    EXPECT_EQ(OrbitRotations::Proper, readAsFormatOne(handed).getRotations());
}
