// SPDX-License-Identifier: MIT
// Model files: what stands in the metadata of the container, and how a model is read from and written to it.
#include "DenoiserModelChecks.h"
#include "JsonText.h"
#include "Safetensors.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/SamplerText.h"
#include "openmmorbit/internal/Sha256.h"
#include "openmmorbit/internal/WriteFault.h"
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <future>
#include <limits>
#include <set>

namespace OrbitPlugin {

using nlohmann::json;
using std::map;
using std::string;
using std::vector;

namespace {

// Format 1 knew molecules in Angstrom only: it tells neither rotations nor parametrization.
const char* const FORMAT = "openmm-orbit/2";
const char* const FORMAT_1 = "openmm-orbit/1";
const std::set<string> RESERVED_KEYS = {"format", "architecture", "settings", "features", "conditions", "unit", "prior",
    "coupling", "parametrization", "rotations", "sampler", "trainingCounts", "topology", "backbones", "sha256"};
/** Values of which there is one so far. */
const map<string, string> FIXED_VALUES = {{"prior", "gaussian"}, {"coupling", "independent"}};
const map<string, NetworkKind> NETWORKS = {{"pair-bias-transformer", NetworkKind::PairBiasTransformer},
    {"gated-transformer", NetworkKind::GatedTransformer}};
/** How each network denoises: (3.1) or (3.4) of docs/theory.md. */
const map<NetworkKind, string> PARAMETRIZATIONS = {{NetworkKind::PairBiasTransformer, "edm"},
    {NetworkKind::GatedTransformer, "flow"}};
const map<string, OrbitRotations> ROTATIONS = {{"SO3", OrbitRotations::Proper},
    {"O3", OrbitRotations::WithReflections}};
const map<string, double> UNITS = {{"angstrom", 0.1}, {"nanometer", 1.0}};

/** Get the word of a value. */
template <class Value>
const string& findWord(const map<string, Value>& words, Value value) {
    return std::find_if(words.begin(), words.end(), [&](const auto& item) { return item.second == value; })->first;
}

/** What a file of format 1 means: reflections are symmetries of the network unless a feature shows the hand. */
OrbitRotations findRotations(const vector<FeatureVocabulary>& pairVocabularies) {
    for (const FeatureVocabulary& vocabulary : pairVocabularies)
        if (vocabulary.name == "chiralNeighbor" || vocabulary.name == "chiralCenter" ||
                vocabulary.name == "torsionStereo")
            return OrbitRotations::Proper;
    return OrbitRotations::WithReflections;
}

/** Apply a function to every setting of a network: name and reference, in the order of the header. */
template <class Settings, class Gated, class Function>
void forEachSetting(NetworkKind network, Settings& settings, Gated& gated, const Function& function) {
    const bool isGated = network == NetworkKind::GatedTransformer;
    function("width", settings.width);
    function("numLayers", settings.numLayers);
    function("numHeads", settings.numHeads);
    function("transitionFactor", settings.transitionFactor);
    function("pairWidth", settings.pairWidth);
    if (!isGated) {
        function("numRadial", settings.numRadial);
        function("radialMax", settings.radialMax);
    }
    function("conditionWidth", settings.conditionWidth);
    function("numFrequencies", settings.numFrequencies);
    if (!isGated)
        function("dataScale", settings.dataScale);
    function("pointsPerToken", settings.pointsPerToken);
    if (!isGated)
        function("selfConditioning", settings.selfConditioning);
    if (isGated) {
        function("numRegisters", gated.numRegisters);
        function("numBins", gated.numBins);
        function("numSelfBins", gated.numSelfBins);
        function("binMin", gated.binMin);
        function("binMax", gated.binMax);
        function("pairUpdateInterval", gated.pairUpdateInterval);
        function("triangleWidth", gated.triangleWidth);
    }
}

/** Reads the metadata of one file; every message names the file. */
class MetadataReader {
public:
    MetadataReader(const map<string, string>& metadata, const string& origin) : metadata(metadata), origin(origin) {
    }
    [[noreturn]] void refuse(const string& expected, const string& got) const {
        throw ArgumentError("DenoiserModel::load: expected " + expected + ", got " + got + " in \"" + origin + "\"");
    }
    const string& getText(const string& key) const {
        const auto found = metadata.find(key);
        if (found == metadata.end())
            refuse("metadata \"" + key + "\"", "none");
        return found->second;
    }
    json getJson(const string& key) const {
        json value = parseJson(getText(key));
        if (value.is_discarded())
            refuse("JSON in metadata \"" + key + "\"", "other text");
        return value;
    }
    int getInt(const json& value, const string& what) const {
        if (!value.is_number_integer())
            refuse("an integer as " + what, value.type_name());
        const bool fits = value.is_number_unsigned() ?
            value.get<std::uint64_t>() <= (std::uint64_t) std::numeric_limits<int>::max() :
            value.get<std::int64_t>() >= std::numeric_limits<int>::min();
        if (!fits)
            refuse("a 32-bit integer as " + what, value.dump());
        return value.get<int>();
    }
    template <class Value>
    Value readWord(const string& key, const map<string, Value>& words) const {
        const auto found = words.find(getText(key));
        if (found != words.end())
            return found->second;
        string list;
        for (const auto& item : words)
            list += (list.empty() ? "\"" : ", \"") + item.first + "\"";
        refuse("one of " + list + " as metadata \"" + key + "\"", "\"" + getText(key) + "\"");
    }
    /** Read the settings of a network into those of either kind. */
    void readSettings(NetworkKind network, PairBiasTransformerSettings& settings,
            GatedTransformerSettings& gated) const {
        const json object = getJson("settings");
        if (!object.is_object())
            refuse("an object as metadata \"settings\"", object.type_name());
        std::set<string> known;
        forEachSetting(network, settings, gated, [&](const string& name, auto& value) {
            known.insert(name);
            if (!object.contains(name) && (name == "pointsPerToken" || name == "selfConditioning"))
                return;     // Of files that are older than it: 1, and false.
            if (!object.contains(name))
                refuse("setting \"" + name + "\"", "none");
            const json& element = object[name];
            if constexpr (std::is_same_v<std::decay_t<decltype(value)>, int>)
                value = getInt(element, "setting \"" + name + "\"");
            else if constexpr (std::is_same_v<std::decay_t<decltype(value)>, bool>) {
                if (!element.is_boolean())
                    refuse("true or false as setting \"" + name + "\"", element.type_name());
                value = element.get<bool>();
            }
            else if (element.is_number())
                value = element.get<double>();
            else
                refuse("a number as setting \"" + name + "\"", element.type_name());
        });
        for (const auto& item : object.items())
            if (known.count(item.key()) == 0)
                refuse("only known settings", "\"" + item.key() + "\"; a newer version may read it");
    }
    vector<FeatureVocabulary> readVocabularies(const json& features, const string& kind) const {
        if (!features.is_object() || !features.contains(kind) || !features[kind].is_array())
            refuse("a list \"" + kind + "\" in metadata \"features\"", "something else");
        vector<FeatureVocabulary> vocabularies;
        for (const json& item : features[kind]) {
            if (!item.is_object() || !item.contains("name") || !item["name"].is_string() || !item.contains("values") ||
                    !item["values"].is_array() || !item.contains("saturates") || !item["saturates"].is_boolean())
                refuse("name, values and saturates for every " + kind + " feature", "something else");
            FeatureVocabulary vocabulary;
            vocabulary.name = item["name"].get<string>();
            vocabulary.saturates = item["saturates"].get<bool>();
            for (const json& value : item["values"])
                vocabulary.values.push_back(getInt(value, "value of " + kind + " feature \"" + vocabulary.name + "\""));
            vocabularies.push_back(vocabulary);
        }
        return vocabularies;
    }
    vector<string> readConditions() const {
        const json list = getJson("conditions");
        vector<string> names;
        if (!list.is_array())
            refuse("a list as metadata \"conditions\"", list.type_name());
        for (const json& name : list) {
            if (!name.is_string())
                refuse("texts in metadata \"conditions\"", name.type_name());
            names.push_back(name.get<string>());
        }
        return names;
    }
private:
    const map<string, string>& metadata;
    const string& origin;
};

json writeVocabularies(const vector<FeatureVocabulary>& vocabularies) {
    json list = json::array();
    for (const FeatureVocabulary& vocabulary : vocabularies)
        list.push_back({{"name", vocabulary.name}, {"values", vocabulary.values}, {"saturates", vocabulary.saturates}});
    return list;
}

} // namespace

DenoiserModel DenoiserModel::load(const string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file)
        throw ArgumentError("DenoiserModel::load: expected a readable file, got \"" + path + "\"; check the path");
    string bytes;
    try {
        file.exceptions(std::ios::badbit);
        vector<char> chunk(1 << 20);
        while (file) {
            file.read(chunk.data(), chunk.size());
            bytes.append(chunk.data(), file.gcount());
        }
    }
    catch (const std::ios::failure&) {
        throw ArgumentError("DenoiserModel::load: expected a readable file, got \"" + path +
            "\"; it is a folder or damaged");
    }
    DenoiserModel model = fromBytes(bytes, path);
    model.path = path;
    return model;
}

DenoiserModel DenoiserModel::fromBytes(const string& bytes, const string& origin) {
    const SafetensorsHeader header = readSafetensors(bytes, origin);
    const MetadataReader reader(header.metadata, origin);
    if (header.metadata.count("format") == 0)
        reader.refuse("metadata \"format\" (a model file of OpenMM-Orbit)", "a safetensors file without it");
    const bool isFormat1 = reader.getText("format") == FORMAT_1;
    if (!isFormat1 && reader.getText("format") != FORMAT)
        reader.refuse(string("format \"") + FORMAT + "\" or \"" + FORMAT_1 + "\"", "\"" + reader.getText("format") +
            "\"");
    map<string, string> fixed = FIXED_VALUES;
    const NetworkKind network = reader.readWord("architecture", NETWORKS);
    if (!isFormat1)
        fixed["parametrization"] = PARAMETRIZATIONS.at(network);
    for (const auto& item : fixed)
        if (reader.getText(item.first) != item.second)
            reader.refuse(item.first + " \"" + item.second + "\"", "\"" + reader.getText(item.first) + "\"");

    // Hashing takes most of the time: the file is hashed beside its tensors.

    std::future<string> checksum = std::async([&] {
        return sha256(bytes.data(), bytes.size());
    });
    const string found = sha256(header.data, header.dataSize);
    if (reader.getText("sha256") != found)
        reader.refuse("tensors with SHA-256 " + reader.getText("sha256"), found + " (the file is damaged)");

    DenoiserModel model;
    model.network = network;
    reader.readSettings(network, model.settings, model.gated);
    const json features = reader.getJson("features");
    model.atomVocabularies = reader.readVocabularies(features, "atom");
    model.pairVocabularies = reader.readVocabularies(features, "pair");
    model.conditions = reader.readConditions();
    model.unitInNanometers = reader.readWord("unit", UNITS);
    model.rotations = isFormat1 ? findRotations(model.pairVocabularies) : reader.readWord("rotations", ROTATIONS);
    if (header.metadata.count("sampler") != 0)
        model.sampler = parseSampler(reader.getText("sampler"), "DenoiserModel::load: \"" + origin + "\": ");
    if (header.metadata.count("trainingCounts") != 0)
        model.counts = TrainingCounts::fromJson(
            reader.getText("trainingCounts"), "DenoiserModel::load: \"" + origin + "\": ");
    if (header.metadata.count("topology") != 0)
        model.topology = TopologySubject::fromJson(
            reader.getText("topology"), "DenoiserModel::load: \"" + origin + "\": ");
    if (header.metadata.count("backbones") != 0)
        model.backbones = BackboneStatistics::fromJson(
            reader.getText("backbones"), "DenoiserModel::load: \"" + origin + "\": ");
    for (const auto& item : header.metadata)
        if (RESERVED_KEYS.count(item.first) == 0)
            model.metadata[item.first] = item.second;
    for (const auto& item : header.entries)
        model.tensors[item.first] = readTensor(header, item.second);
    checkModel("DenoiserModel::load: \"" + origin + "\"", model);
    model.checksum = checksum.get();
    return model;
}

string DenoiserModel::toBytes(TensorStorage storage) const {
    map<string, SafetensorsEntry> entries;
    const string data = packTensors(tensors, storage, entries);
    json object = json::object();
    forEachSetting(network, settings, gated, [&](const string& name, const auto& value) {
        object[name] = value;
    });
    if (!settings.selfConditioning)
        object.erase("selfConditioning");   // Older versions read models without it.
    map<string, string> texts = metadata;
    for (const auto& item : metadata)
        if (RESERVED_KEYS.count(item.first) != 0)
            throw ArgumentError("DenoiserModel::save: expected a model card without the reserved key, got \"" +
                item.first + "\"; choose another name");
    texts.insert(FIXED_VALUES.begin(), FIXED_VALUES.end());
    texts["format"] = FORMAT;
    texts["architecture"] = findWord(NETWORKS, network);
    texts["parametrization"] = PARAMETRIZATIONS.at(network);
    texts["unit"] = findWord(UNITS, unitInNanometers);
    texts["rotations"] = findWord(ROTATIONS, rotations);
    try {
        texts["settings"] = object.dump();
        texts["features"] = json({{"atom", writeVocabularies(atomVocabularies)},
            {"pair", writeVocabularies(pairVocabularies)}}).dump();
        texts["conditions"] = json(conditions).dump();
    }
    catch (const json::exception& error) {
        throw ArgumentError(string("DenoiserModel::save: expected names in UTF-8, got ") + error.what());
    }
    if (formatSampler(sampler) != formatSampler(SamplerSettings()))
        texts["sampler"] = formatSampler(sampler);
    if (counts.getNumMolecules() > 0)
        texts["trainingCounts"] = counts.toJson();
    if (topology.getNumAtoms() > 0)
        texts["topology"] = topology.toJson();
    if (backbones.numBackbones > 0)
        texts["backbones"] = backbones.toJson();
    texts["sha256"] = sha256(data.data(), data.size());
    return writeSafetensors(texts, entries, data);
}

void DenoiserModel::save(const string& path, TensorStorage storage) const {
    if (path.empty() || std::filesystem::is_directory(path))
        throw ArgumentError("DenoiserModel::save: expected the name of a model file, got " +
                (path.empty() ? "an empty one" : "the folder \"" + path + "\"") + "; give for example \"" +
                (std::filesystem::path(path) / "model.safetensors").string() + "\"");
    const string bytes = toBytes(storage);
    // A model that lies there is replaced by a whole one, or stays.

    const string temporary = path + ".new";
    errno = 0;
    std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
    const bool isOurs = file.is_open();
    file.write(bytes.data(), (std::streamsize) bytes.size());
    file.close();
    std::error_code fault(errno, std::generic_category());
    if (file) {
        std::filesystem::rename(temporary, path, fault);
        if (!fault)
            return;
    }
    const string text = describeWriteFault(path, bytes.size(), fault.value());
    if (isOurs)
        std::filesystem::remove(temporary, fault);
    throw OpenMM::OpenMMException("DenoiserModel::save: " + text);
}

} // namespace OrbitPlugin
