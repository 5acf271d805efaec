// SPDX-License-Identifier: MIT
// Packs the weights of the pair-bias transformer.
#include "PairBiasWeights.h"
#include "openmmorbit/ArgumentError.h"
#include <algorithm>
#include <cstring>

namespace OrbitPlugin {
namespace cpu {

namespace {

AlignedBuffer copyOf(const std::vector<float>& values) {
    AlignedBuffer buffer(values.size() + ROW_PADDING);
    std::memcpy(buffer.data(), values.data(), values.size() * sizeof(float));
    return buffer;
}

PackedLinear packPlain(const KernelTable& table, const DenoiserModel& model, const std::string& name) {
    const ModelTensor& weight = model.getTensor(name + ".weight");
    DenseLayer layer(weight.shape[0], weight.shape[1]);
    layer.addRows(weight, 0, weight.shape[0], 0);
    layer.addBias(model.getTensor(name + ".bias"), 0, weight.shape[0], 0);
    return packLinear(table, layer, Epilogue::Store);
}

/** (4.3), (4.4) and W_t of (4.7) in one layer; the scales come with their 1. */
PackedLinear packModulation(const DenoiserModel& model, const PairBiasWeights& packed) {
    const PairBiasTransformerSettings& s = packed.settings;
    int stride = packed.widthStride;
    DenseLayer layer(packed.numModulations * stride + s.pairWidth, s.conditionWidth);
    for (int l = 0; l < s.numLayers; l++) {
        std::string name = "layer." + std::to_string(l) + ".modulation.";
        const ModelTensor& weight = model.getTensor(name + "weight");
        const ModelTensor& bias = model.getTensor(name + "bias");
        for (int part = 0; part < 6; part++) {
            int column = (6 * l + part) * stride;
            layer.addRows(weight, part * s.width, s.width, column);
            layer.addBias(bias, part * s.width, s.width, column, part % 3 == 1 ? 1 : 0);
        }
    }
    const ModelTensor& headWeight = model.getTensor("head.modulation.weight");
    const ModelTensor& headBias = model.getTensor("head.modulation.bias");
    for (int part = 0; part < 2; part++) {
        int column = (6 * s.numLayers + part) * stride;
        layer.addRows(headWeight, part * s.width, s.width, column);
        layer.addBias(headBias, part * s.width, s.width, column, part == 1 ? 1 : 0);
    }
    layer.addRows(model.getTensor("pair.time.weight"), 0, s.pairWidth, packed.numModulations * stride);
    return packLinear(*packed.kernels.single, layer, Epilogue::Store);
}

/** W_r of (4.7) and, with self-conditioning, W_x side by side, each padded to whole words. */
AlignedBuffer packRadial(const DenoiserModel& model, const PairBiasWeights& packed) {
    const KernelTable& table = *packed.kernels.operand;
    const int p = packed.settings.pairWidth, K = packed.settings.numRadial;
    const int padded = packed.radialDepth() * (table.bf16 ? 2 : 1), width = packed.countSources() * padded;
    std::vector<float> rows((std::size_t) p * width);
    auto add = [&](const std::string& name, int column) {
        const std::vector<float>& values = model.getTensor(name).values;
        for (int c = 0; c < p; c++)
            std::copy_n(values.begin() + (std::size_t) c * K, K, rows.begin() + (std::size_t) c * width + column);
    };
    add("pair.radial.weight", 0);
    if (packed.settings.selfConditioning)
        add("pair.radialBefore.weight", padded);
    return packRows(table, rows, p, width);
}

PackedLayer packLayer(const DenoiserModel& model, const PairBiasWeights& packed, int l) {
    const PairBiasTransformerSettings& s = packed.settings;
    const KernelTable& table = *packed.kernels.operand;
    std::string attention = "layer." + std::to_string(l) + ".attention.";
    std::string transition = "layer." + std::to_string(l) + ".transition.";
    PackedLayer result;

    // (4.11)

    DenseLayer qkv(3 * s.width, s.width);
    qkv.addRows(model.getTensor(attention + "qkv.weight"), 0, 3 * s.width, 0);
    qkv.addBias(model.getTensor(attention + "qkv.bias"), 0, 3 * s.width, 0);
    result.qkv = packLinear(table, qkv, Epilogue::Store);

    // (4.14) W_o and W_ρ side by side: one product with [o, ρ].

    DenseLayer output(s.width, s.width + 3 * s.pointsPerToken * s.numHeads);
    output.addRows(model.getTensor(attention + "output.weight"), 0, s.width, 0);
    output.addRows(model.getTensor(attention + "relative.weight"), 0, s.width, 0, s.width);
    output.addBias(model.getTensor(attention + "output.bias"), 0, s.width, 0);
    result.output = packLinear(table, output, Epilogue::Residual);

    // (4.16) gates and values alternate; (4.17).

    int hidden = s.transitionFactor * s.width;
    DenseLayer up(2 * hidden, s.width);
    const ModelTensor& upWeight = model.getTensor(transition + "up.weight");
    const ModelTensor& upBias = model.getTensor(transition + "up.bias");
    for (int k = 0; k < hidden; k++) {
        for (int part = 0; part < 2; part++) {
            up.addRows(upWeight, part * hidden + k, 1, 2 * k + part);
            up.addBias(upBias, part * hidden + k, 1, 2 * k + part);
        }
    }
    result.up = packLinear(table, up, Epilogue::SwiGlu);
    DenseLayer down(s.width, hidden);
    down.addRows(model.getTensor(transition + "down.weight"), 0, s.width, 0);
    down.addBias(model.getTensor(transition + "down.bias"), 0, s.width, 0);
    result.down = packLinear(table, down, Epilogue::Residual);
    return result;
}

} // namespace

PairBiasWeights::PairBiasWeights(const DenoiserModel& model, KernelPair kernels) :
        kernels(kernels),
        settings(model.getSettings()) {
    model.validate();
    int headWidth = settings.width / settings.numHeads;
    if (kernels.operand->bf16 && headWidth % 2 != 0)
        throw ArgumentError("IntegrateOrbitDiffusionStepKernel::initialize: expected a model with an even head width "
            "for the precision bf16, got " + std::to_string(headWidth) + "; use single");
    widthStride = roundUp(settings.width, ROW_PADDING);
    numModulations = 6 * settings.numLayers + 2;
    const std::vector<float>& table = model.getTensor("time.frequencies").values;
    frequencies.assign(table.begin(), table.end());
    timeHidden = packPlain(*kernels.single, model, "time.hidden");
    timeOutput = packPlain(*kernels.single, model, "time.output");
    modulation = packModulation(model, *this);
    conditionEmbedding = model.getTensor("condition.embedding").values;
    tokenEmbedding = model.getTensor("token.embedding").values;
    const std::vector<float>& coordinates = model.getTensor("token.coordinates.weight").values;
    const int components = 3 * settings.pointsPerToken;
    coordinateWeight.resize(coordinates.size());
    for (int c = 0; c < settings.width; c++)
        for (int k = 0; k < components; k++)
            coordinateWeight[k * settings.width + c] = coordinates[components * c + k];
    pairEmbedding = model.getTensor("pair.embedding").values;
    int p = settings.pairWidth, numBias = settings.numLayers * settings.numHeads;
    radialWeight = packRadial(model, *this);
    pairHiddenWeight = packRows(*kernels.operand, model.getTensor("pair.hidden.weight").values, p, p);
    biasWeight = packRows(*kernels.operand, model.getTensor("pair.bias.weight").values, numBias, p);
    pairHiddenBias = copyOf(model.getTensor("pair.hidden.bias").values);
    biasBias = copyOf(model.getTensor("pair.bias.bias").values);
    for (int l = 0; l < settings.numLayers; l++)
        layers.push_back(packLayer(model, *this, l));
    DenseLayer headLayer(components, settings.width);
    headLayer.addRows(model.getTensor("head.weight"), 0, components, 0);
    head = packLinear(*kernels.single, headLayer, Epilogue::Store);
}

} // namespace cpu
} // namespace OrbitPlugin
