// SPDX-License-Identifier: MIT
// Packs weights: panels of columns for linear layers, rows of words for other products.
#include "PackedLinear.h"
#include <algorithm>
#include <cstdint>
#include <cstring>

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

/** Write a column into the tiles of a panel. */
void putInTiles(float* words, int place, const float* weight, int depth) {
    const int tile = place / TILE_SIZE, column = place % TILE_SIZE;
    for (int k = 0; k < depth; k++) {
        const int step = k / (2 * TILE_SIZE), row = k / 2 % TILE_SIZE;
        putHalf(words + ((std::size_t) (2 * step + tile) * TILE_SIZE + row) * TILE_SIZE + column, k % 2, weight[k]);
    }
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
    if (table.tiles)
        packed.depth = roundUp(packed.depth, TILE_SIZE);
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
        if (table.tiles)
            putInTiles(words, place, weight, layer.depth);
        else if (packed.halves)
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
    AlignedBuffer packed((std::size_t) (numRows + (table.tiles ? TILE_SIZE - 1 : 0)) * words + ROW_PADDING);
    for (int row = 0; row < numRows; row++)
        for (int k = 0; k < depth; k++)
            putElement(table, packed.data() + (std::size_t) row * words, 1, k, rows[(std::size_t) row * depth + k]);
    return packed;
}

} // namespace cpu
} // namespace OrbitPlugin
