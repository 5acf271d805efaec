// SPDX-License-Identifier: MIT
// The gatedAttention stage: one token by hand, closed gates, and registers with a modulation of their own.
#include "Matchers.h"
#include "ReferenceStages.h"
#include "Tolerances.h"

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

static const Tolerance CLOSE = tolerance("pairBiasAttention", "double");

namespace {

/** Width 2, one head. Values are the normalised token times (1, 2); queries and keys are anything. */
struct Attention {
    vector<double> normWeight{1, 2}, normBias{0.5, 0}, ones{1, 1}, zeros{0, 0};
    vector<double> qkv{1, 0, 0, 1, 0.5, 0, 0, 0.5, 1, 0, 0, 2}, qkvBias{0, 0, 0, 0, 0, 0.25};
    vector<double> gate{1, 0, 0, 1}, gateBias{0, 0}, output{0, 1, 1, 0}, outputBias{0.125, 0};
    vector<double> modulation{0, 0, 0, 0, 3, 5, 9, 9, 9, 9, 9, 9}, registers{0, 0, -0.5, -0.5, 7, 7, 9, 9, 9, 9, 9, 9};

    void apply(vector<double>& x, int numRegisters, const vector<double>& bias) const {
        const int numRows = (int) x.size() / 2;
        const GatedAttentionWeights<double> weights = {{normWeight, normBias}, {ones, zeros}, {ones, zeros},
            {qkv, qkvBias}, {gate, gateBias}, {output, outputBias}};
        reference::gatedAttention({numRows, numRegisters, 2, 1}, weights, {bias, modulation, registers}, x);
    }
};

double sigmoid(double a) {
    return 1 / (1 + std::exp(-a));
}

} // namespace

TEST(GatedAttention, oneTokenByHand) {
    // Both normalisations leave (-e, e) but for epsilon; a = (-f + 0.5, 2 f).

    const Attention attention;
    vector<double> x = {1, 3};
    attention.apply(x, 0, {0.7});
    const double e = 1 / std::sqrt(1 + 1e-5), f = e / std::sqrt(e * e + 1e-5), a0 = 0.5 - f, a1 = 2 * f;
    const double o0 = a0 * sigmoid(a0), o1 = (2 * a1 + 0.25) * sigmoid(a1);
    expectClose("token", x, vector<double>{1 + 3 * (o1 + 0.125), 3 + 5 * o0}, CLOSE);
}

TEST(GatedAttention, closedGatesLeaveTheBiasOfTheOutput) {
    Attention attention;
    attention.gateBias = {-1e4, -1e4};
    vector<double> x = {1, 3, -2, 5};
    attention.apply(x, 0, {0.1, 0.2, 0.3, 0.4});
    expectClose("tokens", x, vector<double>{1 + 3 * 0.125, 3, -2 + 3 * 0.125, 5}, CLOSE);
}

TEST(GatedAttention, registersAreSeenAndHaveGatesOfTheirOwn) {
    // A bias that leaves only the register: the token reads its value, the register its own.

    const Attention attention;
    vector<double> x = {1, 3, -2, 5}, alone = {1, 3};
    attention.apply(x, 1, {0, -1e9, 0, -1e9});
    attention.apply(alone, 1, {0});
    expectClose("register", vector<double>{x[0], x[1]}, alone, CLOSE);
    vector<double> blind = {1, 3, -2, 5};
    attention.apply(blind, 1, {-1e9, 0, -1e9, 0});
    EXPECT_FALSE(isClose("token", vector<double>{x[2], x[3]}, vector<double>{blind[2], blind[3]}, CLOSE));
    vector<double> same = {1, 3, 1, 3};
    attention.apply(same, 1, {0, 0, 0, 0});
    EXPECT_FALSE(isClose("modulation", vector<double>{same[0], same[1]}, vector<double>{same[2], same[3]}, CLOSE));
}
