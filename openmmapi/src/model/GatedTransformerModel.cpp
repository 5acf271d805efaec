// SPDX-License-Identifier: MIT
// The tensors of a gated transformer, and pseudo-random ones for tests.
#include "DenoiserModelChecks.h"
#include "openmmorbit/internal/Philox.h"
#include <cmath>
#include <numeric>

namespace OrbitPlugin {

using std::map;
using std::string;
using std::vector;

namespace {

void addNorm(map<string, vector<int>>& shapes, const string& name, int width) {
    shapes[name + ".norm.weight"] = {width};
    shapes[name + ".norm.bias"] = {width};
}

/** Shift and scale of rows of a width, from a vector of another one (9.3). */
void addModulation(map<string, vector<int>>& shapes, const string& name, int width, int conditionWidth) {
    addNorm(shapes, name, conditionWidth);
    shapes[name + ".scale.weight"] = {width, conditionWidth};
    shapes[name + ".scale.bias"] = {width};
    shapes[name + ".shift.weight"] = {width, conditionWidth};
}

void addLinear(map<string, vector<int>>& shapes, const string& name, int numOutputs, int numInputs) {
    shapes[name + ".weight"] = {numOutputs, numInputs};
    shapes[name + ".bias"] = {numOutputs};
}

/** The update of pairs behind a layer (9.12) to (9.15); t channels of triangles. */
void addPairUpdate(map<string, vector<int>>& shapes, const string& name, int d, int p, int t) {
    addNorm(shapes, name + "tokens", d);
    shapes[name + "tokens.weight"] = {2 * p, d};
    for (const char* part : {"outgoing", "incoming"}) {
        if (t == 0)
            continue;
        addNorm(shapes, name + part, p);
        for (const char* side : {".left", ".leftGate", ".right", ".rightGate"})
            addLinear(shapes, name + part + side, t, p);
        addNorm(shapes, name + part + ".product", t);
        addLinear(shapes, name + part + ".output", p, t);
        addLinear(shapes, name + part + ".gate", p, p);
    }
    addNorm(shapes, name + "transition", p);
    addLinear(shapes, name + "transition.up", 2 * p, p);
    addLinear(shapes, name + "transition.down", p, 2 * p);
}

bool endsWith(const string& text, const string& end) {
    return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

vector<int> countFrom(int first, int last) {
    vector<int> values(last - first + 1);
    std::iota(values.begin(), values.end(), first);
    return values;
}

/** Get mean and standard deviation of the values of a tensor: such that every part of the network matters. */
std::pair<double, double> getMoments(const string& name, const vector<int>& shape) {
    if (endsWith(name, "norm.weight"))
        return {1, 0.2};
    if (endsWith(name, ".bias"))
        return {0, 0.2};
    if (name == "registers" || name == "condition.embedding" || endsWith(name, "embedding") ||
            name.compare(0, 9, "pair.bins") == 0 || name == "token.coordinates.weight")
        return {0, 0.5};
    return {0, 1 / std::sqrt((double) shape.back())};
}

} // namespace

map<string, vector<int>> getGatedShapes(const DenoiserModel& model) {
    const PairBiasTransformerSettings& s = model.getSettings();
    const GatedTransformerSettings& gated = model.getGatedSettings();
    const int d = s.width, p = s.pairWidth, c = s.conditionWidth, m = s.transitionFactor, T = s.numFrequencies;
    map<string, vector<int>> shapes;
    shapes["time.weight"] = {c, 2 * T};
    shapes["condition.embedding"] = {(int) model.getConditions().size(), c};
    for (const char* name : {"time.transition.0.", "time.transition.1."}) {
        shapes[string(name) + "up.weight"] = {4 * c, c};
        shapes[string(name) + "down.weight"] = {c, 2 * c};
    }
    shapes["registers"] = {gated.numRegisters, d};
    shapes["token.embedding"] = {countValues(model.getAtomVocabularies()), d};
    shapes["token.coordinates.weight"] = {d, 6};
    shapes["pair.embedding"] = {countValues(model.getPairVocabularies()), p};
    shapes["pair.bins"] = {gated.numBins, p};
    shapes["pair.binsBefore"] = {gated.numSelfBins, p};
    addNorm(shapes, "pair", p);
    shapes["pair.time.weight"] = {c, 2 * T};
    addNorm(shapes, "pair.time", c);
    addModulation(shapes, "pair.modulation", p, c);
    for (int layer = 0; layer < s.numLayers; layer++) {
        const string prefix = "layer." + std::to_string(layer) + ".";
        for (const char* part : {"attention.", "transition."}) {
            addModulation(shapes, prefix + part + "modulation", d, c);
            shapes[prefix + part + "modulation.gate.weight"] = {d, c};
            shapes[prefix + part + "modulation.gate.bias"] = {d};
        }
        addNorm(shapes, prefix + "attention", d);
        addNorm(shapes, prefix + "attention.query", d);
        addNorm(shapes, prefix + "attention.key", d);
        addNorm(shapes, prefix + "attention.pair", p);
        shapes[prefix + "attention.pair.weight"] = {s.numHeads, p};
        shapes[prefix + "attention.qkv.weight"] = {3 * d, d};
        shapes[prefix + "attention.qkv.bias"] = {3 * d};
        for (const char* part : {"attention.gate.", "attention.output."}) {
            shapes[prefix + part + "weight"] = {d, d};
            shapes[prefix + part + "bias"] = {d};
        }
        if (gated.updatesPairs(layer, s.numLayers))
            addPairUpdate(shapes, prefix + "pairs.", d, p, gated.triangleWidth);
        shapes[prefix + "transition.up.weight"] = {2 * m * d, d};
        shapes[prefix + "transition.down.weight"] = {d, m * d};
    }
    addNorm(shapes, "head", d);
    shapes["head.weight"] = {3, d};
    return shapes;
}

DenoiserModel DenoiserModel::createRandomGated(
        const PairBiasTransformerSettings& settings, const GatedTransformerSettings& gated, unsigned int seed) {
    DenoiserModel model;
    model.network = NetworkKind::GatedTransformer;
    model.settings = settings;
    model.gated = gated;
    model.unitInNanometers = 1.0;
    model.rotations = OrbitRotations::Proper;
    model.conditions = {"none", "other"};
    model.setVocabularies({{"residueIndex", countFrom(1, 64), false}},
        {{"sequenceSeparation", countFrom(0, 126), false}});
    checkModelSettings("DenoiserModel::createRandomGated", settings);
    checkGatedSettings("DenoiserModel::createRandomGated", model);
    std::uint32_t number = 0;
    for (const auto& [name, shape] : model.getExpectedShapes()) {
        const auto [mean, deviation] = getMoments(name, shape);
        ModelTensor& tensor = model.tensors[name];
        tensor.shape = shape;
        tensor.values.resize(std::accumulate(shape.begin(), shape.end(), (std::size_t) 1, std::multiplies<>()));
        for (std::size_t i = 0; i < tensor.values.size(); i++)
            tensor.values[i] = (float) (mean + deviation *
                philoxNormals(seed, {number, 1, 0xffffffffu, (std::uint32_t) (i / 4)})[i % 4]);
        number++;
    }
    return model;
}

} // namespace OrbitPlugin
