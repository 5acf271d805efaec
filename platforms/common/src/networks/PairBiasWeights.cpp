// SPDX-License-Identifier: MIT
// How the weights of a model are padded, transposed and interleaved for the device.
#include "PairBiasWeights.h"
#include "openmmorbit/internal/stages/Points.h"
#include <algorithm>
#include <cmath>

using namespace OpenMM;

namespace OrbitPlugin {
namespace common {

using std::string;
using std::vector;

PairBiasSizes::PairBiasSizes(const PairBiasTransformerSettings& s) :
        width(s.width), paddedWidth(roundUp(s.width, PADDING)),
        headWidth(s.width / s.numHeads), paddedHeadWidth(roundUp(headWidth, PADDING)),
        attentionWidth(s.numHeads * paddedHeadWidth),
        gatheredWidth(attentionWidth + roundUp(3 * s.pointsPerToken * s.numHeads, PADDING)),
        innerWidth(s.transitionFactor * s.width), paddedInnerWidth(roundUp(innerWidth, PADDING)),
        paddedPairWidth(roundUp(s.pairWidth, 8)), numBiases(s.numLayers * s.numHeads),
        headModulation(6 * s.numLayers * paddedWidth), pairModulation(headModulation + 2 * paddedWidth),
        modulationSize(roundUp(pairModulation + paddedPairWidth, PADDING)) {
}

std::map<string, string> PairBiasSizes::getDefines(const PairBiasTransformerSettings& settings) const {
    return {{"HEAD_WIDTH", std::to_string(paddedHeadWidth)}, {"PAIR_WIDTH", std::to_string(paddedPairWidth)},
            {"NUM_RADIAL", std::to_string(settings.numRadial)},
            {"CONDITION_WIDTH", std::to_string(settings.conditionWidth)},
            {"NUM_FREQUENCIES", std::to_string(settings.numFrequencies)},
            {"POINTS_PER_TOKEN", std::to_string(settings.pointsPerToken)},
            {"REFERENCE_POINT", std::to_string(getReferencePoint(settings.pointsPerToken))}};
}

Tiles chooseTiles(ComputeContext& context, const PairBiasSizes& sizes, int pointsPerToken) {
    const int maxInputs = std::max({sizes.paddedWidth, sizes.gatheredWidth, sizes.paddedInnerWidth});
    return Tiles::choose(context, maxInputs, sizes.paddedHeadWidth, pointsPerToken);
}

PairBiasWeights::PairBiasWeights(Device& device, const DenoiserModel& model) :
        WeightPacker(device.tiles),
        settings(model.getSettings()),
        sizes(settings) {
    addTime(model);
    const ModelTensor& token = model.getTensor("token.embedding");
    const vector<float>& coordinates = model.getTensor("token.coordinates.weight").values;
    const vector<float>& headValues = model.getTensor("head.weight").values;
    tokenEmbedding = addRows(token.shape[0], sizes.width, sizes.paddedWidth, [&](int row, int c) {
        return token.values[(std::size_t) row * sizes.width + c];
    });
    const int components = 3 * settings.pointsPerToken;
    tokenCoordinates = addRows(components, sizes.width, sizes.paddedWidth, [&](int k, int c) {
        return coordinates[components * c + k];
    });
    head = addRows(components, sizes.width, sizes.paddedWidth, [&](int k, int c) {
        return headValues[k * sizes.width + c];
    });
    addPair(model);
    for (int layer = 0; layer < settings.numLayers; layer++)
        addLayer(model, "layer." + std::to_string(layer) + ".");
    upload(device, values);
}

void PairBiasWeights::addTime(const DenoiserModel& model) {
    const int T = settings.numFrequencies, c = settings.conditionWidth, d = sizes.width, dP = sizes.paddedWidth;
    auto addTensor = [&](const string& name) {
        const vector<float>& values = model.getTensor(name).values;
        return addRows(1, (int) values.size(), (int) values.size(), [&](int, int i) {
            return values[i];
        });
    };
    frequencies = addTensor("time.frequencies");
    timeHidden = {addTensor("time.hidden.weight"), addTensor("time.hidden.bias"), 2 * T, c};
    timeOutput = {addTensor("time.output.weight"), addTensor("time.output.bias"), c, c};
    conditionEmbedding = addTensor("condition.embedding");

    // One matrix makes every vector that depends on the condition alone: outputs are columns.

    vector<vector<double>> columns(sizes.modulationSize, vector<double>(c + 1, 0.0));
    auto addOutputs = [&](const string& name, int numParts, int offset) {
        const vector<float>& weight = model.getTensor(name + ".weight").values;
        const vector<float>& bias = model.getTensor(name + ".bias").values;
        for (int out = 0; out < numParts * d; out++) {
            vector<double>& column = columns[offset + out / d * dP + out % d];
            std::copy_n(weight.begin() + (std::size_t) out * c, c, column.begin());
            column[c] = bias[out];
        }
    };
    for (int layer = 0; layer < settings.numLayers; layer++)
        addOutputs("layer." + std::to_string(layer) + ".modulation", 6, 6 * layer * dP);
    addOutputs("head.modulation", 2, sizes.headModulation);
    const vector<float>& pairTime = model.getTensor("pair.time.weight").values;
    for (int out = 0; out < settings.pairWidth; out++)
        std::copy_n(pairTime.begin() + (std::size_t) out * c, c, columns[sizes.pairModulation + out].begin());
    modulation = addPanels(c, sizes.modulationSize, [&](int out, int in) {
        return columns[out][in];
    }, [&](int out) {
        return columns[out][c];
    });
}

void PairBiasWeights::addPair(const DenoiserModel& model) {
    const int p = settings.pairWidth, pP = sizes.paddedPairWidth, K = settings.numRadial;
    const ModelTensor& embedding = model.getTensor("pair.embedding");
    auto addRadial = [&](const string& name) {
        const vector<float>& values = model.getTensor(name).values;
        return addBlocks(K, p, [&](int out, int in) {
            return values[(std::size_t) out * K + in];
        });
    };
    const vector<float>& hidden = model.getTensor("pair.hidden.weight").values;
    const vector<float>& output = model.getTensor("pair.bias.weight").values;
    pairEmbedding = addRows(embedding.shape[0], p, pP, [&](int row, int c) {
        return embedding.values[(std::size_t) row * p + c];
    });
    pairRadial = addRadial("pair.radial.weight");
    if (settings.selfConditioning)
        pairRadialBefore = addRadial("pair.radialBefore.weight");
    pairHidden = {addBlocks(pP, p, [&](int out, int in) {
        return in < p ? hidden[(std::size_t) out * p + in] : 0.0f;
    }), 0, pP, pP};
    pairBias = {addBlocks(pP, sizes.numBiases, [&](int out, int in) {
        return in < p ? output[(std::size_t) out * p + in] : 0.0f;
    }), 0, pP, sizes.numBiases};
    auto addBias = [&](const string& name) {
        const vector<float>& values = model.getTensor(name).values;
        return addRows(1, (int) values.size(), roundUp((int) values.size(), PADDING), [&](int, int i) {
            return values[i];
        });
    };
    pairHidden.bias = addBias("pair.hidden.bias");
    pairBias.bias = addBias("pair.bias.bias");
}

void PairBiasWeights::addLayer(const DenoiserModel& model, const string& prefix) {
    const int d = sizes.width, H = settings.numHeads, headWidth = sizes.headWidth, padded = sizes.paddedHeadWidth;
    const vector<float>& qkv = model.getTensor(prefix + "attention.qkv.weight").values;
    const vector<float>& qkvBias = model.getTensor(prefix + "attention.qkv.bias").values;
    const vector<float>& output = model.getTensor(prefix + "attention.output.weight").values;
    const vector<float>& outputBias = model.getTensor(prefix + "attention.output.bias").values;
    const vector<float>& relative = model.getTensor(prefix + "attention.relative.weight").values;
    const int components = 3 * settings.pointsPerToken * H;
    LayerMatrices layer;

    // Heads are padded. Queries carry the factor 1/sqrt(d/H) of (4.12).

    auto findRow = [&](int out) {
        const int c = out % padded, h = out / padded % H, part = out / sizes.attentionWidth;
        return c < headWidth ? part * d + h * headWidth + c : -1;
    };
    const double queryScale = 1 / std::sqrt((double) headWidth);
    layer.qkv = addPanels(d, 3 * sizes.attentionWidth, [&](int out, int in) {
        const int row = findRow(out);
        return row < 0 ? 0.0 : qkv[(std::size_t) row * d + in] * (row < d ? queryScale : 1.0);
    }, [&](int out) {
        const int row = findRow(out);
        return row < 0 ? 0.0 : qkvBias[row] * (row < d ? queryScale : 1.0);
    });
    layer.attentionOutput = addPanels(sizes.gatheredWidth, d, [&](int out, int in) {
        const int component = in - sizes.attentionWidth;
        if (component >= 0)
            return component < components ? (double) relative[(std::size_t) out * components + component] : 0.0;
        const int c = in % padded, h = in / padded;
        return c < headWidth ? (double) output[(std::size_t) out * d + h * headWidth + c] : 0.0;
    }, [&](int out) {
        return outputBias[out];
    });
    addTransition(model, prefix, layer);
    layers.push_back(layer);
}

void PairBiasWeights::addTransition(const DenoiserModel& model, const string& prefix, LayerMatrices& layer) {
    const int d = sizes.width, inner = sizes.innerWidth, lanes = tiles.vectorWidth;
    const vector<float>& up = model.getTensor(prefix + "transition.up.weight").values;
    const vector<float>& upBias = model.getTensor(prefix + "transition.up.bias").values;
    const vector<float>& down = model.getTensor(prefix + "transition.down.weight").values;
    const vector<float>& downBias = model.getTensor(prefix + "transition.down.bias").values;

    // Columns alternate between a vector of g and one of v.

    auto findRow = [&](int out) {
        const int channel = out / (2 * lanes) * lanes + out % lanes, part = out / lanes % 2;
        return channel < inner ? part * inner + channel : -1;
    };
    layer.up = addPanels(d, 2 * sizes.paddedInnerWidth, [&](int out, int in) {
        const int row = findRow(out);
        return row < 0 ? 0.0 : up[(std::size_t) row * d + in];
    }, [&](int out) {
        const int row = findRow(out);
        return row < 0 ? 0.0 : upBias[row];
    });
    layer.down = addPanels(inner, d, [&](int out, int in) {
        return down[(std::size_t) out * inner + in];
    }, [&](int out) {
        return downBias[out];
    });
}

} // namespace common
} // namespace OrbitPlugin
