// SPDX-License-Identifier: MIT
// Model files: round trips, provenance, and every kind of file that must be refused.
#include "Matchers.h"
#include "Models.h"
#include "Tolerances.h"
#include "openmmorbit/ArgumentError.h"
#include <nlohmann/json.hpp>
#include <cstdint>
#include <cstdio>
#include <fstream>

using namespace OrbitPlugin;
using namespace testSupport;
using nlohmann::json;
using std::string;
using std::vector;

namespace {

/** The smallest network: its file is a few kilobytes long. */
DenoiserModel makeTinyModel() {
    PairBiasTransformerSettings settings;
    settings.width = 2;
    settings.numLayers = 1;
    settings.numHeads = 1;
    settings.transitionFactor = 1;
    settings.pairWidth = 2;
    settings.numRadial = 2;
    settings.conditionWidth = 2;
    settings.numFrequencies = 2;
    DenoiserModel model = DenoiserModel::createRandom(settings, 11);
    model.setMetadata("name", "tiny \"quoted\" \xc3\xa5ngstr\xc3\xb6m");
    return model;
}

std::uint64_t getHeaderSize(const string& bytes) {
    std::uint64_t size = 0;
    for (int i = 0; i < 8; i++)
        size |= (std::uint64_t) (unsigned char) bytes[i] << (8 * i);
    return size;
}

/** Take a file apart, change its header or data, and put it together again. */
template <class Change>
string change(const string& bytes, Change&& apply) {
    const std::uint64_t size = getHeaderSize(bytes);
    json header = json::parse(bytes.substr(8, size));
    string data = bytes.substr(8 + size);
    apply(header, data);
    const string text = header.dump();
    string result;
    for (int i = 0; i < 8; i++)
        result.push_back((char) (text.size() >> (8 * i)));
    return result + text + data;
}

/** Expect a refusal whose text holds the file's name and these words. */
template <class Change>
void expectRefusal(const vector<string>& words, Change&& apply, const char* file = __builtin_FILE(),
        int line = __builtin_LINE()) {
    const string bytes = change(makeTinyModel().toBytes(), apply);
    try {
        DenoiserModel::fromBytes(bytes, "weights.orbit");
        ADD_FAILURE_AT(file, line) << "expected a refusal with \"" << words[0] << "\"";
    }
    catch (const ArgumentError& error) {
        const string text = error.what();
        EXPECT_EQ(text.find("DenoiserModel::load: "), 0u) << text;
        EXPECT_NE(text.find("weights.orbit"), string::npos) << text;
        for (const string& word : words)
            if (text.find(word) == string::npos)
                ADD_FAILURE_AT(file, line) << "expected \"" << word << "\" in \"" << text << "\"";
    }
}

/** Change a text of the metadata that is itself JSON. */
template <class Change>
auto changeMetadata(const string& key, Change apply) {
    return [=](json& header, string&) {
        json value = json::parse(header["__metadata__"][key].get<string>());
        apply(value);
        header["__metadata__"][key] = value.dump();
    };
}

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
    EXPECT_THROW(model.save(path + "/no/such/folder"), OpenMM::OpenMMException);
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

TEST(DenoiserModel, everyTruncationIsRefused) {
    for (TensorStorage storage : {TensorStorage::Float32, TensorStorage::BFloat16}) {
        const string bytes = makeTinyModel().toBytes(storage);
        for (std::size_t size = 0; size < bytes.size(); size++)
            EXPECT_THROW(DenoiserModel::fromBytes(bytes.substr(0, size)), ArgumentError) << size;
    }
}

TEST(DenoiserModel, everyChangedByteOfTheTensorsIsRefused) {
    const string bytes = makeTinyModel().toBytes();
    for (std::size_t i = 8 + getHeaderSize(bytes); i < bytes.size(); i++) {
        string damaged = bytes;
        damaged[i] ^= 4;
        EXPECT_THROW(DenoiserModel::fromBytes(damaged), ArgumentError) << i;
    }
}

// A changed byte of the header may leave a readable file (a text of the model card), but no other exception.

TEST(DenoiserModel, changedHeadersAreReadOrRefused) {
    const string bytes = makeTinyModel().toBytes();
    int numRefused = 0;
    for (std::size_t i = 0; i < 8 + getHeaderSize(bytes); i++)
        for (char bit : {1, 8, 64}) {
            string damaged = bytes;
            damaged[i] ^= bit;
            try {
                DenoiserModel::fromBytes(damaged).validate();
            }
            catch (const ArgumentError&) {
                numRefused++;
            }
        }
    EXPECT_GT(numRefused, (int) getHeaderSize(bytes));
}

TEST(DenoiserModel, foreignFilesAreRefused) {
    for (const string& bytes : {string(), string("hello"), string("PK\x03\x04 a zip file of some length"),
            string(100, '\0'), string("\x02\0\0\0\0\0\0\0{}", 10), string("\x02\0\0\0\0\0\0\0[]", 10),
            string(8, '\xff') + "{}"})
        EXPECT_THROW(DenoiserModel::fromBytes(bytes), ArgumentError);
    expectThrows<ArgumentError>("DenoiserModel::load: expected at least 8 bytes, got 5 bytes in \"memory\"; the file "
        "is damaged or no model file", [] { DenoiserModel::fromBytes("hello"); });
    expectRefusal({"metadata \"format\"", "without it"}, [](json& header, string&) { header.erase("__metadata__"); });
    expectRefusal({"format \"openmm-orbit/2\" or \"openmm-orbit/1\"", "openmm-orbit/3"}, [](json& header, string&) {
        header["__metadata__"]["format"] = "openmm-orbit/3";
    });
    expectRefusal({"architecture \"pair-bias-transformer\"", "mlp"}, [](json& header, string&) {
        header["__metadata__"]["architecture"] = "mlp";
    });
    expectRefusal({"one of \"O3\", \"SO3\" as metadata \"rotations\"", "O4"}, [](json& header, string&) {
        header["__metadata__"]["rotations"] = "O4";
    });
    expectRefusal({"one of \"angstrom\", \"nanometer\" as metadata \"unit\"", "nm"}, [](json& header, string&) {
        header["__metadata__"]["unit"] = "nm";
    });
    expectRefusal({"metadata \"prior\"", "none"}, [](json& header, string&) { header["__metadata__"].erase("prior"); });
    expectRefusal({"a text as metadata", "number"}, [](json& header, string&) { header["__metadata__"]["name"] = 3; });
    expectRefusal({"SHA-256", "damaged"}, [](json&, string& data) { data[0] ^= 1; });
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

TEST(DenoiserModel, wrongHeadersAreRefused) {
    expectRefusal({"dtype F32 or BF16", "head.weight", "F16"}, [](json& h, string&) {
        h["head.weight"]["dtype"] = "F16";
    });
    expectRefusal({"two data offsets", "head.weight"}, [](json& h, string&) {
        h["head.weight"]["data_offsets"] = {0};
    });
    expectRefusal({"data offset of tensor \"head.weight\""}, [](json& h, string&) {
        h["head.weight"]["data_offsets"][0] = -4;
    });
    expectRefusal({"data offsets of tensor \"head.weight\" within"}, [](json& h, string&) {
        h["head.weight"]["data_offsets"] = {0, 18446744073709551615ull};
    });
    expectRefusal({"24 bytes for tensor \"head.weight\" of shape [3][2]"}, [](json& h, string&) {
        h["head.weight"]["data_offsets"] = {0, 20};
    });
    expectRefusal({"fewer than 2^31 elements", "head.weight"}, [](json& h, string&) {
        h["head.weight"]["shape"] = {65536, 65536, 65536, 65536};
    });
    expectRefusal({"dimension of tensor \"head.weight\""}, [](json& h, string&) {
        h["head.weight"]["shape"] = {-3, -2};
    });
    expectRefusal({"at most 8 dimensions"}, [](json& h, string&) { h["head.weight"]["shape"] = vector<int>(9, 1); });
    expectRefusal({"dtype, shape and data_offsets"}, [](json& h, string&) { h["head.weight"] = 7; });
    expectRefusal({"overlap"}, [](json& h, string&) { h["second"] = h["head.weight"]; });
    expectRefusal({"bytes of tensors"}, [](json&, string& data) { data += "more"; });
}

TEST(DenoiserModel, tensorsThatDoNotFitAreNamed) {
    expectRefusal({"expected shape [3][2] for tensor \"head.weight\", got [2][3]"}, [](json& h, string&) {
        h["head.weight"]["shape"] = {2, 3};
    });
    expectRefusal({"tensor \"head.weight\" of shape [3][2]", "no such tensor"}, [](json& h, string&) {
        h["head.weights"] = h["head.weight"];
        h.erase("head.weight");
    });
}

TEST(DenoiserModel, settingsThatDoNotFitAreNamed) {
    auto set = [](const string& name, const json& value) {
        return changeMetadata("settings", [=](json& settings) { settings[name] = value; });
    };
    expectRefusal({"setting \"width\"", "none"}, changeMetadata("settings", [](json& s) { s.erase("width"); }));
    expectRefusal({"only known settings", "depth"}, set("depth", 3));
    expectRefusal({"an integer as setting \"width\"", "string"}, set("width", "wide"));
    expectRefusal({"32-bit integer"}, set("width", 5000000000ll));
    expectRefusal({"width from 1 to 16384, got 0"}, set("width", 0));
    expectRefusal({"pointsPerToken from 1 to 8, got 9"}, set("pointsPerToken", 9));
    expectRefusal({"expected shape [9][2] for tensor \"head.weight\", got [3][2]"}, set("pointsPerToken", 3));
    expectRefusal({"a width that numHeads divides"}, set("numHeads", 3));
    expectRefusal({"a positive finite radialMax, got -1"}, set("radialMax", -1.0));
    expectRefusal({"a number as setting \"dataScale\""}, set("dataScale", nullptr));
    expectRefusal({"tensor \"layer.1.attention.output.bias\" of shape [2], got no such tensor"}, set("numLayers", 2));
    expectRefusal({"only tensors of the architecture", "extra"}, [](json& h, string& data) {
        h["extra"] = {{"dtype", "F32"}, {"shape", {0}}, {"data_offsets", {data.size(), data.size()}}};
    });
}

TEST(DenoiserModel, vocabulariesThatDoNotFitAreNamed) {
    expectRefusal({"at least one atom feature"}, changeMetadata("features", [](json& f) {
        f["atom"] = json::array();
    }));
    expectRefusal({"a list \"pair\""}, changeMetadata("features", [](json& f) { f.erase("pair"); }));
    expectRefusal({"name, values and saturates"}, changeMetadata("features", [](json& f) {
        f["atom"][0].erase("name");
    }));
    expectRefusal({"different values for atom feature \"element\""}, changeMetadata("features", [](json& f) {
        f["atom"][0]["values"][1] = f["atom"][0]["values"][0];
    }));
    expectRefusal({"different names of pair features"}, changeMetadata("features", [](json& f) {
        f["pair"][1]["name"] = f["pair"][0]["name"];
    }));
    expectRefusal({"at least one condition"}, changeMetadata("conditions", [](json& c) { c = json::array(); }));
    expectRefusal({"a list as metadata \"conditions\""}, changeMetadata("conditions", [](json& c) { c = "x"; }));
    expectRefusal({"token.embedding"}, changeMetadata("features", [](json& f) { f["atom"].erase(0); }));
}

TEST(DenoiserModel, valuesThatAreNotFiniteAreRefused) {
    DenoiserModel model = makeTinyModel();
    ModelTensor head = model.getTensor("head.weight");
    head.values[2] = std::nanf("");
    model.setTensor("head.weight", head);
    expectThrows<ArgumentError>("DenoiserModel::validate: expected finite values in tensor \"head.weight\", got nan",
        [&] { model.validate(); });
    EXPECT_THROW(DenoiserModel::fromBytes(model.toBytes()), ArgumentError);
}

TEST(DenoiserModel, settersRefuse) {
    DenoiserModel model = makeTinyModel();
    expectThrows<ArgumentError>("DenoiserModel::getTensor: expected the name of a tensor, got \"nothing\"; "
        "getTensorNames() lists them", [&] { model.getTensor("nothing"); });
    ModelTensor tensor;
    tensor.shape = {2, 3};
    tensor.values.resize(5);
    expectThrows<ArgumentError>("DenoiserModel::setTensor: expected as many values as shape [2][3] of tensor \"x\" "
        "holds, got 5", [&] { model.setTensor("x", tensor); });
    model.setMetadata("sha256", "mine");
    expectThrows<ArgumentError>("DenoiserModel::save: expected a model card without the reserved key, got \"sha256\"; "
        "choose another name", [&] { model.toBytes(); });
    PairBiasTransformerSettings settings;
    settings.numHeads = 5;
    expectThrows<ArgumentError>("DenoiserModel::createRandom: expected a width that numHeads divides, got width 192 "
        "and 5 heads", [&] { DenoiserModel::createRandom(settings, 1); });
    expectThrows<ArgumentError>("DenoiserModel::validate: expected tensor \"condition.embedding\" of shape [3][64], "
        "got no such tensor", [] { DenoiserModel().validate(); });
    DenoiserModel invalid = makeTinyModel();
    invalid.setMetadata("name", "\xff\xfe");
    EXPECT_THROW(invalid.toBytes(), ArgumentError);
}
