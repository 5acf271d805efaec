// SPDX-License-Identifier: MIT
// Pads and transposes matrices for the kernels of a device.
#include "WeightPacker.h"

namespace OrbitPlugin {
namespace common {

int WeightPacker::addRows(int numRows, int width, int paddedWidth, const Entry& entry) {
    const std::size_t offset = packed.size();
    packed.resize(offset + (std::size_t) roundUp(numRows * paddedWidth, PADDING), 0.0);
    for (int row = 0; row < numRows; row++)
        for (int c = 0; c < width; c++)
            packed[offset + (std::size_t) row * paddedWidth + c] = entry(row, c);
    return (int) offset;
}

Matrix WeightPacker::addPanels(int numInputs, int numOutputs, const Entry& weight,
        const std::function<double(int out)>& bias) {
    const int columns = tiles.blockColumns;
    Matrix matrix;
    matrix.numInputs = roundUp(numInputs, PADDING);
    matrix.numOutputs = roundUp(numOutputs, columns);
    matrix.weights = addRows(matrix.numOutputs / columns * matrix.numInputs, columns, columns, [&](int row, int c) {
        const int out = row / matrix.numInputs * columns + c, in = row % matrix.numInputs;
        return out < numOutputs && in < numInputs ? weight(out, in) : 0.0;
    });
    matrix.bias = addRows(1, matrix.numOutputs, matrix.numOutputs, [&](int, int out) {
        return out < numOutputs ? bias(out) : 0.0;
    });
    return matrix;
}

int WeightPacker::addBlocks(int numInputs, int numOutputs, const Entry& weight) {
    return addRows(roundUp(numOutputs, 8) / 8 * numInputs, 8, 8, [&](int row, int n) {
        const int out = row / numInputs * 8 + n;
        return out < numOutputs ? weight(out, row % numInputs) : 0.0;
    });
}

void WeightPacker::upload(Device& device, Buffer& values) {
    values.uploadNumbers(device.context, packed, device.precision.realIsDouble);
    packed = std::vector<double>();
}

} // namespace common
} // namespace OrbitPlugin
