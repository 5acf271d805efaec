// SPDX-License-Identifier: MIT
// The shared helper layerNorm: statistics of its output, modulation, and constant rows.
#include "Matchers.h"
#include "ReferenceStages.h"
#include "Systems.h"
#include "Tolerances.h"

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

TEST(LayerNorm, rowsHaveMeanZeroAndVarianceOne) {
    const int rows = 5, width = 40;
    const vector<double> input = makeNumbers(rows * width, 1, 3), zeros(width, 0.0);
    vector<double> output(input.size());
    reference::layerNorm({rows, width}, input, zeros, zeros, output);
    for (int row = 0; row < rows; row++) {
        double mean = 0, square = 0, inputMean = 0, inputSquare = 0;
        for (int c = 0; c < width; c++) {
            mean += output[row * width + c] / width;
            square += output[row * width + c] * output[row * width + c] / width;
            inputMean += input[row * width + c] / width;
            inputSquare += input[row * width + c] * input[row * width + c] / width;
        }
        const double variance = inputSquare - inputMean * inputMean;
        expectClose("mean", mean, 0.0, tolerance("layerNorm", "double"));
        expectClose("variance", square, variance / (variance + LAYER_NORM_EPSILON), tolerance("layerNorm", "double"));
    }
}

TEST(LayerNorm, byHand) {
    // The row (1, 3) has mean 2 and variance 1.
    const double unit = 1 / std::sqrt(1 + 1e-5);
    vector<double> output(2);
    reference::layerNorm({1, 2}, vector<double>{1, 3}, vector<double>{5, 6}, vector<double>{1, -0.5}, output);
    expectClose("layerNorm", output, vector<double>{5 - 2 * unit, 6 + 0.5 * unit}, tolerance("layerNorm", "double"));
}

TEST(LayerNorm, constantRowGivesTheShift) {
    vector<double> values(3, 7.0);
    reference::layerNorm({1, 3}, values, vector<double>{1, 2, 3}, vector<double>{4, 5, 6}, values);
    expectClose("layerNorm", values, vector<double>{1, 2, 3}, tolerance("layerNorm", "double"));
}
