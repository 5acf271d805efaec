// SPDX-License-Identifier: MIT
// The tokenEmbedding stage: rows of the table plus a linear function of the coordinates.
#include "Matchers.h"
#include "ReferenceStages.h"
#include "Systems.h"
#include "Tolerances.h"

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

TEST(TokenEmbedding, byHand) {
    const vector<double> embedding = {1, 2, 10, 20, 100, 200}; // [3][2]
    const vector<double> coordinates = {1, 0, 0, 0, 1, -1};    // [2][3]
    const vector<int> features = {0, 2, 1, 1};                 // [2][2]
    const vector<double> u = {0.5, 0.25, 0.125, -1, -2, -3};
    vector<double> x(4);
    reference::tokenEmbedding({2, 2, 2}, {embedding, coordinates}, features, u, x);
    const vector<double> expected = {101.5, 202.125, 20 - 1.0, 40 + 1.0};
    expectClose("tokenEmbedding", x, expected, tolerance("tokenEmbedding", "double"));
}

TEST(TokenEmbedding, pointsAddUp) {
    // Three points a token are three tokens of one point each, and one embedding.

    const int N = 4, d = 5, P = 3;
    const vector<double> embedding = makeNumbers(2 * d, 1), coordinates = makeNumbers(d * 3 * P, 2);
    const vector<double> u = makeNumbers(N * 3 * P, 3), nothing(2 * d);
    const vector<int> features = {0, 1, 1, 0};
    vector<double> x(N * d), expected(N * d);
    reference::tokenEmbedding({N, 1, d, P}, {embedding, coordinates}, features, u, x);
    for (int point = 0; point < P; point++) {
        vector<double> ofPoint, at, part(N * d);
        for (int c = 0; c < d; c++)
            ofPoint.insert(ofPoint.end(), coordinates.begin() + 3 * (P * c + point),
                coordinates.begin() + 3 * (P * c + point) + 3);
        for (int i = 0; i < N; i++)
            at.insert(at.end(), u.begin() + 3 * (P * i + point), u.begin() + 3 * (P * i + point) + 3);
        reference::tokenEmbedding({N, 1, d}, {point == 0 ? embedding : nothing, ofPoint}, features, at, part);
        for (int i = 0; i < N * d; i++)
            expected[i] += part[i];
    }
    expectClose("tokenEmbedding", x, expected, tolerance("tokenEmbedding", "double"));
}

TEST(TokenEmbedding, tokensDoNotSeeEachOther) {
    const vector<double> embedding = {0.3, -0.7}, coordinates = {1, 2, 3, 4, 5, 6};
    vector<double> together(4), alone(2);
    reference::tokenEmbedding({2, 1, 2}, {embedding, coordinates}, vector<int>{0, 0}, vector<double>{1, 2, 3, 9, 9, 9},
        together);
    reference::tokenEmbedding({1, 1, 2}, {embedding, coordinates}, vector<int>{0}, vector<double>{1, 2, 3}, alone);
    together.resize(2);
    EXPECT_EQ(together, alone);
}
