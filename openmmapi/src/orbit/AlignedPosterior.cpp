// SPDX-License-Identifier: MIT
// Posteriors of aligned samples: one rotation a permutation, weights with the Jacobian of the orbits' volume.
#include "AlignedPosterior.h"
#include "openmmorbit/internal/OrbitMean.h"
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

using namespace OrbitPlugin;
using std::vector;

namespace {

typedef std::array<double, 9> Matrix3;

const double NEVER = -std::numeric_limits<double>::infinity();

double determinant(const Matrix3& m) {
    return m[0] * (m[4] * m[8] - m[5] * m[7]) - m[1] * (m[3] * m[8] - m[5] * m[6]) +
        m[2] * (m[3] * m[7] - m[4] * m[6]);
}

/** Solve m x = b for a regular 3x3 matrix. */
std::array<double, 3> solve(const Matrix3& m, const std::array<double, 3>& b) {
    const double scale = 1 / determinant(m);
    std::array<double, 3> x;
    for (int k = 0; k < 3; k++) {
        Matrix3 replaced = m;
        for (int i = 0; i < 3; i++)
            replaced[3 * i + k] = b[i];
        x[k] = scale * determinant(replaced);
    }
    return x;
}

/** The correlation aᵀ b [3][3]. */
Matrix3 correlate(const vector<double>& a, const vector<double>& b) {
    Matrix3 sum = {};
    for (size_t atom = 0; atom < a.size(); atom += 3)
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++)
                sum[3 * i + j] += a[atom + i] * b[atom + j];
    return sum;
}

/** tr(H) I − H of the symmetric part of a correlation. */
Matrix3 getOrbitMetric(const Matrix3& H) {
    const double trace = H[0] + H[4] + H[8];
    Matrix3 metric;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            metric[3 * i + j] = (i == j ? trace : 0.0) - 0.5 * (H[3 * i + j] + H[3 * j + i]);
    return metric;
}

/** Logarithm of the volume Jacobian det(tr(H) I − H); never outside the cone where the matrix is positive. */
double getLogJacobian(const Matrix3& H) {
    const Matrix3 metric = getOrbitMetric(H);
    const double det = determinant(metric), minor = metric[0] * metric[4] - metric[1] * metric[3];
    return metric[0] > 0 && minor > 0 && det > 0 ? std::log(det) : NEVER;
}

/** Multiply every row by a rotation from the right, or by its transpose. */
vector<double> multiply(const vector<double>& x, const double* R) {
    vector<double> result(x.size());
    for (size_t a = 0; a < x.size(); a += 3)
        for (int j = 0; j < 3; j++)
            result[a + j] = x[a] * R[j] + x[a + 1] * R[3 + j] + x[a + 2] * R[6 + j];
    return result;
}

Matrix3 transpose(const Matrix3& m) {
    return {m[0], m[3], m[6], m[1], m[4], m[7], m[2], m[5], m[8]};
}

vector<double> permute(const vector<double>& x, const int* permutation) {
    vector<double> result(x.size());
    for (size_t a = 0; a < x.size() / 3; a++)
        std::copy_n(x.data() + 3 * (size_t) permutation[a], 3, result.data() + 3 * a);
    return result;
}

double dot(const vector<double>& a, const vector<double>& b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

/** One permutation of the Kabsch coupling. */
struct AlignedElement {
    vector<double> clean, noiseMean;    ///< P x1 and ŷ in the frame of x1
    Matrix3 rotation;                   ///< R_P
    double gaussian = 0, jacobian = 0;  ///< parts of the logarithm of the weight (2.13)
};

/** Mean of the noise given the residual r = z − t P x1, restricted to the noise that is aligned with P x1 (2.12). */
void constrainNoise(const AlignedSample& sample, const vector<double>& residual, AlignedElement& element) {
    const vector<double> precise = sample.noise.applyPrecision(residual);
    element.noiseMean = sample.noise.applyPrior(residual);
    for (double& value : element.noiseMean)
        value *= 1 - sample.time;
    element.gaussian = -0.5 * dot(residual, precise);
    const double variance = sample.noise.getBridgeVariance();
    if (variance == 0)
        return;

    // The three constraints are the components of Σ y_a × (P x1)_a; their normals are (P x1)_a × e_k.

    vector<double> normals[3], spread[3];
    for (int k = 0; k < 3; k++) {
        normals[k].assign(residual.size(), 0.0);
        const int i = (k + 1) % 3, j = (k + 2) % 3;
        for (size_t a = 0; a < residual.size(); a += 3) {
            normals[k][a + i] = element.clean[a + j];
            normals[k][a + j] = -element.clean[a + i];
        }
        spread[k] = sample.noise.applyPrior(normals[k]);
        for (double& value : spread[k])
            value *= variance;
    }
    Matrix3 schur;
    std::array<double, 3> violation;
    for (int k = 0; k < 3; k++) {
        violation[k] = dot(normals[k], element.noiseMean);
        for (int l = 0; l < 3; l++)
            schur[3 * k + l] = dot(normals[k], spread[l]);
    }
    const std::array<double, 3> multipliers = solve(schur, violation);
    for (int k = 0; k < 3; k++) {
        element.gaussian -= 0.5 * multipliers[k] * violation[k];
        for (size_t c = 0; c < residual.size(); c++)
            element.noiseMean[c] -= multipliers[k] * spread[k][c];
    }
}

// (2.11) to (2.13)

AlignedElement alignElement(const AlignedSample& sample, const int* permutation) {
    AlignedElement element;
    element.clean = permute(sample.x1, permutation);
    bestRotation(correlate(sample.xt, element.clean).data(), element.rotation.data());
    const vector<double> z = multiply(sample.xt, element.rotation.data());
    vector<double> residual(z.size());
    for (size_t k = 0; k < z.size(); k++)
        residual[k] = z[k] - sample.time * element.clean[k];
    constrainNoise(sample, residual, element);
    element.jacobian = getLogJacobian(correlate(element.noiseMean, element.clean)) -
        getLogJacobian(correlate(z, element.clean));
    return element;
}

/** Posterior weights; if no element lies in the cone, which bridge noise can cause, their Gaussian parts alone. */
vector<double> getWeights(const vector<AlignedElement>& elements) {
    vector<double> weights;
    for (const AlignedElement& element : elements)
        weights.push_back(element.gaussian + element.jacobian);
    auto isPossible = [](double weight) { return std::isfinite(weight); };
    if (std::none_of(weights.begin(), weights.end(), isPossible))
        for (size_t p = 0; p < elements.size(); p++)
            weights[p] = elements[p].gaussian;
    double largest = NEVER, sum = 0;
    for (double weight : weights)
        if (isPossible(weight))
            largest = std::max(largest, weight);
    for (double& weight : weights)
        sum += weight = isPossible(weight) ? std::exp(weight - largest) : 0.0;
    for (double& weight : weights)
        weight /= sum;
    return weights;
}

/** The rotation and permutation that bring x1 closest to given positions. */
struct BestElement {
    Matrix3 rotation;
    const int* permutation = nullptr;
};

BestElement findBestElement(
        const vector<double>& x1, const vector<double>& target, ArrayView<const int> automorphisms) {
    BestElement best;
    Matrix3 rotation;
    double largest = NEVER;
    for (size_t first = 0; first < automorphisms.size(); first += x1.size() / 3) {
        const int* permutation = automorphisms.data() + first;
        const double overlap = bestRotation(correlate(target, permute(x1, permutation)).data(), rotation.data());
        if (best.permutation == nullptr || overlap > largest) {
            largest = overlap;
            best = {rotation, permutation};
        }
    }
    return best;
}

} // namespace

bool OrbitPlugin::isLinear(const vector<double>& positions) {
    const Matrix3 inertia = getOrbitMetric(correlate(positions, positions));
    const double trace = inertia[0] + inertia[4] + inertia[8];
    return !(determinant(inertia) > 1e-6 * trace * trace * trace);
}

OrbitPosteriorResult OrbitPlugin::kabschPosterior(const AlignedSample& sample) {
    const size_t size = sample.x1.size(), numAtoms = size / 3;
    vector<AlignedElement> elements;
    for (size_t first = 0; first < sample.automorphisms.size(); first += numAtoms)
        elements.push_back(alignElement(sample, sample.automorphisms.data() + first));
    const vector<double> weights = getWeights(elements);

    // (2.14), with the coefficient of the bridge's own velocity.

    OrbitPosteriorResult result;
    result.mean.assign(size, 0.0);
    result.x0Mean.assign(size, 0.0);
    for (size_t p = 0; p < elements.size(); p++) {
        const Matrix3 back = transpose(elements[p].rotation);
        const vector<double> clean = multiply(elements[p].clean, back.data());
        const vector<double> noise = multiply(elements[p].noiseMean, back.data());
        for (size_t k = 0; k < size; k++) {
            result.mean[k] += weights[p] * clean[k];
            result.x0Mean[k] += weights[p] * noise[k];
        }
    }
    const double t = sample.time;
    const double bridge = sample.noise.getBridgeVariance() == 0 ? 0.0 : (1 - 2 * t) / (2 * t * (1 - t));
    result.velocity.resize(size);
    for (size_t k = 0; k < size; k++)
        result.velocity[k] = result.mean[k] - result.x0Mean[k] +
            bridge * (sample.xt[k] - t * result.mean[k] - (1 - t) * result.x0Mean[k]);
    return result;
}

OrbitPosteriorResult OrbitPlugin::transportPosterior(const AlignedSample& sample) {
    const BestElement best = findBestElement(sample.x1, sample.xt, sample.automorphisms);
    OrbitPosteriorResult result;
    result.mean = multiply(permute(sample.x1, best.permutation), transpose(best.rotation).data());
    for (size_t k = 0; k < result.mean.size(); k++) {
        result.x0Mean.push_back((sample.xt[k] - sample.time * result.mean[k]) / (1 - sample.time));
        result.velocity.push_back(result.mean[k] - result.x0Mean[k]);
    }
    return result;
}

vector<double> OrbitPlugin::alignNoise(const vector<double>& x0, const vector<double>& x1,
        ArrayView<const int> automorphisms) {
    const BestElement best = findBestElement(x1, x0, automorphisms);
    const vector<double> rotated = multiply(x0, best.rotation.data());
    vector<double> result(x0.size());
    for (size_t a = 0; a < x0.size() / 3; a++)
        std::copy_n(rotated.data() + 3 * a, 3, result.data() + 3 * (size_t) best.permutation[a]);
    return result;
}
