// SPDX-License-Identifier: MIT
// Tests of the tests' own comparator and helpers.
#include "Golden.h"
#include "Matchers.h"
#include "Systems.h"
#include "Tolerances.h"
#include "openmmorbit/internal/ArrayView.h"
#include <gtest/gtest.h>
#include <gtest/gtest-spi.h>
#include <limits>
#include <stdexcept>
#include <vector>

using namespace testSupport;

static const double NOT_A_NUMBER = std::numeric_limits<double>::quiet_NaN();
static const double INFINITE = std::numeric_limits<double>::infinity();

TEST(Matchers, acceptsValuesWithinTheTolerance) {
    EXPECT_TRUE(isClose("x", 1.0, 1.0, {0, 0}));
    EXPECT_TRUE(isClose("x", 1.0009, 1.0, {1e-3, 0}));
    EXPECT_TRUE(isClose("x", -1000.9, -1000.0, {1e-3, 0}));
    EXPECT_TRUE(isClose("x", 1e-9, 0.0, {0, 1e-8}));
    EXPECT_TRUE(isClose("x", std::vector<float>{1.0f, 2.0f}, std::vector<double>{1.0, 2.0}, {0, 0}));
    EXPECT_TRUE(isClose("x", std::vector<OpenMM::Vec3>{OpenMM::Vec3(1, 2, 3)}, std::vector<double>{1, 2, 3}, {0, 0}));
}

TEST(Matchers, rejectsValuesOutsideTheTolerance) {
    EXPECT_FALSE(isClose("x", 1.002, 1.0, {1e-3, 0}));
    EXPECT_FALSE(isClose("x", -1.0, 1.0, {1e-3, 0}));
    EXPECT_FALSE(isClose("x", 1e-7, 0.0, {1e-3, 1e-8}));
}

TEST(Matchers, rejectsNotANumberOnEitherSide) {
    EXPECT_FALSE(isClose("x", NOT_A_NUMBER, 1.0, {1, 1}));
    EXPECT_FALSE(isClose("x", 1.0, NOT_A_NUMBER, {1, 1}));
    EXPECT_FALSE(isClose("x", NOT_A_NUMBER, NOT_A_NUMBER, {1, 1}));
    EXPECT_FALSE(isClose("x", std::vector<double>{1, NOT_A_NUMBER, 3}, std::vector<double>{1, 2, 3}, {1, 1}));
}

TEST(Matchers, rejectsInfinityOnEitherSide) {
    EXPECT_FALSE(isClose("x", INFINITE, 1.0, {1, 1}));
    EXPECT_FALSE(isClose("x", 1.0, INFINITE, {1, 1}));
    EXPECT_FALSE(isClose("x", 1.0, -INFINITE, {1, 1}));
    EXPECT_FALSE(isClose("x", INFINITE, INFINITE, {1, 1}));
}

TEST(Matchers, looksAtSizesFirst) {
    const std::vector<double> none, one = {1.0};
    EXPECT_TRUE(isClose("x", none, none, {0, 0}));
    EXPECT_FALSE(isClose("x", none, one, {1, 1}));
    EXPECT_FALSE(isClose("x", one, none, {1, 1}));
    EXPECT_STREQ(isClose("stage", one, none, {1, 1}).message(), "stage: expected 0 values, got 1");
}

TEST(Matchers, namesTheWorstElement) {
    const std::vector<double> actual = {1.0, 2.5, 9.0}, expected = {1.0, 2.0, 3.0};
    EXPECT_STREQ(isClose("stage", actual, expected, {0, 0.25}).message(),
            "stage: 2 of 3 values differ, worst at index 2: expected 3, got 9 (error 6, relative tolerance 0, absolute "
            "tolerance 0.25)");
    const std::vector<double> broken = {7.0, NOT_A_NUMBER, 9.0};
    EXPECT_NE(std::string(isClose("stage", broken, expected, {0, 0.25}).message()).find("index 1"), std::string::npos);
}

TEST(Matchers, readsArrayViews) {
    std::vector<double> values = {1, 2, 3};
    const OrbitPlugin::ArrayView<const double> view(values);
    EXPECT_TRUE(isClose("view", view.slice(1, 2), std::vector<double>{2, 3}, {0, 0}));
    EXPECT_FALSE(isClose("view", view, std::vector<double>{2, 3}, {0, 0}));
}

TEST(Matchers, reportsFailures) {
    EXPECT_NONFATAL_FAILURE(expectClose("stage", 1.0, 2.0, {0, 0}), "stage: 1 of 1 values differ");
    EXPECT_NONFATAL_FAILURE(expectFinite("stage", NOT_A_NUMBER), "expected a finite value at index 0");
    EXPECT_NONFATAL_FAILURE(expectThrows<std::runtime_error>("a", [] { throw std::runtime_error("b"); }), "got\n  b");
    EXPECT_NONFATAL_FAILURE(expectThrows<std::runtime_error>("a", [] { throw std::logic_error("a"); }), "another type");
    EXPECT_NONFATAL_FAILURE(expectThrows<std::runtime_error>("a", [] { }), "got none");
    expectThrows<std::runtime_error>("a", [] { throw std::runtime_error("a"); });
}

TEST(Tolerances, areTightestInDouble) {
    for (const ToleranceRow& row : toleranceTable()) {
        EXPECT_LE(row.inDouble.relative, row.inSingle.relative) << row.stage;
        EXPECT_LE(row.inSingle.relative, row.inBFloat16.relative) << row.stage;
        EXPECT_LE(row.inDouble.absolute, row.inSingle.absolute) << row.stage;
        EXPECT_LE(row.inSingle.absolute, row.inBFloat16.absolute) << row.stage;
    }
}

TEST(Tolerances, readTapNamesAndRefuseUnknownOnes) {
    EXPECT_EQ(tolerance("linear", "tf32").absolute, tolerance("linear", "bfloat16").absolute / 8);
    EXPECT_EQ(tolerance("pairBiasAttention.3", "single").relative, tolerance("pairBiasAttention", "single").relative);
    expectThrows<std::invalid_argument>("tolerance: expected a row of Tolerances.h, got \"attention\"",
            [] { tolerance("attention", "single"); });
    expectThrows<std::invalid_argument>("tolerance: expected double, single, mixed, bfloat16 or tf32, got \"half\"",
            [] { tolerance("noise", "half"); });
}

TEST(Golden, readsHexadecimalNumbers) {
    const nlohmann::json values = nlohmann::json::parse(R"([["0x1.8p+1", 2], [-0.5]])");
    expectClose("numbers", goldenNumbers(values), std::vector<double>{3.0, 2.0, -0.5}, {0, 0});
    EXPECT_THROW(readGolden("no such file.json"), std::runtime_error);
}

TEST(Systems, rotationsAreProper) {
    for (int seed = 1; seed < 20; seed++) {
        const std::array<double, 9> r = makeRotation(seed);
        std::vector<double> product(9, 0.0);
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++)
                for (int k = 0; k < 3; k++)
                    product[3*i+j] += r[3*i+k]*r[3*j+k];
        expectClose("R Rt", product, std::vector<double>{1, 0, 0, 0, 1, 0, 0, 0, 1}, tolerance("roundTrip", "double"));
        const double determinant = r[0]*(r[4]*r[8]-r[5]*r[7])-r[1]*(r[3]*r[8]-r[5]*r[6])+r[2]*(r[3]*r[7]-r[4]*r[6]);
        expectClose("determinant", determinant, 1.0, tolerance("roundTrip", "double"));
    }
}
