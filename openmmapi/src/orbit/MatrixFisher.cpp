// SPDX-License-Identifier: MIT
// The matrix Fisher distribution on SO(3): a 4x4 eigenproblem and one contour sum that is accurate in every regime.
#include "MatrixFisher.h"
#include "openmmorbit/internal/OrbitMean.h"
#include <algorithm>
#include <cmath>
#include <complex>

using namespace OrbitPlugin;

namespace {

// Loops over nodes and lanes are written so that compilers make vectors of them (square roots need -fno-math-errno).

const int NUM_NODES = 24;
const int NODE_BLOCK = 8;

/** Nodes z and weights ω of (2.4) on the upper half of the parabola, with 1/z. */
struct Contour {
    double zRe[NUM_NODES], zIm[NUM_NODES], inverseRe[NUM_NODES], inverseIm[NUM_NODES], wRe[NUM_NODES], wIm[NUM_NODES];
    Contour(double mu, double h) {
        const double scale = 2 * std::sqrt(mu) * h / 3.14159265358979323846;
        for (int j = 0; j < NUM_NODES; j++) {
            const std::complex<double> root(1.0, (j + 0.5) * h), z = mu * root * root, w = scale * std::exp(z),
                inverse = 1.0 / z;
            zRe[j] = z.real();
            zIm[j] = z.imag();
            inverseRe[j] = inverse.real();
            inverseIm[j] = inverse.imag();
            wRe[j] = w.real();
            wIm[j] = w.imag();
        }
    }
};

const Contour CONTOUR(3.6, 0.14);

/** Sum (2.4) and (2.5): c̄ and the four second moments m. All gaps are at least 0. */
inline double sumContour(const double* gaps, double* m) {
    double re[3][NUM_NODES], radius[3][NUM_NODES], large[3][NUM_NODES];
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < NUM_NODES; j++) {
            re[i][j] = CONTOUR.zRe[j] + gaps[i];
            radius[i][j] = std::sqrt(re[i][j] * re[i][j] + CONTOUR.zIm[j] * CONTOUR.zIm[j]);
            large[i][j] = std::sqrt(0.5 * (radius[i][j] + std::abs(re[i][j])));
        }

    // Principal roots of z + κ_i; their small components are Im z / (2 large), from one common division.

    double productRe[NUM_NODES], productIm[NUM_NODES];
    for (int j = 0; j < NUM_NODES; j++) {
        const double a = large[0][j], b = large[1][j], c = large[2][j];
        const double inverse = 0.5 * CONTOUR.zIm[j] / (a * b * c);
        const double a2 = inverse * b * c, b2 = inverse * a * c, c2 = inverse * a * b;
        const double aRe = re[0][j] >= 0 ? a : a2, aIm = re[0][j] >= 0 ? a2 : a;
        const double bRe = re[1][j] >= 0 ? b : b2, bIm = re[1][j] >= 0 ? b2 : b;
        const double cRe = re[2][j] >= 0 ? c : c2, cIm = re[2][j] >= 0 ? c2 : c;
        const double abRe = aRe * bRe - aIm * bIm, abIm = aRe * bIm + aIm * bRe;
        productRe[j] = abRe * cRe - abIm * cIm;
        productIm[j] = abRe * cIm + abIm * cRe;
    }
    double sums[5][NODE_BLOCK] = {};
    for (int first = 0; first < NUM_NODES; first += NODE_BLOCK)
        for (int k = 0; k < NODE_BLOCK; k++) {
            const int j = first + k;
            const double inverse = 1 / (radius[0][j] * radius[1][j] * radius[2][j]);
            const double gRe = (CONTOUR.wRe[j] * productRe[j] + CONTOUR.wIm[j] * productIm[j]) * inverse;
            const double gIm = (CONTOUR.wIm[j] * productRe[j] - CONTOUR.wRe[j] * productIm[j]) * inverse;
            const double r0 = inverse * radius[1][j] * radius[2][j], r1 = inverse * radius[0][j] * radius[2][j];
            const double r2 = inverse * radius[0][j] * radius[1][j];
            sums[0][k] += gRe;
            sums[1][k] += gRe * CONTOUR.inverseRe[j] - gIm * CONTOUR.inverseIm[j];
            sums[2][k] += (gRe * re[0][j] + gIm * CONTOUR.zIm[j]) * r0 * r0;
            sums[3][k] += (gRe * re[1][j] + gIm * CONTOUR.zIm[j]) * r1 * r1;
            sums[4][k] += (gRe * re[2][j] + gIm * CONTOUR.zIm[j]) * r2 * r2;
        }
    double totals[5];
    for (int s = 0; s < 5; s++) {
        totals[s] = 0;
        for (int k = 0; k < NODE_BLOCK; k++)
            totals[s] += sums[s][k];
    }
    for (int i = 0; i < 4; i++)
        m[i] = 0.5 * totals[1 + i] / totals[0];
    return totals[0];
}

/** Symmetric 4x4 matrices and their eigenvectors (columns of V), one a lane. */
template <int LANES>
struct Eigenproblem {
    double B[4][4][LANES], V[4][4][LANES];
};

/** Fill B of (2.3) from correlations [LANES][9]. */
template <int LANES>
inline void setQuadraticForm(const double* F, Eigenproblem<LANES>& problem) {
    for (int l = 0; l < LANES; l++) {
        const double* f = F + 9 * l;
        const double trace = f[0] + f[4] + f[8];
        const double row[4] = {trace, f[7] - f[5], f[2] - f[6], f[3] - f[1]};
        for (int i = 0; i < 4; i++)
            problem.B[0][i][l] = problem.B[i][0][l] = row[i];
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++)
                problem.B[i + 1][j + 1][l] = f[3 * i + j] + f[3 * j + i] - (i == j ? trace : 0.0);
    }
}

/** One Jacobi rotation of every lane that makes B[p][q] zero. */
template <int LANES>
inline void rotate(Eigenproblem<LANES>& problem, int p, int q) {
    double c[LANES], s[LANES];
    for (int l = 0; l < LANES; l++) {
        const double off = 2 * problem.B[p][q][l], gap = problem.B[q][q][l] - problem.B[p][p][l];
        const double size = std::abs(gap) + std::sqrt(gap * gap + off * off) + 1e-300;
        const double t = (gap >= 0 ? off : -off) / size;
        c[l] = 1 / std::sqrt(t * t + 1);
        s[l] = t * c[l];
        const double shift = 0.5 * t * off;
        problem.B[p][p][l] -= shift;
        problem.B[q][q][l] += shift;
        problem.B[p][q][l] = problem.B[q][p][l] = 0;
    }
    for (int k = 0; k < 4; k++) {
        if (k != p && k != q)
            for (int l = 0; l < LANES; l++) {
                const double a = problem.B[k][p][l], b = problem.B[k][q][l];
                problem.B[k][p][l] = problem.B[p][k][l] = c[l] * a - s[l] * b;
                problem.B[k][q][l] = problem.B[q][k][l] = s[l] * a + c[l] * b;
            }
        for (int l = 0; l < LANES; l++) {
            const double a = problem.V[k][p][l], b = problem.V[k][q][l];
            problem.V[k][p][l] = c[l] * a - s[l] * b;
            problem.V[k][q][l] = s[l] * a + c[l] * b;
        }
    }
}

template <int LANES>
inline void diagonalize(Eigenproblem<LANES>& problem) {
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++)
            for (int l = 0; l < LANES; l++)
                problem.V[i][j][l] = (i == j);
    for (int sweep = 0; sweep < 12; sweep++) {
        double off[LANES] = {}, diagonal[LANES] = {};
        for (int i = 0; i < 4; i++) {
            for (int l = 0; l < LANES; l++)
                diagonal[l] += problem.B[i][i][l] * problem.B[i][i][l];
            for (int j = 0; j < i; j++)
                for (int l = 0; l < LANES; l++)
                    off[l] += problem.B[i][j][l] * problem.B[i][j][l];
        }
        bool done = true;
        for (int l = 0; l < LANES; l++)
            done &= off[l] <= 1e-31 * diagonal[l];
        if (done)
            return;
        rotate(problem, 0, 1);
        rotate(problem, 2, 3);
        rotate(problem, 0, 2);
        rotate(problem, 1, 3);
        rotate(problem, 0, 3);
        rotate(problem, 1, 2);
    }
}

/** Mean rotation (2.6) of one lane. */
template <int LANES>
inline void setMeanRotation(const Eigenproblem<LANES>& problem, int lane, const double* m, double* E) {
    double T[4][4];
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++) {
            T[i][j] = 0;
            for (int k = 0; k < 4; k++)
                T[i][j] += m[k] * problem.V[i][k][lane] * problem.V[j][k][lane];
        }
    const double diagonal = T[0][0] - T[1][1] - T[2][2] - T[3][3];
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            E[3 * i + j] = 2 * T[i + 1][j + 1] + (i == j ? diagonal : 0.0);
    for (int i = 0; i < 3; i++) {
        const int j = (i + 1) % 3, k = (i + 2) % 3;
        E[3 * k + j] += 2 * T[0][i + 1];
        E[3 * j + k] -= 2 * T[0][i + 1];
    }
}

template <int LANES>
inline void evaluateLanes(const double* F, double* logC, double* meanRotation) {
    Eigenproblem<LANES> problem;
    setQuadraticForm(F, problem);
    diagonalize(problem);
    for (int l = 0; l < LANES; l++) {
        int top = 0;
        for (int k = 1; k < 4; k++)
            if (problem.B[k][k][l] > problem.B[top][top][l])
                top = k;
        double gaps[3], sorted[4], m[4];
        int others[3];
        for (int k = 0, i = 0; k < 4; k++)
            if (k != top) {
                others[i] = k;
                gaps[i++] = std::max(0.0, problem.B[top][top][l] - problem.B[k][k][l]);
            }
        logC[l] = problem.B[top][top][l] + std::log(sumContour(gaps, sorted));
        m[top] = sorted[0];
        for (int i = 0; i < 3; i++)
            m[others[i]] = sorted[1 + i];
        setMeanRotation(problem, l, m, meanRotation + 9 * l);
    }
}

void evaluateOne(const double* F, double* logC, double* meanRotation) {
    evaluateLanes<1>(F, logC, meanRotation);
}

} // namespace

void OrbitPlugin::evaluateMatrixFisher(const double* F, double* logC, double* meanRotation) {
    evaluateLanes<FISHER_LANES>(F, logC, meanRotation);
}

void OrbitPlugin::boundMatrixFisher(const double* F, double* bound) {
    for (int l = 0; l < FISHER_LANES; l++) {
        const double* f = F + 9 * l;

        // Scale to unit norm; the polynomial is λ⁴ − 2 λ² − 8 det λ + det B, and its largest root at most √3.

        double norm2 = 1e-300;
        for (int k = 0; k < 9; k++)
            norm2 += f[k] * f[k];
        const double norm = std::sqrt(norm2), scale = 1 / norm;
        const double a = f[0] * scale, b = f[1] * scale, c = f[2] * scale, d = f[3] * scale, e = f[4] * scale;
        const double g = f[5] * scale, h = f[6] * scale, i = f[7] * scale, j = f[8] * scale;
        const double cofactors[9] = {e * j - g * i, g * h - d * j, d * i - e * h, c * i - b * j, a * j - c * h,
            b * h - a * i, b * g - c * e, c * d - a * g, a * e - b * d};
        const double determinant = a * cofactors[0] + b * cofactors[1] + c * cofactors[2];
        double constant = 1;
        for (int k = 0; k < 9; k++)
            constant -= 4 * cofactors[k] * cofactors[k];
        double root = 1.7320508075688774;
        for (int step = 0; step < 8; step++) {
            const double square = root * root;
            const double value = (square - 2) * square - 8 * determinant * root + constant;
            const double slope = 4 * (square - 1) * root - 8 * determinant;
            root -= value / std::max(slope, 1e-12);
        }
        bound[l] = root * norm;
    }
}

void OrbitPlugin::diagonalizeQuadraticForm(const double* F, double* eigenvalues, double* eigenvectors) {
    Eigenproblem<1> problem;
    setQuadraticForm(F, problem);
    diagonalize(problem);
    int order[4] = {0, 1, 2, 3};
    std::sort(order, order + 4, [&](int i, int j) { return problem.B[i][i][0] > problem.B[j][j][0]; });
    for (int k = 0; k < 4; k++) {
        eigenvalues[k] = problem.B[order[k]][order[k]][0];
        for (int i = 0; i < 4; i++)
            eigenvectors[4 * k + i] = problem.V[i][order[k]][0];
    }
}

void OrbitPlugin::quaternionToRotation(const double* q, double* R) {
    const double w = q[0], x = q[1], y = q[2], z = q[3];
    const double values[9] = {1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y), 2 * (x * y + w * z),
            1 - 2 * (x * x + z * z), 2 * (y * z - w * x), 2 * (x * z - w * y), 2 * (y * z + w * x),
            1 - 2 * (x * x + y * y)};
    std::copy(values, values + 9, R);
}

double OrbitPlugin::bestRotation(const double* F, double* rotation) {
    double eigenvalues[4], eigenvectors[16];
    diagonalizeQuadraticForm(F, eigenvalues, eigenvectors);
    quaternionToRotation(eigenvectors, rotation);
    return eigenvalues[0];
}

double OrbitPlugin::matrixFisher(const double* F, double* meanRotation) {
    double logC, unused[9];
    evaluateOne(F, &logC, meanRotation == nullptr ? unused : meanRotation);
    return logC;
}
