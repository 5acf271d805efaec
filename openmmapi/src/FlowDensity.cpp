// SPDX-License-Identifier: MIT
// Jacobians of the sampler's steps by differences, and the way back by Newton's method.
#include "FlowDensity.h"
#include "openmmorbit/ArgumentError.h"
#include <algorithm>
#include <cmath>
#include <limits>

using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace OrbitPlugin {

namespace {

const double PI = 3.14159265358979323846;
/** One batch holds at most this many pairs of tokens, unless one copy has more. */
const long long MAX_PAIRS = 1 << 18;
/** Newton steps, and when they are done: largest coordinate of the residual, over the difference of the Jacobian. */
const int MAX_ITERATIONS = 30;
const double MAX_RESIDUAL = 0.02;

/** Columns that are orthonormal and have no common translation: Helmert's matrix for each of the three axes. */
MatrixXd makeBasis(int numPoints) {
    MatrixXd basis = MatrixXd::Zero(3 * numPoints, 3 * numPoints - 3);
    for (int k = 1; k < numPoints; k++) {
        const double norm = 1 / std::sqrt((double) k * (k + 1));
        for (int axis = 0; axis < 3; axis++) {
            for (int i = 0; i < k; i++)
                basis(3 * i + axis, 3 * (k - 1) + axis) = norm;
            basis(3 * k + axis, 3 * (k - 1) + axis) = -k * norm;
        }
    }
    return basis;
}

void checkPlan(const SamplerPlan& plan, const TokenInputs& inputs) {
    if (!plan.renewedLevels.empty() && *std::max_element(plan.renewedLevels.begin(), plan.renewedLevels.end()) > 0)
        throw ArgumentError("FlowDensity: expected a sampler whose steps are functions of the positions, got "
                "one that draws noise anew; set renewal to 0");
    if (plan.method == SamplerMethod::Multistep)
        throw ArgumentError("FlowDensity: expected a sampler whose steps are functions of the positions, got "
                "one that remembers the step before; use the method euler or heun");
    if (plan.stereoGuidance > 0 && !inputs.handedVolumes.empty())
        throw ArgumentError("FlowDensity: expected a sampler whose steps are functions of the positions, got "
                "one that is guided; set stereoGuidance to 0");
}

} // namespace

FlowDensity::FlowDensity(IntegrateOrbitDiffusionStepKernel& kernel, const SamplerPlan& plan, const TokenInputs& inputs,
        int condition, double difference) :
        kernel(kernel), plan(plan), difference(difference), basis(makeBasis(inputs.getNumPoints())) {
    checkPlan(plan, inputs);
    if (inputs.getNumPoints() < 2)
        throw ArgumentError("FlowDensity: expected at least 2 points, got " + std::to_string(inputs.getNumPoints()));
    Batch batch;
    batch.plan = plan;
    batch.inputs.push_back(inputs);
    const long long pairs = (long long) inputs.numTokens * inputs.numTokens;
    numCopies = (int) std::clamp<long long>(MAX_PAIRS / pairs, 1, 2 * getDimension() + 1);
    for (int copy = 0; copy < numCopies; copy++) {
        BatchCopy row;
        row.copy = copy;
        row.condition = condition;
        batch.addCopy(row);
    }
    kernel.setBatch(batch);
}

VectorXd FlowDensity::toBasis(const std::vector<double>& positions) const {
    return basis.transpose() * Eigen::Map<const VectorXd>(positions.data(), positions.size());
}

std::vector<double> FlowDensity::fromBasis(const VectorXd& y) const {
    const VectorXd positions = basis * y;
    return {positions.data(), positions.data() + positions.size()};
}

double FlowDensity::getPriorLogDensity(const std::vector<double>& positions) const {
    const double sigma = plan.noiseLevels.front();
    const VectorXd y = toBasis(positions) / sigma;
    return -0.5 * y.squaredNorm() - getDimension() * (0.5 * std::log(2 * PI) + std::log(sigma));
}

MatrixXd FlowDensity::apply(int step, const MatrixXd& columns) {
    const Eigen::Index size = basis.rows();
    MatrixXd result(columns.rows(), columns.cols());
    for (Eigen::Index first = 0; first < columns.cols(); first += numCopies) {
        // The last part is filled up with copies of its last column.

        std::vector<double> positions(size * numCopies);
        for (int copy = 0; copy < numCopies; copy++)
            Eigen::Map<VectorXd>(positions.data() + copy * size, size) =
                    basis * columns.col(std::min(first + copy, columns.cols() - 1));
        kernel.setPositions(positions);
        kernel.execute(step);
        positions = kernel.getPositions();
        for (int copy = 0; copy < numCopies && first + copy < columns.cols(); copy++)
            result.col(first + copy) =
                    basis.transpose() * Eigen::Map<const VectorXd>(positions.data() + copy * size, size);
    }
    return result;
}

double FlowDensity::Linearization::getLogDeterminant() const {
    return jacobian.matrixLU().diagonal().array().abs().log().sum();
}

FlowDensity::Linearization FlowDensity::linearize(int step, const VectorXd& y) {
    const int n = getDimension();
    MatrixXd columns = y.replicate(1, 2 * n + 1);
    for (int k = 0; k < n; k++) {
        columns(k, k) += difference;
        columns(k, n + k) -= difference;
    }
    const MatrixXd values = apply(step, columns);
    const MatrixXd jacobian = (values.leftCols(n) - values.middleCols(n, n)) / (2 * difference);
    return {values.col(2 * n), jacobian.partialPivLu()};
}

double FlowDensity::advance(std::vector<double>& positions) {
    double logDensity = getPriorLogDensity(positions);
    VectorXd y = toBasis(positions);
    for (int step = 0; step < plan.getNumSteps(); step++) {
        const Linearization linear = linearize(step, y);
        logDensity -= linear.getLogDeterminant();
        y = linear.value;
    }
    positions = fromBasis(y);
    return logDensity;
}

bool FlowDensity::invert(int step, const VectorXd& target, VectorXd& y, double& logDeterminant) {
    y = target;
    for (int k = 0; k < MAX_ITERATIONS; k++) {
        const Linearization linear = linearize(step, y);
        const VectorXd residual = target - linear.value;
        const double size = residual.lpNorm<Eigen::Infinity>();
        logDeterminant = linear.getLogDeterminant();
        if (size < MAX_RESIDUAL * difference)
            return true;
        if (!std::isfinite(size))
            return false;
        y += linear.jacobian.solve(residual);
    }
    return false;
}

double FlowDensity::retrace(std::vector<double>& positions) {
    double logDensity = 0, logDeterminant = 0;
    VectorXd y = toBasis(positions), before;
    for (int step = plan.getNumSteps() - 1; step >= 0; step--) {
        if (!invert(step, y, before, logDeterminant))
            return -std::numeric_limits<double>::infinity();
        logDensity -= logDeterminant;
        y = before;
    }
    positions = fromBasis(y);
    return logDensity + getPriorLogDensity(positions);
}

} // namespace OrbitPlugin
