// SPDX-License-Identifier: MIT
// The shared helper softmax, Reference.
#include "ReferenceStages.h"
#include <algorithm>
#include <cmath>

namespace OrbitPlugin {

void reference::softmax(Output values) {
    const double maximum = *std::max_element(values.begin(), values.end());
    double sum = 0;
    for (double& value : values) {
        value = std::exp(value - maximum);
        sum += value;
    }
    for (double& value : values)
        value /= sum;
}

} // namespace OrbitPlugin
