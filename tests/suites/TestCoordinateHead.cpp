// SPDX-License-Identifier: MIT
// The coordinateHead stage: a product by hand, centred.
#include "Matchers.h"
#include "ReferenceStages.h"
#include "Systems.h"
#include "Tolerances.h"

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

static const Tolerance CLOSE = tolerance("coordinateHead", "double");

TEST(CoordinateHead, byHand) {
    // Tokens (1, 3) and (6, 2) become (-e, e) and (f, -f); shift (1, 0) and scale (0, 1) make them
    // (1 - e, 2 e) and (1 + f, -2 f).
    const double e = 1 / std::sqrt(1 + 1e-5), f = 2 / std::sqrt(4 + 1e-5);
    const vector<double> weight = {1, 0, 0, 1, 1, 1}, modulation = {1, 0, 0, 1}, x = {1, 3, 6, 2};
    vector<double> F(6);
    reference::coordinateHead({2, 2}, weight, x, modulation, F);
    const double first[] = {1 - e, 2 * e, 1 + e}, second[] = {1 + f, -2 * f, 1 - f};
    vector<double> expected(6);
    for (int k = 0; k < 3; k++) {
        expected[k] = first[k] - (first[k] + second[k]) / 2;
        expected[3 + k] = second[k] - (first[k] + second[k]) / 2;
    }
    expectClose("coordinateHead", F, expected, CLOSE);
}

TEST(CoordinateHead, outputIsCentred) {
    const int N = 7, d = 8;
    for (int P : {1, 3}) {
        vector<double> F(3 * P * N);
        reference::coordinateHead({N, d, P}, makeNumbers(3 * P * d, 1), makeNumbers(N * d, 2, 4),
            makeNumbers(2 * d, 3), F);
        for (int k = 0; k < 3; k++) {
            double sum = 0;
            for (int i = 0; i < N * P; i++)
                sum += F[3 * i + k];
            expectClose("sum", sum, 0.0, CLOSE);
        }
    }
}

TEST(CoordinateHead, everyPointHasRowsOfItsOwn) {
    // Rows of the second of three points are those of a head with one point; the other points stay where the mean is.

    const int N = 4, d = 5, P = 3;
    const vector<double> weight = makeNumbers(3 * d, 1), x = makeNumbers(N * d, 2, 4);
    const vector<double> modulation = makeNumbers(2 * d, 3);
    vector<double> one(3 * N), several(3 * P * N), padded(9 * d), expected, first(3);
    reference::coordinateHead({N, d}, weight, x, modulation, one);
    std::copy(weight.begin(), weight.end(), padded.begin() + 3 * d);
    reference::coordinateHead({N, d, P}, padded, x, modulation, several);
    std::copy_n(several.begin(), 3, first.begin());
    for (int i = 0; i < N; i++)
        for (int point = 0; point < P; point++)
            for (int k = 0; k < 3; k++)
                expected.push_back(first[k] + (point == 1 ? one[3 * i + k] - 3 * first[k] : 0));
    expectClose("coordinateHead", several, expected, CLOSE);
}

TEST(CoordinateHead, oneAtomStaysInTheCentre) {
    vector<double> F(3, 1.0);
    reference::coordinateHead({1, 2}, makeNumbers(6, 1), vector<double>{1, 2}, makeNumbers(4, 2), F);
    expectClose("coordinateHead", F, vector<double>(3, 0.0), CLOSE);
}
