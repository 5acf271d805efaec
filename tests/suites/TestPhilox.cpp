// SPDX-License-Identifier: MIT
// The counter-based random numbers: published values, the normal numbers by hand, and their moments.
#include "Matchers.h"
#include "Tolerances.h"
#include "openmmorbit/internal/Philox.h"

using namespace OrbitPlugin;
using namespace testSupport;

typedef std::array<std::uint32_t, 4> Words;

// Known answers of philox4x32-10 in the Random123 distribution (kat_vectors).

TEST(Philox, knownAnswers) {
    EXPECT_EQ(philox4x32(0, {0, 0, 0, 0}), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
    EXPECT_EQ(philox4x32(0xffffffffffffffffull, {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}),
        (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
    EXPECT_EQ(philox4x32(0x299f31d0a4093822ull, {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}),
        (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Philox, normalsFromKnownAnswer) {
    const auto normals = philoxNormals(0, {0, 0, 0, 0});
    const double u0 = (0x6627e8d5 + 0.5) / 4294967296.0, u1 = (0xe169c58d + 0.5) / 4294967296.0;
    const double u2 = (0xbc57ac4c + 0.5) / 4294967296.0, u3 = (0x9b00dbd8 + 0.5) / 4294967296.0;
    const double pi = std::acos(-1.0);
    const std::vector<double> expected = {std::sqrt(-2 * std::log(u0)) * std::cos(2 * pi * u1),
        std::sqrt(-2 * std::log(u0)) * std::sin(2 * pi * u1), std::sqrt(-2 * std::log(u2)) * std::cos(2 * pi * u3),
        std::sqrt(-2 * std::log(u2)) * std::sin(2 * pi * u3)};
    expectClose("philoxNormals", normals, expected, tolerance("noise", "double"));
}

// With 400,000 numbers the standard errors of the first four moments are 0.0016, 0.0022, 0.0061, 0.0155.

TEST(Philox, momentsAreNormal) {
    const int count = 100000;
    double moments[5] = {};
    for (int i = 0; i < count; i++)
        for (double value : philoxNormals(7, {1, 2, 3, (std::uint32_t) i}))
            for (int power = 1; power <= 4; power++)
                moments[power] += std::pow(value, power) / (4.0 * count);
    EXPECT_LT(std::fabs(moments[1]), 4 * 0.0016);
    EXPECT_LT(std::fabs(moments[2] - 1), 4 * 0.0022);
    EXPECT_LT(std::fabs(moments[3]), 4 * 0.0061);
    EXPECT_LT(std::fabs(moments[4] - 3), 4 * 0.0155);
}

TEST(Philox, everyWordOfKeyAndCounterMatters) {
    const Words base = philox4x32(5, {1, 2, 3, 4});
    EXPECT_NE(philox4x32(6, {1, 2, 3, 4}), base);
    EXPECT_NE(philox4x32(5 + (1ull << 32), {1, 2, 3, 4}), base);
    EXPECT_NE(philox4x32(5, {0, 2, 3, 4}), base);
    EXPECT_NE(philox4x32(5, {1, 0, 3, 4}), base);
    EXPECT_NE(philox4x32(5, {1, 2, 0, 4}), base);
    EXPECT_NE(philox4x32(5, {1, 2, 3, 0}), base);
}

TEST(Philox, extremeWordsGiveFiniteNumbers) {
    const double largest = std::sqrt(-2 * std::log(0.5 / 4294967296.0));
    EXPECT_LT(largest, 7);
    for (std::uint32_t i = 0; i < 10000; i++)
        expectFinite("philoxNormals", philoxNormals(i, {i, i, i, i}));
}
