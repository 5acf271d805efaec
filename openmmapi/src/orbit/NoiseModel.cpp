// SPDX-License-Identifier: MIT
// The covariance of the interpolant's noise applied to vectors: scaling, or one Cholesky factor for the harmonic prior.
#include "NoiseModel.h"
#include <cmath>
#include <numeric>

using namespace OrbitPlugin;
using std::vector;

vector<double> OrbitPlugin::center(vector<double> positions) {
    const size_t numAtoms = positions.size() / 3;
    for (int c = 0; c < 3; c++) {
        double sum = 0;
        for (size_t a = 0; a < numAtoms; a++)
            sum += positions[3 * a + c];
        for (size_t a = 0; a < numAtoms; a++)
            positions[3 * a + c] -= sum / (double) numAtoms;
    }
    return positions;
}

static vector<double> scale(vector<double> x, double factor) {
    for (double& value : x)
        value *= factor;
    return x;
}

NoiseModel::NoiseModel(const OrbitPosteriorSettings& settings, double time, const BondList& bonds, int numAtoms) :
        harmonic(settings.prior == "harmonic"), time(time), variance0(settings.priorScale * settings.priorScale),
        sigma2(settings.sigma * settings.sigma), numAtoms(numAtoms), bonds(bonds) {
    if (harmonic)
        factorize();
}

vector<double> NoiseModel::applyPrior(const vector<double>& x) const {
    if (!harmonic)
        return scale(x, variance0 / getIsotropicVariance());
    vector<double> solution = x;
    for (int c = 0; c < 3; c++)
        solve(solution.data() + c);
    return center(solution);
}

vector<double> NoiseModel::applyPrecision(const vector<double>& x) const {
    return harmonic ? applyLaplacian(applyPrior(x)) : scale(x, 1 / getIsotropicVariance());
}

vector<double> NoiseModel::combineVelocity(const vector<double>& priorPart,
        const vector<double>& precisionPart) const {
    vector<double> result(priorPart.size());
    for (size_t k = 0; k < result.size(); k++)
        result[k] = -(1 - time) * priorPart[k] + 0.5 * sigma2 * (1 - 2 * time) * precisionPart[k];
    return result;
}

vector<double> NoiseModel::applyLaplacian(const vector<double>& x) const {
    vector<double> result(x.size(), 0.0);
    for (const auto& [a, b] : bonds)
        for (int c = 0; c < 3; c++) {
            const double difference = x[3 * a + c] - x[3 * b + c];
            result[3 * a + c] += difference;
            result[3 * b + c] -= difference;
        }
    return result;
}

/** Cholesky factor of K, with 11ᵀ/N added to L: centred vectors do not see it, and K stays well conditioned. */
void NoiseModel::factorize() {
    const double spring = sigma2 * time * (1 - time), diagonal = (1 - time) * (1 - time);
    factor.assign((size_t) numAtoms * numAtoms, spring / numAtoms);
    auto entry = [&](int i, int j) -> double& { return factor[(size_t) i * numAtoms + j]; };
    for (int i = 0; i < numAtoms; i++)
        entry(i, i) += diagonal;
    for (const auto& [a, b] : bonds) {
        entry(a, a) += spring;
        entry(b, b) += spring;
        entry(a, b) -= spring;
        entry(b, a) -= spring;
    }
    for (int i = 0; i < numAtoms; i++)
        for (int j = 0; j <= i; j++) {
            const double* rowI = &entry(i, 0);
            const double sum = entry(i, j) - std::inner_product(rowI, rowI + j, &entry(j, 0), 0.0);
            entry(i, j) = (i == j ? std::sqrt(sum) : sum / entry(j, j));
        }
}

/** Solve K z = x in place for one column of an [numAtoms][3] array. */
void NoiseModel::solve(double* x) const {
    for (int i = 0; i < numAtoms; i++) {
        for (int j = 0; j < i; j++)
            x[3 * i] -= factor[(size_t) i * numAtoms + j] * x[3 * j];
        x[3 * i] /= factor[(size_t) i * numAtoms + i];
    }
    for (int i = numAtoms - 1; i >= 0; i--) {
        for (int j = i + 1; j < numAtoms; j++)
            x[3 * i] -= factor[(size_t) j * numAtoms + i] * x[3 * j];
        x[3 * i] /= factor[(size_t) i * numAtoms + i];
    }
}
