// SPDX-License-Identifier: MIT
// Tests of the matrix Fisher distribution: golden values of 30 digits, limits, symmetries.
#include "Golden.h"
#include "Matchers.h"
#include "Systems.h"
#include "Tolerances.h"
#include "openmmorbit/internal/OrbitMean.h"
#include <array>
#include <cmath>

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

namespace {

typedef std::array<double, 9> Matrix;

Matrix makeDiagonal(double a, double b, double c) {
    return {{a, 0, 0, 0, b, 0, 0, 0, c}};
}

Matrix multiply(const Matrix& a, const Matrix& b) {
    Matrix product{};
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            for (int k = 0; k < 3; k++)
                product[3 * i + j] += a[3 * i + k] * b[3 * k + j];
    return product;
}

Matrix transpose(const Matrix& a) {
    return {{a[0], a[3], a[6], a[1], a[4], a[7], a[2], a[5], a[8]}};
}

Tolerance inDouble(const std::string& row) {
    return tolerance(row, "double");
}

} // namespace

TEST(MatrixFisher, agreesWithGoldenSingularValues) {
    const nlohmann::json golden = readGolden("orbitPosterior.json");
    ASSERT_EQ(32u, golden["logc"].size());
    for (const nlohmann::json& entry : golden["logc"]) {
        const vector<double> s = goldenNumbers(entry["s"]), d = goldenNumbers(entry["d"]),
            m = goldenNumbers(entry["m"]);
        Matrix E;
        const std::string what = "singular values " + entry["s"].dump();
        expectClose(what + ", log c", matrixFisher(makeDiagonal(s[0], s[1], s[2]).data(), E.data()),
            goldenNumber(entry["log_c"]), inDouble("matrixFisher"));
        expectClose(what + ", E[R]", E, makeDiagonal(d[0], d[1], d[2]), inDouble("matrixFisher"));
        const vector<double> moments = {(1 + E[0] + E[4] + E[8]) / 4, (1 + E[0] - E[4] - E[8]) / 4,
            (1 - E[0] + E[4] - E[8]) / 4, (1 - E[0] - E[4] + E[8]) / 4};
        expectClose(what + ", m", moments, m, inDouble("matrixFisher"));
    }
}

TEST(MatrixFisher, agreesWithGoldenMatrices) {
    const nlohmann::json golden = readGolden("orbitPosterior.json");
    ASSERT_EQ(12u, golden["matrix_F"].size());
    for (const nlohmann::json& entry : golden["matrix_F"]) {
        vector<double> E(9);
        const double logC = matrixFisher(goldenNumbers(entry["F"]).data(), E.data());
        expectClose("log c", logC, goldenNumber(entry["log_c"]), inDouble("matrixFisher"));
        expectClose("E[R]", E, goldenNumbers(entry["E"]), inDouble("meanRotation"));
    }
}

TEST(MatrixFisher, smallMatrices) {
    const double s1 = 3e-4, s2 = 2e-4, s3 = -1e-4;
    Matrix E;
    const double logC = matrixFisher(makeDiagonal(s1, s2, s3).data(), E.data());
    expectClose("log c", logC, (s1 * s1 + s2 * s2 + s3 * s3) / 6 + s1 * s2 * s3 / 6, inDouble("matrixFisher"));
    expectClose("E[R]", E, makeDiagonal(s1 / 3 + s2 * s3 / 6, s2 / 3 + s1 * s3 / 6, s3 / 3 + s1 * s2 / 6),
        inDouble("asymptotic"));
    expectClose("log c of zero", matrixFisher(Matrix{}.data(), E.data()), 0.0, inDouble("matrixFisher"));
    expectClose("E[R] of zero", E, Matrix{}, inDouble("matrixFisher"));
}

TEST(MatrixFisher, largeMatrices) {
    const double s1 = 3e5, s2 = 2e5, s3 = 1e5;
    const double gaps[3] = {2 * (s2 + s3), 2 * (s1 + s3), 2 * (s1 + s2)};
    double m[3], expected = s1 + s2 + s3 - 0.5 * std::log(M_PI * gaps[0] * gaps[1] * gaps[2]);
    for (int i = 0; i < 3; i++) {
        expected += 0.25 / gaps[i];
        m[i] = 0.5 / gaps[i] + 0.25 / (gaps[i] * gaps[i]);
    }
    Matrix E;
    expectClose("log c", matrixFisher(makeDiagonal(s1, s2, s3).data(), E.data()), expected, inDouble("matrixFisher"));
    expectClose("E[R]", E, makeDiagonal(1 - 2 * (m[1] + m[2]), 1 - 2 * (m[0] + m[2]), 1 - 2 * (m[0] + m[1])),
        inDouble("asymptotic"));
}

TEST(MatrixFisher, rankOneIsTheLangevinFunction) {
    // One direction only: R e1 · e1 is distributed as exp(s cos) on the sphere.

    for (double s : {0.5, 3.0, 40.0}) {
        Matrix E;
        expectClose("log c", matrixFisher(makeDiagonal(s, 0, 0).data(), E.data()), std::log(std::sinh(s) / s),
            inDouble("matrixFisher"));
        expectClose("E[R]", E, makeDiagonal(1 / std::tanh(s) - 1 / s, 0, 0), inDouble("matrixFisher"));
    }
}

TEST(MatrixFisher, mirrorImage) {
    // s1 = s2 = −s3 = s has κ = (0, 0, 4 s): c = e^s E[exp(−4 s q²)], q = cos(angle) of density 2/π sin²(angle).

    const double s = 2.5;
    double sum = 0;
    const int numPoints = 20000;
    for (int k = 0; k < numPoints; k++) {
        const double angle = M_PI * (k + 0.5) / numPoints;
        sum += 2 / M_PI * std::sin(angle) * std::sin(angle) * std::exp(-4 * s * std::cos(angle) * std::cos(angle)) *
                M_PI / numPoints;
    }
    Matrix E;
    expectClose("log c", matrixFisher(makeDiagonal(s, s, -s).data(), E.data()), s + std::log(sum),
        inDouble("matrixFisher"));
    expectClose("symmetry of E[R]", E[0], E[4], inDouble("matrixFisher"));
    EXPECT_LT(E[8], 0);
}

TEST(MatrixFisher, isEquivariant) {
    for (int seed = 1; seed <= 20; seed++) {
        const vector<double> numbers = makeNumbers(9, seed, std::pow(10.0, seed % 5 - 1));
        Matrix F, E, rotatedE;
        std::copy(numbers.begin(), numbers.end(), F.begin());
        const Matrix left = makeRotation(100 + seed), right = makeRotation(200 + seed);
        const double logC = matrixFisher(F.data(), E.data());
        const double rotatedLogC = matrixFisher(multiply(multiply(left, F), right).data(), rotatedE.data());
        expectClose("log c of a rotated matrix", rotatedLogC, logC, inDouble("logNormalizer"));
        expectClose("E[R] of a rotated matrix", rotatedE, multiply(multiply(left, E), right), inDouble("meanRotation"));
        matrixFisher(transpose(F).data(), rotatedE.data());
        expectClose("E[R] of a transposed matrix", rotatedE, transpose(E), inDouble("meanRotation"));
    }
}

TEST(MatrixFisher, meanIsTheGradientOfTheNormalizer) {
    const double step = 1e-5;
    const vector<double> F = makeNumbers(9, 7, 5.0);
    Matrix E, numerical;
    matrixFisher(F.data(), E.data());
    for (int k = 0; k < 9; k++) {
        vector<double> above = F, below = F;
        above[k] += step;
        below[k] -= step;
        numerical[k] = (matrixFisher(above.data(), nullptr) - matrixFisher(below.data(), nullptr)) / (2 * step);
    }
    expectClose("gradient of log c", numerical, E, inDouble("gradient"));
}

TEST(MatrixFisher, singularAndHugeMatricesStayFinite) {
    for (double scale : {1e-200, 1e-12, 1.0, 1e9, 1e18})
        for (const Matrix& F : {makeDiagonal(scale, scale, -scale), makeDiagonal(scale, scale, scale),
                makeDiagonal(scale, 0, 0), makeDiagonal(-scale, -scale, -scale),
                    Matrix{{0, scale, 0, 0, 0, scale, 0, 0, 0}}}) {
            Matrix E;
            expectFinite("log c", matrixFisher(F.data(), E.data()));
            expectFinite("E[R]", E);
            for (double entry : E)
                EXPECT_LE(std::abs(entry), 1 + inDouble("matrixFisher").absolute);
        }
}
