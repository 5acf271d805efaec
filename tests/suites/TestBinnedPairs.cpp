// SPDX-License-Identifier: MIT
// The binnedPairs stage: bins and their ends, biases by hand, registers, and the estimate of before.
#include "Matchers.h"
#include "ReferenceStages.h"
#include "Tolerances.h"
#include <limits>

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

static const Tolerance CLOSE = tolerance("pairFeatures", "double");

TEST(BinnedPairs, aBinContainsItsUpperEnd) {
    // Boundaries 1, 2, 3 and 4.

    const vector<double> distances = {0, 1, 1.0000001, 2, 2.5, 3, 4, 4.0000001, 1e300};
    const vector<int> expected = {0, 0, 1, 1, 2, 2, 3, 4, 4};
    for (std::size_t k = 0; k < distances.size(); k++)
        EXPECT_EQ(findBin(distances[k], 5, 1, 4), expected[k]) << distances[k];
    EXPECT_LE(findBin(std::numeric_limits<double>::infinity(), 5, 1, 4), 4);
    const int ofNaN = findBin(std::numeric_limits<double>::quiet_NaN(), 5, 1, 4);
    EXPECT_TRUE(ofNaN >= 0 && ofNaN <= 4) << "an index of a table, whatever the positions are";
}

namespace {

/** Two tokens behind a register; two channels, a layer of two heads, three bins with ends 1 and 2. */
struct Pairs {
    vector<double> embedding{0, 0, 5, 1}, bins{0, 1, 2, 0, -1, 1}, before{3, 0, 0, 0, 0, 3};
    vector<double> normWeight{2, 1}, normBias{0, 0.5}, layerWeight{1, 3}, layerBias{0.25, 0}, weight{1, 2, -1, 4};
    vector<double> modulation{0.5, 0, 1, -0.5};
    vector<int> features{0, 1, 0, 1};

    vector<double> compute(const vector<double>& u, bool hasBefore) const {
        BinnedPairsShape shape{2, 1, 1, 2, 1, 2, 3, 3, 1.0, 2.0, hasBefore};
        BinnedPairsWeights<double> weights;
        weights.embedding = embedding;
        weights.bins = bins;
        weights.binsBefore = before;
        weights.norm = {normWeight, normBias};
        weights.layers = {{{layerWeight, layerBias}, weight}};
        vector<double> described(2 * 9), bias(2 * 9);
        reference::binnedPairs(shape, weights, {features, u, modulation}, described);
        reference::pairBiases(shape, weights.layers[0], described, bias);
        return bias;
    }
    /** The bias of a head for a description, written out; two channels are normalised to (-e, e) or (e, -e). */
    double findBias(double first, double second, int head) const {
        auto normalize = [](double& a, double& b) {
            const double half = (b - a) / 2, length = std::sqrt(half * half + 1e-5);
            a = -half / length;
            b = half / length;
        };
        normalize(first, second);
        first = 2 * first;
        second = second + 0.5;
        normalize(first, second);
        first = first * 2 + 0.5;
        second = second * 0.5;
        normalize(first, second);
        return weight[2 * head] * (first + 0.25) + weight[2 * head + 1] * 3 * second;
    }
};

} // namespace

TEST(BinnedPairs, byHand) {
    // Noisy points 1.5 apart, in the middle bin; as they were denoised before 2.5, in the last one.

    const Pairs pairs;
    const vector<double> u = {0, 0, 0, 0, 0, 0, 1.5, 0, 0, 0, 0, 2.5};
    for (bool hasBefore : {false, true}) {
        const vector<double> bias = pairs.compute(u, hasBefore);
        for (int h = 0; h < 2; h++) {
            const double* of = bias.data() + 9 * h;
            expectClose("same token", of[4], pairs.findBias(0 + (hasBefore ? 3 : 0), 1, h), CLOSE);
            expectClose("pair", of[5], pairs.findBias(5 + 2, 1 + (hasBefore ? 3 : 0), h), CLOSE);
            for (int place : {0, 1, 2, 3, 6})
                expectClose("register", of[place], pairs.weight[2 * h] * 0.25, CLOSE);
        }
    }
}
