// SPDX-License-Identifier: MIT
// Bonds and angles of frames: their means, their precision, and the quadratic model that follows.
#include "StiffGeometry.h"
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <algorithm>
#include <cmath>
#include <numbers>

namespace OrbitPlugin {
namespace torchimpl {

namespace {

/** Angles that are wider than this have no derivatives that can be relied on, radian. */
const double MAX_ANGLE = 170 * std::numbers::pi / 180;
/** Added to the variances: the angles of an atom may depend on each other. */
const double RIDGE = 1e-3;

typedef std::array<double, 3> Vector;

Vector subtract(const double* positions, int i, int j) {
    return {positions[3 * i] - positions[3 * j], positions[3 * i + 1] - positions[3 * j + 1],
            positions[3 * i + 2] - positions[3 * j + 2]};
}

double dot(const Vector& a, const Vector& b) {
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

} // namespace

StiffGeometry::StiffGeometry(
        const std::vector<std::vector<int>>& neighbors, const std::vector<std::vector<double>>& frames) :
        numCoordinates(3 * (int) neighbors.size()) {
    std::vector<double> deviations;
    for (int i = 0; i < (int) neighbors.size(); i++) {
        for (int j : neighbors[i]) {
            Block bond;
            bond.coordinates.push_back({{{i, j, -1}}});
            if (j < i || !fit(frames, bond))
                continue;
            deviations.push_back(1 / std::sqrt(bond.precision[0]));
            blocks.push_back(std::move(bond));
        }
        Block angles;
        for (int j : neighbors[i])
            for (int k : neighbors[i]) {
                Block angle;
                angle.coordinates.push_back({{{j, i, k}}});
                if (j < k && fit(frames, angle) && angle.mean[0] < MAX_ANGLE)
                    angles.coordinates.push_back(angle.coordinates[0]);
            }
        if (!angles.coordinates.empty() && fit(frames, angles))
            blocks.push_back(std::move(angles));
    }
    if (deviations.empty()) {
        blocks.clear();
        return;
    }
    std::nth_element(deviations.begin(), deviations.begin() + (std::ptrdiff_t) deviations.size() / 2, deviations.end());
    bondDeviation = deviations[deviations.size() / 2];
}

void StiffGeometry::measure(const double* positions, Coordinate& coordinate) {
    const auto [i, j, k] = coordinate.atoms;
    std::array<double, 9>& derivatives = coordinate.derivatives;
    const Vector a = subtract(positions, i, j);
    const double lengthA = std::sqrt(dot(a, a));
    if (k < 0) {
        coordinate.value = lengthA;
        for (int c = 0; c < 3; c++) {
            derivatives[c] = a[c] / lengthA;
            derivatives[3 + c] = -derivatives[c];
        }
        return;
    }
    const Vector b = subtract(positions, k, j);
    const double lengthB = std::sqrt(dot(b, b));
    const double cosine = std::clamp(dot(a, b) / (lengthA * lengthB), -0.9999, 0.9999);
    const double sine = std::sqrt(1 - cosine * cosine);
    coordinate.value = std::acos(cosine);
    for (int c = 0; c < 3; c++) {
        derivatives[c] = (cosine * a[c] / lengthA - b[c] / lengthB) / (lengthA * sine);
        derivatives[6 + c] = (cosine * b[c] / lengthB - a[c] / lengthA) / (lengthB * sine);
        derivatives[3 + c] = -derivatives[c] - derivatives[6 + c];
    }
}

bool StiffGeometry::fit(const std::vector<std::vector<double>>& frames, Block& block) {
    const int size = (int) block.coordinates.size(), count = (int) frames.size();
    at::Tensor values = at::empty({count, size}, at::kDouble);
    double* entries = values.data_ptr<double>();
    for (const std::vector<double>& frame : frames)
        for (Coordinate& coordinate : block.coordinates) {
            measure(frame.data(), coordinate);
            *entries++ = coordinate.value;
        }
    const at::Tensor mean = values.mean(0), centred = values - mean;
    const at::Tensor covariance = at::mm(centred.t(), centred) / count, variances = covariance.diagonal().clone();
    if (!(variances.min().item<double>() > 0))
        return false;
    const at::Tensor precision = at::linalg_inv(covariance + RIDGE * at::diag(variances)).contiguous();
    block.mean.assign(mean.data_ptr<double>(), mean.data_ptr<double>() + size);
    block.precision.assign(precision.data_ptr<double>(), precision.data_ptr<double>() + (std::ptrdiff_t) size * size);
    return true;
}

double StiffGeometry::getEnergy(const double* positions) const {
    double energy = 0;
    for (const Block& block : blocks) {
        std::vector<double> change;
        for (Coordinate coordinate : block.coordinates) {
            measure(positions, coordinate);
            change.push_back(coordinate.value - block.mean[change.size()]);
        }
        for (std::size_t p = 0; p < change.size(); p++)
            for (std::size_t q = 0; q < change.size(); q++)
                energy += 0.5 * block.precision[p * change.size() + q] * change[p] * change[q];
    }
    return energy;
}

at::Tensor StiffGeometry::linearize(const double* positions, at::Tensor& gradient) const {
    at::Tensor hessian = at::zeros({numCoordinates, numCoordinates}, at::kDouble);
    gradient = at::zeros({numCoordinates}, at::kDouble);
    double *H = hessian.data_ptr<double>(), *g = gradient.data_ptr<double>();
    auto forEach = [](const Coordinate& coordinate, auto&& visit) {
        for (int a = 0; a < 3; a++)
            for (int c = 0; c < 3 && coordinate.atoms[a] >= 0; c++)
                visit(3 * coordinate.atoms[a] + c, coordinate.derivatives[3 * a + c]);
    };
    for (const Block& block : blocks) {
        std::vector<Coordinate> found = block.coordinates;
        for (Coordinate& coordinate : found)
            measure(positions, coordinate);
        for (std::size_t p = 0; p < found.size(); p++)
            for (std::size_t q = 0; q < found.size(); q++) {
                const double stiffness = block.precision[p * found.size() + q];
                forEach(found[p], [&](int row, double first) {
                    g[row] += stiffness * first * (found[q].value - block.mean[q]);
                    forEach(found[q], [&](int column, double second) {
                        H[(std::ptrdiff_t) row * numCoordinates + column] += stiffness * first * second;
                    });
                });
            }
    }
    return hessian;
}

} // namespace torchimpl
} // namespace OrbitPlugin
