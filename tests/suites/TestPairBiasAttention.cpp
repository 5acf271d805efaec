// SPDX-License-Identifier: MIT
// The pairBiasAttention stage: weights that isolate values, relative coordinates, scores, biases and gates.
#include "Matchers.h"
#include "ReferenceStages.h"
#include "Systems.h"
#include "Tolerances.h"

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

static const Tolerance CLOSE = tolerance("pairBiasAttention", "double");

/** Two atoms, width 4, two heads of 2; every weight is 0 until a test sets it. */
struct TinyAttention {
    vector<double> qkv = vector<double>(48), qkvBias = vector<double>(12), output = vector<double>(16);
    vector<double> outputBias = vector<double>(4), relative = vector<double>(24), bias = vector<double>(8);
    vector<double> u = {0, 0, 0, 1, 2, 3}, modulation = vector<double>(24), x = {1, -1, 1, -1, 3, 3, -3, -3};

    TinyAttention() {
        for (int c = 0; c < 4; c++) {
            output[5 * c] = 1;
            modulation[8 + c] = 1; // gate1
        }
    }
    /** Let v be the normalised token. */
    void passTokensAsValues() {
        for (int c = 0; c < 4; c++)
            qkv[(8 + c) * 4 + c] = 1;
    }
    /** Get what the stage adds to the tokens. */
    vector<double> run() const {
        vector<double> result = x;
        const int numPoints = (int) u.size() / 6;
        reference::pairBiasAttention({2, 4, 2, numPoints}, {{qkv, qkvBias}, {output, outputBias}, relative},
            {u, bias, modulation}, result);
        for (int i = 0; i < 8; i++)
            result[i] -= x[i];
        return result;
    }
    /** The normalised tokens: the rows of x have variances 1 and 9. */
    vector<double> getNormalised() const {
        vector<double> result = x;
        for (int i = 0; i < 8; i++)
            result[i] /= std::sqrt((i < 4 ? 1 : 9) + 1e-5);
        return result;
    }
};

TEST(PairBiasAttention, withoutScoresValuesAreAveraged) {
    TinyAttention tiny;
    tiny.passTokensAsValues();
    const vector<double> a = tiny.getNormalised();
    vector<double> expected;
    for (int i = 0; i < 8; i++)
        expected.push_back(0.5 * (a[i % 4] + a[4 + i % 4]));
    expectClose("pairBiasAttention", tiny.run(), expected, CLOSE);
}

TEST(PairBiasAttention, biasChoosesPerHeadAndOrderedPair) {
    // Head 0: both atoms look at atom 1. Head 1: every atom looks at the other one.
    TinyAttention tiny;
    tiny.passTokensAsValues();
    tiny.bias = {0, 1000, 0, 1000, 0, 1000, 1000, 0};
    const vector<double> a = tiny.getNormalised();
    const vector<double> expected = {a[4], a[5], a[6], a[7], a[4], a[5], a[2], a[3]};
    expectClose("pairBiasAttention", tiny.run(), expected, CLOSE);
}

TEST(PairBiasAttention, scoresOfQueriesAndKeys) {
    // q and k of head 0 are the first two channels; head 1 has no scores. The only value is channel 2, through head 0.
    TinyAttention tiny;
    for (int c = 0; c < 2; c++) {
        tiny.qkv[c * 4 + c] = 1;
        tiny.qkv[(4 + c) * 4 + c] = 1;
    }
    tiny.qkv[8 * 4 + 2] = 1;
    const vector<double> a = tiny.getNormalised();
    vector<double> expected(8);
    for (int i = 0; i < 2; i++) {
        double scores[2];
        for (int j = 0; j < 2; j++)
            scores[j] = (a[4 * i] * a[4 * j] + a[4 * i + 1] * a[4 * j + 1]) / std::sqrt(2.0);
        const double w1 = 1 / (1 + std::exp(scores[0] - scores[1]));
        expected[4 * i] = (1 - w1) * a[2] + w1 * a[6];
    }
    expectClose("pairBiasAttention", tiny.run(), expected, CLOSE);
}

TEST(PairBiasAttention, relativeCoordinates) {
    // Column 3 h + k: channel 0 reads x of head 0, channel 3 reads z of head 1. Weights are 1/2 in head 0; in head 1
    // atom 0 looks at atom 1 while atom 1 looks at itself.
    TinyAttention tiny;
    tiny.relative[0 * 6 + 0] = 1;
    tiny.relative[3 * 6 + 5] = 1;
    tiny.bias = {0, 0, 0, 0, 0, 1000, 0, 1000};
    const vector<double> expected = {0.5, 0, 0, 3, -0.5, 0, 0, 0};
    expectClose("pairBiasAttention", tiny.run(), expected, CLOSE);
}

TEST(PairBiasAttention, pointsAreSeenFromTheReferencePoint) {
    // Column 9 h + 3 a + b: channel 0 reads x of the first point in head 0, channel 1 y of the second, channel 2 z of
    // the third, channel 3 the same z in head 1. Both atoms look at atom 1 in head 0, and at atom 0 in head 1.
    TinyAttention tiny;
    tiny.u = {1, 2, 3, 10, 20, 30, 4, 5, 6, 7, 8, 9, 50, 60, 70, 13, 11, 12};
    tiny.relative = vector<double>(4 * 18);
    tiny.relative[0] = 1;
    tiny.relative[18 + 4] = 1;
    tiny.relative[2 * 18 + 8] = 1;
    tiny.relative[3 * 18 + 9 + 8] = 1;
    tiny.bias = {0, 1000, 0, 1000, 1000, 0, 1000, 0};
    const vector<double> expected = {7 - 10, 60 - 20, 12 - 30, 6 - 30, 7 - 50, 60 - 60, 12 - 70, 6 - 70};
    expectClose("pairBiasAttention", tiny.run(), expected, CLOSE);
}

TEST(PairBiasAttention, pointsWithoutWeightsChangeNothing) {
    const int N = 5, d = 6, H = 3, P = 3;
    const vector<double> qkv = makeNumbers(3 * d * d, 1), qkvBias = makeNumbers(3 * d, 2);
    const vector<double> output = makeNumbers(d * d, 3), outputBias = makeNumbers(d, 4);
    const vector<double> modulation = makeNumbers(6 * d, 6), bias = makeNumbers(H * N * N, 9);
    const vector<double> u = makeNumbers(N * 3 * P, 8), relative = makeNumbers(d * 3 * H, 5);
    vector<double> several = makeNumbers(N * d, 7), one = several, reference, padded;
    for (int i = 0; i < N; i++)
        reference.insert(reference.end(), u.begin() + 3 * (P * i + 1), u.begin() + 3 * (P * i + 1) + 3);
    for (int row = 0; row < d * H; row++) {
        padded.insert(padded.end(), 3, 0.0);
        padded.insert(padded.end(), relative.begin() + 3 * row, relative.begin() + 3 * row + 3);
        padded.insert(padded.end(), 3, 0.0);
    }
    reference::pairBiasAttention({N, d, H, P}, {{qkv, qkvBias}, {output, outputBias}, padded}, {u, bias, modulation},
        several);
    reference::pairBiasAttention({N, d, H}, {{qkv, qkvBias}, {output, outputBias}, relative},
        {reference, bias, modulation}, one);
    expectClose("pairBiasAttention", several, one, CLOSE);
}

TEST(PairBiasAttention, modulationAndBiases) {
    // v = a with shift1 2 and scale1 -1, so a = 2 everywhere; then output bias and gate.
    TinyAttention tiny;
    tiny.passTokensAsValues();
    for (int c = 0; c < 4; c++) {
        tiny.modulation[c] = 2;
        tiny.modulation[4 + c] = -1;
        tiny.modulation[8 + c] = c;
        tiny.outputBias[c] = 0.5;
        tiny.qkvBias[8 + c] = 0.25;
    }
    const vector<double> expected = {0, 2.75, 5.5, 8.25, 0, 2.75, 5.5, 8.25};
    expectClose("pairBiasAttention", tiny.run(), expected, CLOSE);
}

TEST(PairBiasAttention, exchangedAtomsGiveExchangedTokens) {
    const int N = 5, d = 6;
    const vector<double> qkv = makeNumbers(3 * d * d, 1), qkvBias = makeNumbers(3 * d, 2);
    const vector<double> output = makeNumbers(d * d, 3), outputBias = makeNumbers(d, 4);
    const vector<double> relative = makeNumbers(d * 9, 5), modulation = makeNumbers(6 * d, 6);
    const vector<double> x = makeNumbers(N * d, 7), u = makeNumbers(N * 3, 8), bias = makeNumbers(3 * N * N, 9);
    const int order[] = {3, 0, 4, 1, 2};
    vector<double> x2(x), u2(u), bias2(bias);
    for (int i = 0; i < N; i++) {
        std::copy_n(x.begin() + order[i] * d, d, x2.begin() + i * d);
        std::copy_n(u.begin() + order[i] * 3, 3, u2.begin() + i * 3);
        for (int h = 0; h < 3; h++)
            for (int j = 0; j < N; j++)
                bias2[(h * N + i) * N + j] = bias[(h * N + order[i]) * N + order[j]];
    }
    vector<double> result = x;
    const PairBiasAttentionWeights<double> weights = {{qkv, qkvBias}, {output, outputBias}, relative};
    reference::pairBiasAttention({N, d, 3}, weights, {u, bias, modulation}, result);
    reference::pairBiasAttention({N, d, 3}, weights, {u2, bias2, modulation}, x2);
    vector<double> expected;
    for (int i = 0; i < N; i++)
        expected.insert(expected.end(), result.begin() + order[i] * d, result.begin() + (order[i] + 1) * d);
    expectClose("pairBiasAttention", x2, expected, CLOSE);
}
