// SPDX-License-Identifier: MIT
// The shared helper linear, common host: how a matrix product is divided into work-groups.
#include "CommonStages.h"
#include <algorithm>
#include <thread>

namespace OrbitPlugin {

static int findSpan(const common::Tiles& tiles, int numRowBlocks, int numColumnBlocks) {
    // Where weights are not staged, a group keeps its rows through all columns, unless there are too few rows for all:
    // every core of the processor gets two groups or more.

    const int numGroups = 2 * std::max(1, (int) std::thread::hardware_concurrency());
    return tiles.stageWeights ? 1 : std::max(1, std::min(numColumnBlocks, numRowBlocks * numColumnBlocks / numGroups));
}

common::ProductLaunch common::launchProduct(Device& device, const Matrix& matrix, int numRows) {
    const int numRowBlocks = (numRows + device.tiles.blockRows - 1) / device.tiles.blockRows;
    const int numColumnBlocks = matrix.numOutputs / device.tiles.blockColumns;
    const int span = findSpan(device.tiles, numRowBlocks, numColumnBlocks);
    return {device.groups((long long) numRowBlocks * ((numColumnBlocks + span - 1) / span)), span};
}

void common::linear(const ModulatedRows& rows, const std::string& kernel, const LinearTask& task) {
    const Matrix& matrix = task.matrix;
    const LinearShape& shape = task.shape;
    Device& device = rows.device;
    const auto [launch, span] = launchProduct(device, matrix, rows.numRows);
    if (shape.inputWidth > 0)
        device[kernel](launch, task.input, shape.inputWidth, matrix.numInputs, rows.weights, matrix.weights,
            matrix.bias, matrix.numOutputs, shape.numColumns, rows.numRows, span, rows.rows, rows.modulation,
            rows.modulationSize, shape.modulationOffset, task.output);
    else
        device[kernel](launch, task.input, matrix.numInputs, rows.weights, matrix.weights, matrix.bias,
            matrix.numOutputs, shape.numColumns, rows.numRows, span, rows.rows, rows.modulation, rows.modulationSize,
            shape.modulationOffset, task.output);
}

void common::linear(const PairBiasPass& pass, const std::string& kernel, const LinearTask& task) {
    linear(ModulatedRows{pass.device, pass.weights.values, pass.batch.rows, pass.batch.numRows, pass.arrays.modulation,
        pass.weights.sizes.modulationSize}, kernel, task);
}

} // namespace OrbitPlugin
