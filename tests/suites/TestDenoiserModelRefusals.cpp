// SPDX-License-Identifier: MIT
// Every kind of model file that must be refused, and what setters of a model refuse.
#include "Matchers.h"
#include "ModelFiles.h"
#include "Models.h"
#include "openmmorbit/ArgumentError.h"
#include <cmath>
#include <limits>

using namespace OrbitPlugin;
using namespace testSupport;
using nlohmann::json;
using std::string;
using std::vector;

namespace {

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

} // namespace

TEST(DenoiserModelRefusals, everyTruncationIsRefused) {
    for (TensorStorage storage : {TensorStorage::Float32, TensorStorage::BFloat16}) {
        const string bytes = makeTinyModel().toBytes(storage);
        for (std::size_t size = 0; size < bytes.size(); size++)
            EXPECT_THROW(DenoiserModel::fromBytes(bytes.substr(0, size)), ArgumentError) << size;
    }
}

TEST(DenoiserModelRefusals, everyChangedByteOfTheTensorsIsRefused) {
    const string bytes = makeTinyModel().toBytes();
    for (std::size_t i = 8 + getHeaderSize(bytes); i < bytes.size(); i++) {
        string damaged = bytes;
        damaged[i] ^= 4;
        EXPECT_THROW(DenoiserModel::fromBytes(damaged), ArgumentError) << i;
    }
}

// A changed byte of the header may leave a readable file (a text of the model card), but no other exception.

TEST(DenoiserModelRefusals, changedHeadersAreReadOrRefused) {
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

TEST(DenoiserModelRefusals, foreignFilesAreRefused) {
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
    expectRefusal({"\"gated-transformer\", \"pair-bias-transformer\" as metadata \"architecture\"", "mlp"},
            [](json& header, string&) {
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
    const std::string deep = std::string(1000000, '[') + std::string(1000000, ']');
    for (const char* key : {"settings", "features", "conditions", "sampler", "trainingCounts", "topology"})
        expectRefusal({"expected"}, [&](json& header, string&) { header["__metadata__"][key] = deep; });
    expectRefusal({"SHA-256", "damaged"}, [](json&, string& data) { data[0] ^= 1; });
}

TEST(DenoiserModelRefusals, wrongHeadersAreRefused) {
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

TEST(DenoiserModelRefusals, tensorsThatDoNotFitAreNamed) {
    expectRefusal({"expected shape [3][2] for tensor \"head.weight\", got [2][3]"}, [](json& h, string&) {
        h["head.weight"]["shape"] = {2, 3};
    });
    expectRefusal({"tensor \"head.weight\" of shape [3][2]", "no such tensor"}, [](json& h, string&) {
        h["head.weights"] = h["head.weight"];
        h.erase("head.weight");
    });
}

TEST(DenoiserModelRefusals, settingsThatDoNotFitAreNamed) {
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
    expectRefusal({"true or false as setting \"selfConditioning\", got number"}, set("selfConditioning", 1));
    expectRefusal({"tensor \"pair.radialBefore.weight\" of shape [2][2], got no such tensor"},
        set("selfConditioning", true));
    expectRefusal({"tensor \"layer.1.attention.output.bias\" of shape [2], got no such tensor"}, set("numLayers", 2));
    expectRefusal({"only tensors of the architecture", "extra"}, [](json& h, string& data) {
        h["extra"] = {{"dtype", "F32"}, {"shape", {0}}, {"data_offsets", {data.size(), data.size()}}};
    });
}

TEST(DenoiserModelRefusals, vocabulariesThatDoNotFitAreNamed) {
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

TEST(DenoiserModelRefusals, valuesThatAreNotFiniteAreRefused) {
    DenoiserModel model = makeTinyModel();
    ModelTensor head = model.getTensor("head.weight");
    head.values[2] = std::nanf("");
    model.setTensor("head.weight", head);
    expectThrows<ArgumentError>("DenoiserModel::validate: expected finite values in tensor \"head.weight\", got nan",
        [&] { model.validate(); });
    EXPECT_THROW(DenoiserModel::fromBytes(model.toBytes()), ArgumentError);
}

TEST(DenoiserModelRefusals, settersRefuse) {
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
    settings = makeSmallSettings();
    settings.selfConditioning = true;
    expectMentions<ArgumentError>("expected no selfConditioning for a gated transformer, which always has it, got true",
        [&] { DenoiserModel::createRandomGated(settings, GatedTransformerSettings(), 1); });
}
