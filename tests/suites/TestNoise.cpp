// SPDX-License-Identifier: MIT
// The noise stage: numbers that depend on the key and the atom only.
#include "Matchers.h"
#include "ReferenceStages.h"
#include "Tolerances.h"
#include "openmmorbit/internal/Philox.h"

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

TEST(Noise, isTheGeneratorAtTheKeysCounter) {
    const NoiseKey key = {99, 3, 5, 2};
    vector<double> values(12), expected;
    reference::noise(key, values);
    for (std::uint32_t i = 0; i < 4; i++) {
        const auto normals = philoxNormals(99, {3, 5, 2, i});
        expected.insert(expected.end(), normals.begin(), normals.begin() + 3);
    }
    expectClose("noise", values, expected, tolerance("noise", "double"));
}

TEST(Noise, firstAtomsDoNotDependOnTheNumberOfAtoms) {
    vector<double> few(6), many(60);
    reference::noise({1, 2, 3, 4}, few);
    reference::noise({1, 2, 3, 4}, many);
    many.resize(6);
    EXPECT_EQ(few, many);
}

TEST(Noise, everyPartOfTheKeyMatters) {
    vector<double> base(9), other(9);
    reference::noise({1, 1, 1, 1}, base);
    const vector<NoiseKey> keys = {{2, 1, 1, 1}, {1, 2, 1, 1}, {1, 1, 2, 1}, {1, 1, 1, 2}};
    for (const NoiseKey& key : keys) {
        reference::noise(key, other);
        for (int i = 0; i < 9; i++)
            EXPECT_NE(base[i], other[i]);
    }
}
