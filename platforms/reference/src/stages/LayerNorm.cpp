// SPDX-License-Identifier: MIT
// The shared helper layerNorm, Reference.
#include "ReferenceStages.h"
#include <cmath>

namespace OrbitPlugin {

void reference::layerNorm(const LayerNormShape& shape, Input input, Input shift, Input scale, Output output) {
    for (int row = 0; row < shape.numRows; row++) {
        const Input in = input.slice((std::size_t) row * shape.width, shape.width);
        const Output out = output.slice((std::size_t) row * shape.width, shape.width);
        double mean = 0, variance = 0;
        for (double value : in)
            mean += value / shape.width;
        for (double value : in)
            variance += (value - mean) * (value - mean) / shape.width;
        const double inverse = 1 / std::sqrt(variance + LAYER_NORM_EPSILON);
        for (int c = 0; c < shape.width; c++)
            out[c] = (in[c] - mean) * inverse * (1 + scale[c]) + shift[c];
    }
}

void reference::layerNorm(const LayerNormShape& shape, const NormWeights<double>& weights, Input input, Output output) {
    std::vector<double> scale(weights.weight.begin(), weights.weight.end());
    for (double& value : scale)
        value -= 1;
    layerNorm(shape, input, weights.bias, scale, output);
}

} // namespace OrbitPlugin
