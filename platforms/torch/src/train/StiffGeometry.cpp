// SPDX-License-Identifier: MIT
// Bonds and angles of frames: their means, their precision, and the quadratic model that follows.
#include "StiffGeometry.h"
#include <algorithm>
#include <cmath>
#include <numbers>

using Eigen::MatrixXd;
using Eigen::Vector3d;
using Eigen::VectorXd;

namespace OrbitPlugin {
namespace torchimpl {

namespace {

/** Angles that are wider than this have no derivatives that can be relied on, radian. */
const double MAX_ANGLE = 170 * std::numbers::pi / 180;
/** Added to the variances: the angles of an atom may depend on each other. */
const double RIDGE = 1e-3;

} // namespace

StiffGeometry::StiffGeometry(
        const std::vector<std::vector<int>>& neighbors, const std::vector<std::vector<float>>& frames) {
    std::vector<double> deviations;
    for (int i = 0; i < (int) neighbors.size(); i++)
        for (int j : neighbors[i]) {
            if (i < j)
                add({{i, j}, {{0, 1, -1}}}, frames);
        }
    for (const Block& bond : blocks)
        deviations.push_back(1 / std::sqrt(bond.precision(0, 0)));
    if (deviations.empty())
        return;
    std::nth_element(deviations.begin(), deviations.begin() + (std::ptrdiff_t) deviations.size() / 2, deviations.end());
    bondDeviation = deviations[deviations.size() / 2];
    for (int i = 0; i < (int) neighbors.size(); i++) {
        Block angles{neighbors[i], {}};
        const int center = (int) neighbors[i].size();
        angles.atoms.push_back(i);
        for (int j = 0; j < center; j++)
            for (int k = j + 1; k < center; k++)
                angles.coordinates.push_back({j, center, k});
        add(angles, frames);
    }
    makePattern(3 * (int) neighbors.size());
}

VectorXd StiffGeometry::measure(const Block& block, const VectorXd& positions, MatrixXd* J) {
    VectorXd values(block.coordinates.size());
    if (J != nullptr)
        J->setZero(values.size(), positions.size());
    for (int row = 0; row < values.size(); row++) {
        const auto [i, j, k] = block.coordinates[row];
        const Vector3d a = positions.segment<3>(3 * i) - positions.segment<3>(3 * j);
        const double lengthA = a.norm();
        Vector3d first = a / lengthA, third = Vector3d::Zero();
        if (k < 0)
            values[row] = lengthA;
        else {
            const Vector3d b = positions.segment<3>(3 * k) - positions.segment<3>(3 * j);
            const double lengthB = b.norm();
            const double cosine = std::clamp(a.dot(b) / (lengthA * lengthB), -0.9999, 0.9999);
            const double sine = std::sqrt(1 - cosine * cosine);
            values[row] = std::acos(cosine);
            first = (cosine * a / lengthA - b / lengthB) / (lengthA * sine);
            third = (cosine * b / lengthB - a / lengthA) / (lengthB * sine);
        }
        if (J == nullptr)
            continue;
        J->block<1, 3>(row, 3 * i) = first;
        J->block<1, 3>(row, 3 * j) = -first - third;
        if (k >= 0)
            J->block<1, 3>(row, 3 * k) = third;
    }
    return values;
}

template<class Positions>
VectorXd StiffGeometry::gather(const Block& block, const Positions& positions) {
    VectorXd gathered(3 * block.atoms.size());
    for (std::size_t a = 0; a < block.atoms.size(); a++)
        for (int c = 0; c < 3; c++)
            gathered[3 * a + c] = positions[3 * block.atoms[a] + c];
    return gathered;
}

void StiffGeometry::add(Block block, const std::vector<std::vector<float>>& frames) {
    MatrixXd values(frames.size(), block.coordinates.size());
    for (std::size_t frame = 0; frame < frames.size(); frame++)
        values.row(frame) = measure(block, gather(block, frames[frame]), nullptr);
    const VectorXd mean = values.colwise().mean();
    values.rowwise() -= mean.transpose();
    const MatrixXd covariance = values.transpose() * values / (double) frames.size();
    std::vector<int> kept;
    std::vector<Coordinate> coordinates;
    for (int k = 0; k < mean.size(); k++)
        if (covariance(k, k) > 0 && (block.coordinates[k][2] < 0 || mean[k] < MAX_ANGLE)) {
            kept.push_back(k);
            coordinates.push_back(block.coordinates[k]);
        }
    if (kept.empty())
        return;
    MatrixXd widened = covariance(kept, kept);
    widened.diagonal() *= 1 + RIDGE;
    block.coordinates = coordinates;
    block.mean = mean(kept);
    block.precision = widened.inverse();
    blocks.push_back(std::move(block));
}

void StiffGeometry::makePattern(int numCoordinates) {
    std::vector<Eigen::Triplet<double>> triplets;
    for (int k = 0; k < numCoordinates; k++)
        triplets.emplace_back(k, k, 0);
    auto forEachEntry = [this](auto&& visit) {
        for (Block& block : blocks)
            for (int p = 0; p < 3 * (int) block.atoms.size(); p++)
                for (int q = 0; q < 3 * (int) block.atoms.size(); q++) {
                    const int row = 3 * block.atoms[p / 3] + p % 3, column = 3 * block.atoms[q / 3] + q % 3;
                    visit(block, row, column);
                }
    };
    forEachEntry([&](Block&, int row, int column) {
        if (row >= column)
            triplets.emplace_back(row, column, 0);
    });
    pattern.resize(numCoordinates, numCoordinates);
    pattern.setFromTriplets(triplets.begin(), triplets.end());
    forEachEntry([this](Block& block, int row, int column) {
        block.entries.push_back(
                row < column ? -1 : (int) (&pattern.coeffRef(row, column) - pattern.valuePtr()));
    });
}

double StiffGeometry::getEnergy(const VectorXd& positions) const {
    double energy = 0;
    for (const Block& block : blocks) {
        const VectorXd change = measure(block, gather(block, positions), nullptr) - block.mean;
        energy += change.dot(block.precision * change) / 2;
    }
    return energy;
}

Eigen::SparseMatrix<double> StiffGeometry::linearize(const VectorXd& positions, VectorXd& gradient) const {
    Eigen::SparseMatrix<double> hessian = pattern;
    gradient = VectorXd::Zero(positions.size());
    MatrixXd J;
    for (const Block& block : blocks) {
        const VectorXd change = measure(block, gather(block, positions), &J) - block.mean;
        const MatrixXd stiffness = J.transpose() * block.precision, ofBlock = stiffness * J;
        const VectorXd slopes = stiffness * change;
        const int* entry = block.entries.data();
        for (int p = 0; p < slopes.size(); p++) {
            gradient[3 * block.atoms[p / 3] + p % 3] += slopes[p];
            for (int q = 0; q < slopes.size(); q++, entry++)
                if (*entry >= 0)
                    hessian.valuePtr()[*entry] += ofBlock(p, q);
        }
    }
    return hessian;
}

} // namespace torchimpl
} // namespace OrbitPlugin
