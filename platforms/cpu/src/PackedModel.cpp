// SPDX-License-Identifier: MIT
// Packs weights: panels of columns for linear layers, rows of words for the pair stage.
#include "PackedModel.h"
#include "openmmorbit/ArgumentError.h"
#include <algorithm>
#include <cstdint>

namespace OrbitPlugin {
namespace cpu {

namespace {

/** Round to the nearest BF16 number, ties to even. */
std::uint16_t roundToBf16(float value) {
    std::uint32_t bits;
    std::memcpy(&bits, &value, sizeof(bits));
    if ((bits & 0x7FFFFFFFu) > 0x7F800000u)
        return (std::uint16_t) ((bits >> 16) | 0x40u);
    return (std::uint16_t) ((bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16);
}

bool isBf16(float value) {
    std::uint32_t bits;
    std::memcpy(&bits, &value, sizeof(bits));
    return (bits & 0xFFFFu) == 0;
}

/** Write one half of a word, the low one first. */
void putHalf(float* word, int half, float value) {
    const std::uint16_t bits = roundToBf16(value);
    std::memcpy(reinterpret_cast<char*>(word) + half * sizeof(bits), &bits, sizeof(bits));
}

/** Write element k of a column whose words lie wordStride apart. */
void putElement(const KernelTable& table, float* words, long wordStride, int k, float value) {
    if (table.bf16)
        putHalf(words + (k / 2) * wordStride, k % 2, value);
    else
        words[k * wordStride] = value;
}

/** Write a column of BF16 numbers into the words that two neighbouring vectors of a panel share. */
void putHalves(int lanes, float* words, int rowWords, int place, const float* weight, int depth) {
    const int vector = place / lanes, lane = place % lanes;
    for (int k = 0; k < depth; k++)
        putHalf(words + (std::size_t) k * rowWords + vector / 2 * lanes + lane, vector % 2, weight[k]);
}

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
PackedLinear packModulation(const DenoiserModel& model, const PackedModel& packed) {
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

PackedLayer packLayer(const DenoiserModel& model, const PackedModel& packed, int l) {
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

DenseLayer::DenseLayer(int numColumns, int depth) : numColumns(numColumns), depth(depth),
        weight((std::size_t) numColumns * depth, 0.0f), bias(numColumns, 0.0f) {
}

void DenseLayer::addRows(const ModelTensor& tensor, int first, int count, int column, int depthOffset) {
    const std::size_t width = tensor.shape[1];
    for (int row = 0; row < count; row++)
        std::copy_n(tensor.values.begin() + (first + row) * width, width,
            weight.begin() + (std::size_t) (column + row) * depth + depthOffset);
}

void DenseLayer::addBias(const ModelTensor& tensor, int first, int count, int column, float constant) {
    for (int row = 0; row < count; row++)
        bias[column + row] = tensor.values[first + row] + constant;
}

PackedLinear packLinear(const KernelTable& table, const DenseLayer& layer, Epilogue epilogue) {
    PackedLinear packed;
    int columns = table.panelColumns;
    packed.numPanels = (layer.numColumns + columns - 1) / columns;
    packed.depth = table.bf16 ? (layer.depth + 1) / 2 : layer.depth;
    packed.halves = !table.bf16 && std::all_of(layer.weight.begin(), layer.weight.end(), isBf16);
    const int rowWords = packed.halves ? columns / 2 : columns;
    packed.panels.reserve((std::size_t) packed.numPanels * packed.depth * rowWords);
    packed.bias.reserve((std::size_t) packed.numPanels * columns);
    for (int column = 0; column < layer.numColumns; column++) {
        int panel = column / columns, place = column % columns;

        // A SwiGLU panel holds its gates in the first half and their values in the second.

        if (epilogue == Epilogue::SwiGlu)
            place = place / 2 + place % 2 * columns / 2;
        float* words = packed.panels.data() + (std::size_t) panel * packed.depth * rowWords;
        const float* weight = layer.weight.data() + (std::size_t) column * layer.depth;
        if (packed.halves)
            putHalves(table.lanes, words, rowWords, place, weight, layer.depth);
        else
            for (int k = 0; k < layer.depth; k++)
                putElement(table, words + place, columns, k, weight[k]);
        packed.bias.data()[panel * columns + place] = layer.bias[column];
    }
    return packed;
}

AlignedBuffer packRows(const KernelTable& table, const std::vector<float>& rows, int numRows, int depth) {
    int words = table.bf16 ? (depth + 1) / 2 : depth;
    AlignedBuffer packed((std::size_t) numRows * words + ROW_PADDING);
    for (int row = 0; row < numRows; row++)
        for (int k = 0; k < depth; k++)
            putElement(table, packed.data() + (std::size_t) row * words, 1, k, rows[(std::size_t) row * depth + k]);
    return packed;
}

PackedModel::PackedModel(const DenoiserModel& model, KernelPair kernels) : kernels(kernels),
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
    radialWeight = packRows(*kernels.operand, model.getTensor("pair.radial.weight").values, p, settings.numRadial);
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
