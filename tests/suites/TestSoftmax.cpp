// SPDX-License-Identifier: MIT
// The shared helper softmax: values by hand, rows that sum to one, and large numbers.
#include "Matchers.h"
#include "ReferenceStages.h"
#include "Systems.h"
#include "Tolerances.h"
#include <numeric>

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

TEST(Softmax, byHand) {
    vector<double> values = {0, std::log(2.0), std::log(5.0)};
    reference::softmax(values);
    expectClose("softmax", values, vector<double>{1 / 8.0, 2 / 8.0, 5 / 8.0}, tolerance("softmax", "double"));
}

TEST(Softmax, sumsToOneAndIgnoresAConstant) {
    vector<double> values = makeNumbers(50, 3, 10), shifted = values;
    for (double& value : shifted)
        value += 1000;
    reference::softmax(values);
    reference::softmax(shifted);
    expectClose("sum", std::accumulate(values.begin(), values.end(), 0.0), 1.0, tolerance("softmax", "double"));
    expectClose("softmax", shifted, values, tolerance("softmax", "double"));
}

TEST(Softmax, extremes) {
    vector<double> one = {-1e6}, several = {-1e6, 1e6, -1e6};
    reference::softmax(one);
    reference::softmax(several);
    expectClose("softmax", one, vector<double>{1}, tolerance("softmax", "double"));
    expectClose("softmax", several, vector<double>{0, 1, 0}, tolerance("softmax", "double"));
}
