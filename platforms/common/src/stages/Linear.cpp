// SPDX-License-Identifier: MIT
// The shared helper linear, common host: how a matrix product is divided into work-groups.
#include "CommonStages.h"
#include <algorithm>
#include <thread>

namespace OrbitPlugin {

void common::linear(const PairBiasPass& pass, const std::string& kernel, const LinearTask& task) {
    const Matrix& matrix = task.matrix;
    const LinearShape& shape = task.shape;
    PairBiasWeights& weights = pass.weights;
    PairBiasArrays& arrays = pass.arrays;
    DeviceBatch& batch = pass.batch;
    Device& device = pass.device;
    const Tiles& tiles = device.tiles;
    const int numRowBlocks = (batch.numRows + tiles.blockRows - 1) / tiles.blockRows;
    const int numColumnBlocks = matrix.numOutputs / tiles.blockColumns;

    // Where weights are not staged, a group keeps its rows through all columns, unless there are too few rows for all:
    // every core of the processor gets two groups or more.

    const int numGroups = 2 * std::max(1, (int) std::thread::hardware_concurrency());
    const int span =
            tiles.stageWeights ? 1 : std::max(1, std::min(numColumnBlocks, numRowBlocks * numColumnBlocks / numGroups));
    const int numSpans = (numColumnBlocks + span - 1) / span;
    const Launch launch = device.groups((long long) numRowBlocks * numSpans);
    const int modulationSize = weights.sizes.modulationSize;
    if (shape.inputWidth > 0)
        device[kernel](launch, task.input, shape.inputWidth, matrix.numInputs, weights.values, matrix.weights,
            matrix.bias, matrix.numOutputs, shape.numColumns, batch.numRows, span, batch.rows, arrays.modulation,
            modulationSize, shape.modulationOffset, task.output);
    else
        device[kernel](launch, task.input, matrix.numInputs, weights.values, matrix.weights, matrix.bias,
            matrix.numOutputs, shape.numColumns, batch.numRows, span, batch.rows, arrays.modulation, modulationSize,
            shape.modulationOffset, task.output);
}

} // namespace OrbitPlugin
