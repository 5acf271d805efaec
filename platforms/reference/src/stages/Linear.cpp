// SPDX-License-Identifier: MIT
// The shared helpers linear, silu and sigmoid, Reference.
#include "ReferenceStages.h"
#include <cmath>

namespace OrbitPlugin {

void reference::linear(const LinearShape& shape, const LinearWeights<double>& weights, Input input, Output output) {
    for (int row = 0; row < shape.numRows; row++)
        for (int out = 0; out < shape.numOutputs; out++) {
            double sum = weights.bias.size() == 0 ? 0 : weights.bias[out];
            for (int in = 0; in < shape.numInputs; in++)
                sum += weights.weight[(std::size_t) out * shape.numInputs + in] *
                    input[(std::size_t) row * shape.numInputs + in];
            output[(std::size_t) row * shape.numOutputs + out] = sum;
        }
}

double reference::silu(double value) {
    return value / (1 + std::exp(-value));
}

double reference::sigmoid(double value) {
    return 1 / (1 + std::exp(-value));
}

} // namespace OrbitPlugin
