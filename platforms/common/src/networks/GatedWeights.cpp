// SPDX-License-Identifier: MIT
// How the weights of a gated transformer are padded, transposed and interleaved for the device.
#include "GatedWeights.h"
#include <algorithm>
#include <cmath>

using namespace OpenMM;

namespace OrbitPlugin {
namespace common {

using std::string;
using std::vector;

namespace {

/** A layer that reads a normalised vector n as W (n w + b) + c: its weights times w, and W b + c. */
struct FoldedLayer {
    FoldedLayer(const DenoiserModel& model, const string& norm, const string& layer, const string& biasName = "") :
            weight(model.getTensor(layer).values), numInputs(model.getTensor(layer).shape[1]),
            bias(model.getTensor(layer).shape[0], 0.0) {
        const vector<float>& scale = model.getTensor(norm + ".norm.weight").values;
        const vector<float>& shift = model.getTensor(norm + ".norm.bias").values;
        folded.resize(weight.size());
        for (int out = 0; out < (int) bias.size(); out++) {
            if (!biasName.empty())
                bias[out] = model.getTensor(biasName).values[out];
            for (int in = 0; in < numInputs; in++) {
                const std::size_t place = (std::size_t) out * numInputs + in;
                folded[place] = (double) weight[place] * scale[in];
                bias[out] += (double) weight[place] * shift[in];
            }
        }
    }
    double get(int out, int in) const {
        return folded[(std::size_t) out * numInputs + in];
    }
    const vector<float>& weight;
    int numInputs;
    vector<double> folded, bias;
};

} // namespace

GatedSizes::GatedSizes(const DenoiserModel& model) {
    const PairBiasTransformerSettings& s = model.getSettings();
    width = s.width;
    paddedWidth = roundUp(s.width, PADDING);
    headWidth = s.width / s.numHeads;
    paddedHeadWidth = roundUp(headWidth, PADDING);
    attentionWidth = s.numHeads * paddedHeadWidth;
    gatheredWidth = attentionWidth + roundUp(3 * s.numHeads, PADDING);
    innerWidth = s.transitionFactor * s.width;
    paddedInnerWidth = roundUp(innerWidth, PADDING);
    pairWidth = s.pairWidth;
    paddedPairWidth = roundUp(s.pairWidth, PADDING);
    triangleWidth = model.getGatedSettings().triangleWidth;
    paddedTriangleWidth = roundUp(triangleWidth, PADDING);
    conditionWidth = s.conditionWidth;
    paddedConditionWidth = roundUp(s.conditionWidth, PADDING);
    numWaves = 2 * s.numFrequencies;
    paddedWaves = roundUp(numWaves, PADDING);
    numBiases = s.numLayers * s.numHeads;
    headModulation = 6 * s.numLayers * paddedWidth;
    pairModulation = headModulation + 2 * paddedWidth;
    modulationSize = pairModulation + 2 * paddedPairWidth;
}

std::map<string, string> GatedSizes::getDefines(const DenoiserModel& model) const {
    const GatedTransformerSettings& gated = model.getGatedSettings();
    return {{"HEAD_WIDTH", std::to_string(paddedHeadWidth)}, {"PAIR_WIDTH", std::to_string(pairWidth)},
        {"PADDED_PAIR_WIDTH", std::to_string(paddedPairWidth)}, {"NUM_BINS", std::to_string(gated.numBins)},
        {"NUM_BINS_BEFORE", std::to_string(gated.numSelfBins)}, {"POINTS_PER_TOKEN", "1"}, {"REFERENCE_POINT", "0"}};
}

PackedGatedWeights::PackedGatedWeights(Device& device, const DenoiserModel& model) : WeightPacker(device.tiles),
        settings(model.getSettings()), gated(model.getGatedSettings()), sizes(model),
        pairEmbedding(model.getTensor("pair.embedding").values) {
    addTime(model);
    addModulations(model);
    registers = addTable(model.getTensor("registers"), sizes.paddedWidth);
    tokenEmbedding = addTable(model.getTensor("token.embedding"), sizes.paddedWidth);
    const vector<float>& coordinates = model.getTensor("token.coordinates.weight").values;
    tokenCoordinates = addRows(6, sizes.width, sizes.paddedWidth, [&](int k, int c) {
        return coordinates[6 * c + k];
    });
    addPairs(model);
    for (int layer = 0; layer < settings.numLayers; layer++) {
        const string prefix = "layer." + std::to_string(layer) + ".";
        addTransformerLayer(model, prefix);
        if (gated.updatesPairs(layer, settings.numLayers))
            layers.back().pairs = addPairUpdate(model, prefix + "pairs.");
    }
    const vector<float>& scale = model.getTensor("head.norm.weight").values;
    const vector<float>& shift = model.getTensor("head.norm.bias").values;
    headNorm = addRows(2, sizes.width, sizes.paddedWidth, [&](int part, int c) {
        return part == 0 ? (double) shift[c] : scale[c] - 1.0;
    });
    head = addTable(model.getTensor("head.weight"), sizes.paddedWidth);
    upload(device, values);
}

Matrix PackedGatedWeights::addLayer(const ModelTensor& weight, const vector<float>* bias) {
    const int numInputs = weight.shape[1];
    return addPanels(numInputs, weight.shape[0], [&](int out, int in) {
        return weight.values[(std::size_t) out * numInputs + in];
    }, [&](int out) {
        return bias == nullptr ? 0.0f : (*bias)[out];
    });
}

Matrix PackedGatedWeights::addGated(const ModelTensor& weight, int inner, int paddedInner) {
    // Columns alternate between a vector of g and one of v.

    const int numInputs = weight.shape[1], lanes = tiles.vectorWidth;
    return addPanels(numInputs, 2 * paddedInner, [&](int out, int in) {
        const int channel = out / (2 * lanes) * lanes + out % lanes, part = out / lanes % 2;
        return channel < inner ? weight.values[(std::size_t) (part * inner + channel) * numInputs + in] : 0.0f;
    }, [](int) { return 0.0; });
}

int PackedGatedWeights::addTable(const ModelTensor& table, int paddedWidth) {
    const int width = table.shape[1];
    return addRows(table.shape[0], width, paddedWidth, [&](int row, int c) {
        return table.values[(std::size_t) row * width + c];
    });
}

int PackedGatedWeights::addNorm(const DenoiserModel& model, const string& name) {
    const vector<float>& weight = model.getTensor(name + ".norm.weight").values;
    const vector<float>& bias = model.getTensor(name + ".norm.bias").values;
    return addRows(2, (int) weight.size(), (int) weight.size(), [&](int part, int c) {
        return part == 0 ? weight[c] : bias[c];
    });
}

int PackedGatedWeights::findChannel(int padded) const {
    const int c = padded % sizes.paddedHeadWidth, h = padded / sizes.paddedHeadWidth;
    return c < sizes.headWidth ? h * sizes.headWidth + c : -1;
}

int PackedGatedWeights::addHeadNorm(const DenoiserModel& model, const string& name, double scale) {
    const vector<float>& weight = model.getTensor(name + ".norm.weight").values;
    const vector<float>& bias = model.getTensor(name + ".norm.bias").values;
    return addRows(2, sizes.attentionWidth, sizes.attentionWidth, [&](int part, int padded) {
        const int c = findChannel(padded);
        return c < 0 ? 0.0 : scale * (part == 0 ? weight[c] : bias[c]);
    });
}

void PackedGatedWeights::addTime(const DenoiserModel& model) {
    time = addLayer(model.getTensor("time.weight"));
    conditionEmbedding = addTable(model.getTensor("condition.embedding"), sizes.conditionWidth);
    for (int k = 0; k < 2; k++) {
        const string name = "time.transition." + std::to_string(k) + ".";
        timeUp[k] = addGated(model.getTensor(name + "up.weight"), 2 * sizes.conditionWidth,
            roundUp(2 * sizes.conditionWidth, PADDING));
        timeDown[k] = addLayer(model.getTensor(name + "down.weight"));
    }
    pairTime = addLayer(model.getTensor("pair.time.weight"));
    pairTimeNorm = addNorm(model, "pair.time");
}

void PackedGatedWeights::addModulations(const DenoiserModel& model) {
    const int d = sizes.width, dP = sizes.paddedWidth, p = sizes.pairWidth, pP = sizes.paddedPairWidth;
    const int c = sizes.conditionWidth;
    vector<FoldedLayer> folded;
    vector<const ModelTensor*> gateWeights, gateBiases;
    for (int layer = 0; layer < settings.numLayers; layer++)
        for (const char* part : {"attention", "transition"}) {
            const string name = "layer." + std::to_string(layer) + "." + part + ".modulation";
            folded.emplace_back(model, name, name + ".shift.weight");
            folded.emplace_back(model, name, name + ".scale.weight", name + ".scale.bias");
            gateWeights.push_back(&model.getTensor(name + ".gate.weight"));
            gateBiases.push_back(&model.getTensor(name + ".gate.bias"));
        }
    shiftAndScale = addPanels(c, (int) folded.size() * dP, [&](int out, int in) {
        return out % dP < d ? folded[out / dP].get(out % dP, in) : 0.0;
    }, [&](int out) {
        return out % dP < d ? folded[out / dP].bias[out % dP] : 0.0;
    });
    gates = addPanels(c, (int) gateWeights.size() * dP, [&](int out, int in) {
        return out % dP < d ? gateWeights[out / dP]->values[(std::size_t) (out % dP) * c + in] : 0.0f;
    }, [&](int out) {
        return out % dP < d ? gateBiases[out / dP]->values[out % dP] : 0.0f;
    });
    const string name = "pair.modulation";
    const FoldedLayer pairs[] = {{model, name, name + ".shift.weight"},
        {model, name, name + ".scale.weight", name + ".scale.bias"}};
    ofPairs = addPanels(c, 2 * pP, [&](int out, int in) {
        return out % pP < p ? pairs[out / pP].get(out % pP, in) : 0.0;
    }, [&](int out) {
        return out % pP < p ? pairs[out / pP].bias[out % pP] : 0.0;
    });
}

void PackedGatedWeights::addPairs(const DenoiserModel& model) {
    const int p = sizes.pairWidth, H = settings.numHeads;
    pairNorm = addNorm(model, "pair");
    bins = addTable(model.getTensor("pair.bins"), p);
    binsBefore = addTable(model.getTensor("pair.binsBefore"), p);
    vector<FoldedLayer> folded;
    for (int layer = 0; layer < settings.numLayers; layer++) {
        const string name = "layer." + std::to_string(layer) + ".attention.pair";
        folded.emplace_back(model, name, name + ".weight");
    }
    pairOutputs = addBlocks(p, sizes.numBiases, [&](int out, int in) {
        return folded[out / H].get(out % H, in);
    });
    pairOutputBias = addRows(1, sizes.numBiases, roundUp(sizes.numBiases, PADDING), [&](int, int out) {
        return folded[out / H].bias[out % H];
    });
}

Matrix PackedGatedWeights::addNamed(const DenoiserModel& model, const string& name) {
    return addLayer(model.getTensor(name + ".weight"), &model.getTensor(name + ".bias").values);
}

TriangleMatrices PackedGatedWeights::addTriangle(const DenoiserModel& model, const string& name) {
    TriangleMatrices triangle;
    triangle.norm = addNorm(model, name);
    triangle.productNorm = addNorm(model, name + ".product");
    triangle.left = addNamed(model, name + ".left");
    triangle.leftGate = addNamed(model, name + ".leftGate");
    triangle.right = addNamed(model, name + ".right");
    triangle.rightGate = addNamed(model, name + ".rightGate");
    triangle.output = addNamed(model, name + ".output");
    triangle.gate = addNamed(model, name + ".gate");
    return triangle;
}

PairUpdateMatrices PackedGatedWeights::addPairUpdate(const DenoiserModel& model, const string& prefix) {
    const int d = sizes.width, p = sizes.pairWidth, pP = sizes.paddedPairWidth;
    const vector<float>& tokens = model.getTensor(prefix + "tokens.weight").values;
    PairUpdateMatrices update;
    update.tokenNorm = addNorm(model, prefix + "tokens");
    update.tokens = addPanels(d, 2 * pP, [&](int out, int in) {
        return out % pP < p ? tokens[((std::size_t) (out / pP) * p + out % pP) * d + in] : 0.0f;
    }, [](int) { return 0.0; });
    if (sizes.triangleWidth > 0) {
        update.outgoing = addTriangle(model, prefix + "outgoing");
        update.incoming = addTriangle(model, prefix + "incoming");
    }
    update.transitionNorm = addNorm(model, prefix + "transition");
    update.up = addNamed(model, prefix + "transition.up");
    update.down = addNamed(model, prefix + "transition.down");
    return update;
}

void PackedGatedWeights::addTransformerLayer(const DenoiserModel& model, const string& prefix) {
    const int d = sizes.width, A = sizes.attentionWidth;
    const string attention = prefix + "attention.";
    const vector<float>& qkv = model.getTensor(attention + "qkv.weight").values;
    const vector<float>& qkvBias = model.getTensor(attention + "qkv.bias").values;
    const vector<float>& gate = model.getTensor(attention + "gate.weight").values;
    const vector<float>& gateBias = model.getTensor(attention + "gate.bias").values;
    const vector<float>& output = model.getTensor(attention + "output.weight").values;
    const vector<float>& outputBias = model.getTensor(attention + "output.bias").values;
    GatedLayerMatrices layer;

    // Heads are padded. The factor 1/sqrt(d/H) of (9.10) is part of the norm of queries.

    layer.norm = addNorm(model, prefix + "attention");
    layer.queryNorm = addHeadNorm(model, attention + "query", 1 / std::sqrt((double) sizes.headWidth));
    layer.keyNorm = addHeadNorm(model, attention + "key", 1);
    layer.qkv = addPanels(d, 3 * A, [&](int out, int in) {
        const int c = findChannel(out % A);
        return c < 0 ? 0.0f : qkv[((std::size_t) (out / A) * d + c) * d + in];
    }, [&](int out) {
        const int c = findChannel(out % A);
        return c < 0 ? 0.0f : qkvBias[out / A * d + c];
    });
    layer.gate = addPanels(d, A, [&](int out, int in) {
        const int c = findChannel(out);
        return c < 0 ? 0.0f : gate[(std::size_t) c * d + in];
    }, [&](int out) {
        const int c = findChannel(out);
        return c < 0 ? 0.0f : gateBias[c];
    });
    layer.output = addPanels(sizes.gatheredWidth, d, [&](int out, int in) {
        const int c = in < A ? findChannel(in) : -1;
        return c < 0 ? 0.0f : output[(std::size_t) out * d + c];
    }, [&](int out) {
        return outputBias[out];
    });
    layer.up = addGated(model.getTensor(prefix + "transition.up.weight"), sizes.innerWidth, sizes.paddedInnerWidth);
    layer.down = addLayer(model.getTensor(prefix + "transition.down.weight"));
    layers.push_back(layer);
}

} // namespace common
} // namespace OrbitPlugin
