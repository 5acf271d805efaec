// SPDX-License-Identifier: MIT
// The pairUpdate stage: tokens reach both places of a pair, and the third rows of triangles stand where they should.
#include "Matchers.h"
#include "ReferenceStages.h"
#include "Tolerances.h"

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

static const Tolerance CLOSE = tolerance("pairFeatures", "double");

namespace {

/** Two rows of width 2, and two channels of pairs and of triangles. What is not set does nothing. */
struct Update {
    vector<double> ones{1, 1}, zeros{0, 0};
    vector<double> tokens = vector<double>(8, 0.0), up = vector<double>(8, 0.0), down = vector<double>(8, 0.0);
    vector<double> upBias = vector<double>(4, 0.0), downBias{0, 0};
    vector<double> nothing{0, 0, 0, 0}, first{1, 0, 0, 0}, constant{1, 0}, closed{-1e4, -1e4}, output{4, 0, 0, 0};
    bool readsLeft = true;

    /** One side is half of a pair's first channel, the other one is 1/2; second channels are zero. */
    TriangleWeights<double> makeTriangle(bool isOpen) const {
        const LinearWeights<double> reading = {first, zeros}, other = {nothing, constant}, half = {nothing, zeros};
        TriangleWeights<double> triangle;
        triangle.norm = triangle.productNorm = {ones, zeros};
        triangle.left = readsLeft ? reading : other;
        triangle.right = readsLeft ? other : reading;
        triangle.leftGate = triangle.rightGate = half;
        triangle.output = {output, zeros};
        triangle.gate = {nothing, isOpen ? zeros : closed};
        return triangle;
    }
    vector<double> apply(vector<double> pairs, bool isOutgoing, int triangleWidth = 2) const {
        PairUpdateWeights<double> weights;
        weights.tokenNorm = {ones, zeros};
        weights.tokens = tokens;
        weights.outgoing = makeTriangle(isOutgoing);
        weights.incoming = makeTriangle(!isOutgoing);
        weights.transitionNorm = {ones, zeros};
        weights.up = {up, upBias};
        weights.down = {down, downBias};
        reference::pairUpdate({2, 2, 2, triangleWidth}, weights, vector<double>{1, 3, 5, 1}, pairs);
        return pairs;
    }
};

/** Pairs whose first channel is normalised to the sign of a number, and the second to the other one. */
vector<double> makePairs(const vector<double>& signs) {
    vector<double> pairs;
    for (double sign : signs)
        pairs.insert(pairs.end(), {1e3 * sign, -1e3 * sign});
    return pairs;
}

} // namespace

TEST(PairUpdate, tokensReachBothPlacesOfAPair) {
    // Rows are normalised to (-e, e) and (f, -f). The first matrix writes channel 0 of j, the second channel 1 of i.

    Update update;
    update.tokens = {1, 0, 0, 0, 0, 0, 0, 2};
    const double e = 1 / std::sqrt(1 + 1e-5), f = 2 / std::sqrt(4 + 1e-5);
    const vector<double> pairs = update.apply({10, 20, 30, 40, 50, 60, 70, 80}, true, 0);
    expectClose("pairs", pairs,
        vector<double>{10 - e, 20 + 2 * e, 30 + f, 40 + 2 * e, 50 - e, 60 - 2 * f, 70 + f, 80 - 2 * f}, CLOSE);
}

TEST(PairUpdate, aSmallNetworkOfEachPair) {
    // (9.15): channel 0 of the hidden layer is max(n_0, 0), channel 1 max(n_1 - 2, 0) = 0.

    Update update;
    update.up = {1, 0, 0, 1, 0, 0, 0, 0};
    update.upBias = {0, -2, 0, 0};
    update.down = {3, 5, 0, 0, 7, 5, 0, 0};
    update.downBias = {0.5, 0};
    const vector<double> before = makePairs({1, -1, 1, -1}), after = update.apply(before, true, 0);
    vector<double> expected = before;
    for (int pair = 0; pair < 4; pair++) {
        expected[2 * pair] += (pair % 2 == 0 ? 3 : 0) + 0.5;
        expected[2 * pair + 1] += pair % 2 == 0 ? 7 : 0;
    }
    expectClose("pairs", after, expected, tolerance("generation", "double"));
}

TEST(PairUpdate, trianglesGoOutAndIn) {
    // The signs of pairs are (1, -1) and (1, 1): row 1 and column 0 have the sum 2. A sum of 2 is a product of 1/2 in
    // the first channel, which the norm makes r; a sum of 0 stays 0. The output layer adds 4 r times a gate of 1/2.

    const vector<double> before = makePairs({1, -1, 1, 1});
    const double r = 0.25 / std::sqrt(0.0625 + 1e-5);
    Update update;
    for (bool readsLeft : {true, false})
        for (bool isOutgoing : {true, false}) {
            update.readsLeft = readsLeft;
            vector<double> expected = before;
            for (int i = 0; i < 2; i++)
                for (int j = 0; j < 2; j++)
                    if ((readsLeft ? i : j) == (isOutgoing ? 1 : 0))
                        expected[2 * (2 * i + j)] += 2 * r;
            expectClose("pairs", update.apply(before, isOutgoing), expected, tolerance("generation", "double"));
        }
}
