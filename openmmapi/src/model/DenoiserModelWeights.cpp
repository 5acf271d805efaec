// SPDX-License-Identifier: MIT
// Pseudo-random weights of trained-like scale: for tests, and as the start of training.
#include "DenoiserModelChecks.h"
#include "openmmorbit/internal/Philox.h"
#include <algorithm>
#include <cmath>

namespace OrbitPlugin {

using std::string;
using std::vector;

namespace {

/** FNV-1a hash: the same number for a name everywhere. */
std::uint32_t hashName(const string& name) {
    std::uint32_t hash = 2166136261u;
    for (char character : name)
        hash = (hash ^ (unsigned char) character) * 16777619u;
    return hash;
}

bool endsWith(const string& text, const string& end) {
    return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/** Get the standard deviation of a tensor's weights: fan-in scaling, damped where a residual branch ends. */
double getDeviation(const string& name, const DenoiserModel& model) {
    const PairBiasTransformerSettings& settings = model.getSettings();
    const double fanIn = 1 / std::sqrt((double) model.getExpectedShapes().at(name).back());
    const double branch = 1 / std::sqrt(2.0 * settings.numLayers);
    if (endsWith(name, "modulation.weight") || endsWith(name, "bias"))
        return 0.02;
    if (name == "token.embedding")
        return 1 / std::sqrt((double) model.getAtomVocabularies().size());
    if (name == "pair.embedding")
        return 1 / std::sqrt((double) model.getPairVocabularies().size());
    if (name == "condition.embedding")
        return 0.1;
    if (name == "pair.radial.weight" || name == "pair.radialBefore.weight")
        return 0.75;
    if (name == "time.hidden.weight")
        return 1 / std::sqrt((double) settings.numFrequencies);
    if (name == "head.weight")
        return 0.1 * fanIn;
    if (endsWith(name, "attention.output.weight") || endsWith(name, "attention.relative.weight") ||
            endsWith(name, "transition.down.weight"))
        return branch * fanIn;
    return fanIn;
}

/** Get the fixed frequencies of (4.1): a geometric series from 0.5 to 32. */
vector<float> getFrequencies(int count) {
    vector<float> frequencies(count);
    for (int k = 0; k < count; k++)
        frequencies[k] = (float) (0.5 * std::exp2(6.0 * k / std::max(count - 1, 1)));
    return frequencies;
}

} // namespace

DenoiserModel DenoiserModel::createRandom(const PairBiasTransformerSettings& settings, unsigned int seed) {
    return createRandom(settings, seed, getDefaultAtomVocabularies(), getDefaultPairVocabularies());
}

DenoiserModel DenoiserModel::createRandom(const PairBiasTransformerSettings& settings, unsigned int seed,
        const vector<FeatureVocabulary>& atom, const vector<FeatureVocabulary>& pair) {
    checkModelSettings("DenoiserModel::createRandom", settings);
    DenoiserModel model;
    model.settings = settings;
    model.setVocabularies(atom, pair);
    const int d = settings.width;
    for (const auto& item : model.getExpectedShapes()) {
        const string& name = item.first;
        ModelTensor& tensor = model.tensors[name];
        tensor.shape = item.second;
        std::size_t count = 1;
        for (int size : tensor.shape)
            count *= size;
        tensor.values.resize(count);
        const double deviation = getDeviation(name, model);
        for (std::size_t i = 0; i < count; i += 4) {
            const auto normals = philoxNormals(seed, {hashName(name), 0, 0xffffffffu, (std::uint32_t) (i / 4)});
            for (std::size_t j = i; j < std::min(i + 4, count); j++)
                tensor.values[j] = (float) (deviation * normals[j - i]);
        }
        if (name == "time.frequencies")
            tensor.values = getFrequencies(settings.numFrequencies);
        if (name.compare(0, 6, "layer.") == 0 && endsWith(name, "modulation.bias"))
            for (int gate : {2 * d, 5 * d})
                std::fill_n(tensor.values.begin() + gate, d, 1.0f);
    }
    return model;
}

} // namespace OrbitPlugin
