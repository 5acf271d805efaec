// SPDX-License-Identifier: MIT
// Determinants and solutions: LU of the whole matrix, or Krylov spaces of a few vectors.
#include "FlowJacobian.h"
#include <algorithm>
#include <cmath>
#include <limits>
#include <unsupported/Eigen/MatrixFunctions>
#include <vector>

using Eigen::Index;
using Eigen::MatrixXcd;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace OrbitPlugin {

namespace {

/** A Krylov space has at most so many dimensions. Steps are near multiples of one, so a few do. */
const int MAX_KRYLOV = 24;
/** It is large enough when the last dimension changes the result by less than this share. */
const double KRYLOV_TOLERANCE = 1e-4;

/** The space of v, J v, J^2 v, ... with an orthonormal basis, and J in it (Arnoldi's method). */
class KrylovSpace {
public:
    explicit KrylovSpace(const VectorXd& start) :
            norm(start.norm()), hessenberg(MatrixXd::Zero(MAX_KRYLOV, MAX_KRYLOV)) {
        basis.push_back(start / norm);
    }
    /** Get the direction whose product is wanted next. */
    const VectorXd& getDirection() const {
        return basis.back();
    }
    /** Take the product of J with that direction. */
    void extend(VectorXd image) {
        const int last = size++;
        for (int repeat = 0; repeat < 2; repeat++)
            for (int k = 0; k <= last; k++) {
                const double overlap = basis[k].dot(image);
                hessenberg(k, last) += overlap;
                image -= overlap * basis[k];
            }
        const double rest = image.norm();
        isComplete = size == MAX_KRYLOV || size == image.size() || rest < 1e-10 * std::abs(hessenberg(last, last));
        if (isComplete)
            return;
        hessenberg(last + 1, last) = rest;
        basis.push_back(image / rest);
    }
    /** Get v^T (ln J) v; the real part, so that |det J| counts. */
    double getQuadraticLogarithm() const {
        const MatrixXcd small = hessenberg.topLeftCorner(size, size).cast<std::complex<double>>();
        const MatrixXcd logarithm = small.log();
        return norm * norm * logarithm(0, 0).real();
    }
    /** Get x with J x = v. */
    VectorXd solve() const {
        const VectorXd small =
                hessenberg.topLeftCorner(size, size).partialPivLu().solve(norm * VectorXd::Unit(size, 0));
        VectorXd result = small[0] * basis[0];
        for (int k = 1; k < size; k++)
            result += small[k] * basis[k];
        return result;
    }
    /** Whether no direction is left, or there is no room for one. */
    bool isComplete = false;
private:
    double norm;
    int size = 0;
    MatrixXd hessenberg;
    std::vector<VectorXd> basis;
};

} // namespace

DenseJacobian::DenseJacobian(int dimension, const JacobianProduct& multiply) {
    factors.compute(multiply(MatrixXd::Identity(dimension, dimension), &value));
}

double DenseJacobian::getLogDeterminant(double& variance) {
    variance = 0;
    return factors.matrixLU().diagonal().array().abs().log().sum();
}

bool DenseJacobian::isFolded() const {
    const Index numNegative = (factors.matrixLU().diagonal().array() < 0).count();
    return (numNegative % 2 == 0 ? 1 : -1) * factors.permutationP().determinant() < 0;
}

VectorXd DenseJacobian::solve(const VectorXd& residual) {
    return factors.solve(residual);
}

KrylovJacobian::KrylovJacobian(
        int dimension, const JacobianProduct& multiply, int numProbes, std::mt19937_64& random) :
        dimension(dimension), numProbes(numProbes), multiply(multiply), random(random) {
    multiply(MatrixXd(dimension, 0), &value);
}

double KrylovJacobian::getLogDeterminant(double& variance) {
    // All vectors take a dimension at a time, in one batch.

    std::vector<KrylovSpace> spaces;
    for (int probe = 0; probe < numProbes; probe++) {
        VectorXd signs(dimension);
        for (Index k = 0; k < dimension; k++)
            signs[k] = random() >> 63 ? 1 : -1;
        spaces.emplace_back(signs);
    }
    VectorXd values = VectorXd::Constant(numProbes, std::numeric_limits<double>::infinity());
    for (bool done = false; !done;) {
        MatrixXd directions(dimension, numProbes);
        for (int probe = 0; probe < numProbes; probe++)
            directions.col(probe) = spaces[probe].getDirection();
        const MatrixXd images = multiply(directions, nullptr);
        done = true;
        for (int probe = 0; probe < numProbes; probe++) {
            KrylovSpace& space = spaces[probe];
            if (space.isComplete)
                continue;
            space.extend(images.col(probe));
            const double before = values[probe];
            values[probe] = space.getQuadraticLogarithm();
            done = done && (space.isComplete || !(std::abs(values[probe] - before) > KRYLOV_TOLERANCE * dimension));
        }
    }
    const double mean = values.mean();
    variance = (values.array() - mean).square().sum() / (numProbes - 1) / numProbes;
    return mean;
}

VectorXd KrylovJacobian::solve(const VectorXd& residual) {
    KrylovSpace space(residual);
    VectorXd result = VectorXd::Constant(dimension, std::numeric_limits<double>::infinity()), before;
    do {
        before = result;
        space.extend(multiply(space.getDirection(), nullptr));
        result = space.solve();
    } while (!space.isComplete && !((result - before).norm() <= KRYLOV_TOLERANCE * result.norm()));
    return result;
}

} // namespace OrbitPlugin
