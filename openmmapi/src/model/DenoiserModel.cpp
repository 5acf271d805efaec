// SPDX-License-Identifier: MIT
// The value class of a model: access to tensors, their expected shapes, and the checks of a complete model.
#include "openmmorbit/DenoiserModel.h"
#include "DenoiserModelChecks.h"
#include "Safetensors.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/internal/Sha256.h"
#include <cmath>
#include <set>
#include <sstream>

namespace OrbitPlugin {

using std::map;
using std::string;
using std::vector;

namespace {

void checkRange(const string& where, const string& name, int value, int lowest, int highest) {
    if (value < lowest || value > highest)
        throw ArgumentError(where + ": expected " + name + " from " + std::to_string(lowest) + " to " +
            std::to_string(highest) + ", got " + std::to_string(value));
}

void checkPositive(const string& where, const string& name, double value) {
    if (!(value > 0) || !std::isfinite(value)) {
        std::ostringstream text;
        text << where << ": expected a positive finite " << name << ", got " << value;
        throw ArgumentError(text.str());
    }
}

} // namespace

int countValues(const vector<FeatureVocabulary>& vocabularies) {
    int count = 0;
    for (const FeatureVocabulary& vocabulary : vocabularies)
        count += (int) vocabulary.values.size();
    return count;
}

void checkModelSettings(const string& where, const PairBiasTransformerSettings& settings) {
    checkRange(where, "width", settings.width, 1, 16384);
    checkRange(where, "numLayers", settings.numLayers, 1, 1024);
    checkRange(where, "numHeads", settings.numHeads, 1, 1024);
    checkRange(where, "transitionFactor", settings.transitionFactor, 1, 64);
    checkRange(where, "pairWidth", settings.pairWidth, 1, 4096);
    checkRange(where, "numRadial", settings.numRadial, 2, 4096);
    checkRange(where, "conditionWidth", settings.conditionWidth, 1, 16384);
    checkRange(where, "numFrequencies", settings.numFrequencies, 1, 4096);
    checkRange(where, "pointsPerToken", settings.pointsPerToken, 1, 8);
    checkPositive(where, "radialMax", settings.radialMax);
    checkPositive(where, "dataScale", settings.dataScale);
    if (settings.width % settings.numHeads != 0)
        throw ArgumentError(where + ": expected a width that numHeads divides, got width " +
            std::to_string(settings.width) + " and " + std::to_string(settings.numHeads) + " heads");
}

void checkGatedSettings(const string& where, const DenoiserModel& model) {
    const GatedTransformerSettings& gated = model.getGatedSettings();
    checkRange(where, "pointsPerToken of a gated transformer", model.getSettings().pointsPerToken, 1, 1);
    checkRange(where, "numFrequencies of a gated transformer", model.getSettings().numFrequencies, 2, 4096);
    if (model.getSettings().selfConditioning)
        throw ArgumentError(where + ": expected no selfConditioning for a gated transformer, which always has it, got "
            "true; set it to false");
    checkRange(where, "numRegisters", gated.numRegisters, 0, 1024);
    checkRange(where, "numBins", gated.numBins, 3, 4096);
    checkRange(where, "numSelfBins", gated.numSelfBins, 3, 4096);
    checkRange(where, "pairUpdateInterval", gated.pairUpdateInterval, 0, 1024);
    checkRange(where, "triangleWidth", gated.triangleWidth, 0, 4096);
    checkPositive(where, "binMin", gated.binMin);
    checkPositive(where, "binMax beyond binMin", gated.binMax - gated.binMin);
}

void checkVocabularies(const string& where, const vector<FeatureVocabulary>& vocabularies, const string& kind) {
    if (vocabularies.empty())
        throw ArgumentError(where + ": expected at least one " + kind + " feature, got none");
    std::set<string> names;
    std::size_t total = 0;
    for (const FeatureVocabulary& vocabulary : vocabularies) {
        const string label = kind + " feature \"" + vocabulary.name + "\"";
        if (vocabulary.name.empty() || !names.insert(vocabulary.name).second)
            throw ArgumentError(where + ": expected different names of " + kind + " features, got \"" +
                vocabulary.name + "\"");
        const std::set<int> values(vocabulary.values.begin(), vocabulary.values.end());
        if (values.empty() || values.size() != vocabulary.values.size())
            throw ArgumentError(where + ": expected different values for " + label + ", got " +
                std::to_string(vocabulary.values.size()) + " values of which " +
                std::to_string(values.size()) + " differ");
        total += values.size();
    }
    if (total > 100000)
        throw ArgumentError(where + ": expected at most 100000 values of " + kind + " features, got " +
            std::to_string(total));
}

void checkModel(const string& where, const DenoiserModel& model) {
    checkModelSettings(where, model.getSettings());
    if (model.getNetwork() == NetworkKind::GatedTransformer)
        checkGatedSettings(where, model);
    checkVocabularies(where, model.getAtomVocabularies(), "atom");
    checkVocabularies(where, model.getPairVocabularies(), "pair");
    if (model.getConditions().empty())
        throw ArgumentError(where + ": expected at least one condition, got none");
    const map<string, vector<int>> expected = model.getExpectedShapes();
    const vector<string> names = model.getTensorNames();
    const std::set<string> present(names.begin(), names.end());
    for (const auto& item : expected) {
        if (present.find(item.first) == present.end())
            throw ArgumentError(where + ": expected tensor \"" + item.first + "\" of shape " +
                formatShape(item.second) + ", got no such tensor");
        const ModelTensor& tensor = model.getTensor(item.first);
        if (tensor.shape != item.second)
            throw ArgumentError(where + ": expected shape " + formatShape(item.second) + " for tensor \"" + item.first +
                "\", got " + formatShape(tensor.shape));
        for (float value : tensor.values)
            if (!std::isfinite(value))
                throw ArgumentError(where + ": expected finite values in tensor \"" + item.first + "\", got " +
                    std::to_string(value));
    }
    for (const string& name : names)
        if (expected.find(name) == expected.end())
            throw ArgumentError(where + ": expected only tensors of the architecture, got \"" + name + "\"");
}

DenoiserModel::DenoiserModel() : atomVocabularies(getDefaultAtomVocabularies()),
        pairVocabularies(getDefaultPairVocabularies()), conditions({"GFN2-xTB", "M06-2X", "MMFF94s"}) {
}

void DenoiserModel::setUnitInNanometers(double unit) {
    if (unit != 0.1 && unit != 1.0) {
        std::ostringstream text;
        text << "DenoiserModel::setUnitInNanometers: expected 0.1 (Angstrom) or 1 (nanometers), got " << unit;
        throw ArgumentError(text.str());
    }
    unitInNanometers = unit;
    checksum.clear();
}

void DenoiserModel::validate() const {
    checkModel("DenoiserModel::validate", *this);
}

const ModelTensor& DenoiserModel::getTensor(const string& name) const {
    const auto found = tensors.find(name);
    if (found == tensors.end())
        throw ArgumentError("DenoiserModel::getTensor: expected the name of a tensor, got \"" + name +
            "\"; getTensorNames() lists them");
    return found->second;
}

void DenoiserModel::setTensor(const string& name, const ModelTensor& tensor) {
    double count = 1;
    for (int size : tensor.shape)
        count *= size < 0 ? -1e300 : size;
    if (count != (double) tensor.values.size())
        throw ArgumentError("DenoiserModel::setTensor: expected as many values as shape " + formatShape(tensor.shape) +
            " of tensor \"" + name + "\" holds, got " + std::to_string(tensor.values.size()));
    tensors[name] = tensor;
    checksum.clear();
}

void DenoiserModel::addSelfConditioning() {
    if (settings.selfConditioning || network == NetworkKind::GatedTransformer)
        return;
    settings.selfConditioning = true;
    const int p = settings.pairWidth, K = settings.numRadial;
    setTensor("pair.radialBefore.weight", {{p, K}, vector<float>((std::size_t) p * K, 0.0f)});
}

vector<string> DenoiserModel::getTensorNames() const {
    vector<string> names;
    for (const auto& item : tensors)
        names.push_back(item.first);
    return names;
}

map<string, vector<int>> DenoiserModel::getExpectedShapes() const {
    if (network == NetworkKind::GatedTransformer)
        return getGatedShapes(*this);
    const int d = settings.width, p = settings.pairWidth, c = settings.conditionWidth, H = settings.numHeads;
    const int L = settings.numLayers, m = settings.transitionFactor, T = settings.numFrequencies;
    const int k = settings.pointsPerToken;
    map<string, vector<int>> shapes;
    shapes["time.frequencies"] = {T};
    shapes["time.hidden.weight"] = {c, 2 * T};
    shapes["time.hidden.bias"] = {c};
    shapes["time.output.weight"] = {c, c};
    shapes["time.output.bias"] = {c};
    shapes["condition.embedding"] = {(int) conditions.size(), c};
    shapes["token.embedding"] = {countValues(atomVocabularies), d};
    shapes["token.coordinates.weight"] = {d, 3 * k};
    shapes["pair.radial.weight"] = {p, settings.numRadial};
    if (settings.selfConditioning)
        shapes["pair.radialBefore.weight"] = {p, settings.numRadial};
    shapes["pair.embedding"] = {countValues(pairVocabularies), p};
    shapes["pair.time.weight"] = {p, c};
    shapes["pair.hidden.weight"] = {p, p};
    shapes["pair.hidden.bias"] = {p};
    shapes["pair.bias.weight"] = {L * H, p};
    shapes["pair.bias.bias"] = {L * H};
    for (int layer = 0; layer < L; layer++) {
        const string prefix = "layer." + std::to_string(layer) + ".";
        shapes[prefix + "modulation.weight"] = {6 * d, c};
        shapes[prefix + "modulation.bias"] = {6 * d};
        shapes[prefix + "attention.qkv.weight"] = {3 * d, d};
        shapes[prefix + "attention.qkv.bias"] = {3 * d};
        shapes[prefix + "attention.output.weight"] = {d, d};
        shapes[prefix + "attention.output.bias"] = {d};
        shapes[prefix + "attention.relative.weight"] = {d, 3 * k * H};
        shapes[prefix + "transition.up.weight"] = {2 * m * d, d};
        shapes[prefix + "transition.up.bias"] = {2 * m * d};
        shapes[prefix + "transition.down.weight"] = {d, m * d};
        shapes[prefix + "transition.down.bias"] = {d};
    }
    shapes["head.modulation.weight"] = {2 * d, c};
    shapes["head.modulation.bias"] = {2 * d};
    shapes["head.weight"] = {3 * k, d};
    return shapes;
}

string DenoiserModel::getChecksum() const {
    if (!checksum.empty())
        return checksum;
    const string bytes = toBytes(TensorStorage::Float32);
    return sha256(bytes.data(), bytes.size());
}

string DenoiserModel::getMetadata(const string& key) const {
    const auto found = metadata.find(key);
    return found == metadata.end() ? string() : found->second;
}

} // namespace OrbitPlugin
