// SPDX-License-Identifier: MIT
// Steps of the sampler and their products with directions, forwards, and backwards by Newton's method.
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
/** Evaluations of Newton's method, and when they are done: largest coordinate of the residual, over the difference. */
const int MAX_ITERATIONS = 30;
const double MAX_RESIDUAL = 0.02;

/** Columns that are orthonormal and have no common translation: cosines over the points, for each of the three axes. */
MatrixXd makeBasis(int numPoints) {
    MatrixXd basis = MatrixXd::Zero(3 * numPoints, 3 * numPoints - 3);
    for (int k = 1; k < numPoints; k++)
        for (int i = 0; i < numPoints; i++) {
            const double value = std::sqrt(2.0 / numPoints) * std::cos(PI * k * (i + 0.5) / numPoints);
            for (int axis = 0; axis < 3; axis++)
                basis(3 * i + axis, 3 * (k - 1) + axis) = value;
        }
    return basis;
}

void checkPlan(const SamplerPlan& plan, const TokenInputs& inputs) {
    if (!plan.renewedLevels.empty() && *std::max_element(plan.renewedLevels.begin(), plan.renewedLevels.end()) > 0)
        throw ArgumentError("FlowDensity: expected a sampler whose steps are functions of the positions, got "
                "one that draws noise anew; set renewal to 0");
    if (plan.method == SamplerMethod::Multistep)
        throw ArgumentError("FlowDensity: expected a sampler whose steps are functions of the positions, got "
                "one that remembers the step before; use the method bespoke, heun or euler");
    if (plan.stereoGuidance > 0 && !inputs.handedVolumes.empty())
        throw ArgumentError("FlowDensity: expected a sampler whose steps are functions of the positions, got "
                "one that is guided; set stereoGuidance to 0");
}

} // namespace

FlowDensity::FlowDensity(IntegrateOrbitDiffusionStepKernel& kernel, const SamplerPlan& plan, const TokenInputs& inputs,
        int condition, double difference, int numProbes) :
        kernel(kernel), plan(plan), inputs(inputs), condition(condition), difference(difference), numProbes(numProbes),
        basis(makeBasis(inputs.getNumPoints())) {
    checkPlan(plan, inputs);
    if (inputs.getNumPoints() < 2)
        throw ArgumentError("FlowDensity: expected at least 2 points, got " + std::to_string(inputs.getNumPoints()));
}

void FlowDensity::setSeed(int seed, int state) {
    std::seed_seq seeds{seed, state};
    random.seed(seeds);
}

double FlowDensity::getError() const {
    return std::sqrt(variance);
}

void FlowDensity::prepare(int number) {
    if (number == numCopies)
        return;
    Batch batch;
    batch.plan = plan;
    batch.inputs.push_back(inputs);
    for (int copy = 0; copy < number; copy++) {
        BatchCopy row;
        row.copy = copy;
        row.condition = condition;
        batch.addCopy(row);
    }
    kernel.setBatch(batch);
    numCopies = number;
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
    const long long pairs = (long long) inputs.numTokens * inputs.numTokens;
    prepare((int) std::clamp<long long>(MAX_PAIRS / pairs, 1, columns.cols()));
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

MatrixXd FlowDensity::multiply(int step, const VectorXd& y, const MatrixXd& directions, VectorXd& value) {
    // Every other direction is taken backwards, so that the errors of first order cancel in a determinant.

    const Eigen::Index n = directions.cols();
    VectorXd lengths = VectorXd::Constant(n, difference);
    for (Eigen::Index k = 1; k < n; k += 2)
        lengths[k] = -difference;
    const bool isNew = value.size() == 0;
    MatrixXd columns = y.replicate(1, n + isNew);
    columns.leftCols(n) += directions * lengths.asDiagonal();
    const MatrixXd values = apply(step, columns);
    if (isNew)
        value = values.col(n);
    return (values.leftCols(n).colwise() - value) * lengths.cwiseInverse().asDiagonal();
}

JacobianProduct FlowDensity::makeProduct(int step, const VectorXd& y) {
    return [this, step, y, unchanged = VectorXd()](const MatrixXd& directions, VectorXd* value) mutable {
        const MatrixXd product = multiply(step, y, directions, unchanged);
        if (value != nullptr)
            *value = unchanged;
        return product;
    };
}

std::unique_ptr<FlowJacobian> FlowDensity::linearize(int step, const VectorXd& y) {
    if (numProbes == 0)
        return std::make_unique<DenseJacobian>(getDimension(), makeProduct(step, y));
    return std::make_unique<KrylovJacobian>(getDimension(), makeProduct(step, y), numProbes, random);
}

void FlowDensity::divide(double& logDensity, FlowJacobian& jacobian) {
    double error = 0;
    logDensity -= jacobian.getLogDeterminant(error);
    variance += error;
    folded = folded || jacobian.isFolded();
}

double FlowDensity::advance(std::vector<double>& positions) {
    double logDensity = getPriorLogDensity(positions);
    variance = 0;
    folded = false;
    VectorXd y = toBasis(positions);
    for (int step = 0; step < plan.getNumSteps(); step++) {
        const std::unique_ptr<FlowJacobian> jacobian = linearize(step, y);
        divide(logDensity, *jacobian);
        y = jacobian->value;
    }
    positions = fromBasis(y);
    return logDensity;
}

bool FlowDensity::invert(int step, const VectorXd& target, VectorXd& y, double& logDensity) {
    // The whole matrix is needed for the determinant only: a solution takes a few of its products. A change that does
    // not bring the value nearer is halved.

    VectorXd change = VectorXd::Zero(y.size());
    double last = std::numeric_limits<double>::infinity();
    for (int k = 0; k < MAX_ITERATIONS; k++) {
        KrylovJacobian jacobian(getDimension(), makeProduct(step, y + change), numProbes, random);
        const VectorXd residual = target - jacobian.value;
        const double size = residual.norm();
        if (residual.lpNorm<Eigen::Infinity>() < MAX_RESIDUAL * difference) {
            y += change;
            divide(logDensity, *linearize(step, y));
            return true;
        }
        if (size < last) {
            y += change;
            last = size;
            change = jacobian.solve(residual);
        }
        else
            change /= 2;
        if (!change.allFinite())
            return false;
    }
    return false;
}

double FlowDensity::retrace(std::vector<double>& positions) {
    double logDensity = 0;
    variance = 0;
    folded = false;
    const VectorXd finished = toBasis(positions);
    VectorXd y = finished;
    for (int step = plan.getNumSteps() - 1; step >= 0; step--) {
        // What the noise adds to the finished positions is larger before the step, by the ratio of the levels.

        const double level = plan.noiseLevels[step + 1];
        VectorXd before = finished + (level > 0 ? plan.noiseLevels[step] / level : 0) * (y - finished);
        if (!invert(step, y, before, logDensity))
            return -std::numeric_limits<double>::infinity();
        y = before;
    }
    positions = fromBasis(y);
    return logDensity + getPriorLogDensity(positions);
}

} // namespace OrbitPlugin
