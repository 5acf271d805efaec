// SPDX-License-Identifier: MIT
// The probability density of what a sampler without random steps generates.
#ifndef OPENMM_ORBIT_FLOWDENSITY_H_
#define OPENMM_ORBIT_FLOWDENSITY_H_

#include "FlowJacobian.h"
#include "openmmorbit/TokenInputs.h"
#include "openmmorbit/internal/Batch.h"
#include "openmmorbit/internal/OrbitKernels.h"
#include <Eigen/Dense>
#include <memory>
#include <random>
#include <vector>

namespace OrbitPlugin {

/**
 * Follows positions through the steps of a sampler, with the logarithm of their density. Each step is a map y -> f(y)
 * of centred positions, so the density of the result is that of the prior divided by the determinants of all Jacobians.
 * This holds for the steps themselves, however few there are: no error of an ODE solver remains (theory.md, 8).
 *
 * The Jacobian is taken in an orthonormal basis of the centred positions, of dimension 3N - 3, by differences.
 * Positions are in the model unit, densities in its inverse to the power of that dimension.
 */
class FlowDensity {
public:
    /**
     * Prepare to follow copies of a subject. The kernel's batch is replaced, and must not be until the last call.
     *
     * @param condition   row of condition.embedding
     * @param difference  length of the differences, model unit; about 0.003 for single precision
     * @param numProbes   0: exact determinants; else they are estimated with so many random vectors, at least 2
     * @throws ArgumentError if a step of the plan is random, guided or not a function of the positions alone
     */
    FlowDensity(IntegrateOrbitDiffusionStepKernel& kernel, const SamplerPlan& plan, const TokenInputs& inputs,
            int condition, double difference, int numProbes);
    /** Begin the random numbers of the estimates anew, for a state. */
    void setSeed(int seed, int state);
    /** Get the dimension of the centred positions. */
    int getDimension() const {
        return (int) basis.cols();
    }
    /** Follow positions of the prior to the end. @return the logarithm of the density there */
    double advance(std::vector<double>& positions);
    /** Whether a step on the way of the last result folds, so that it tells one part of a density. */
    bool isFolded() const {
        return folded;
    }
    /** Get the standard error of the last result; 0 for exact determinants. */
    double getError() const;
    /**
     * Follow finished positions back to the prior.
     *
     * @return the logarithm of their density; minus infinity if no positions of the prior lead there
     */
    double retrace(std::vector<double>& positions);
    /** Get the logarithm of the density of the prior at its noise level. */
    double getPriorLogDensity(const std::vector<double>& positions) const;
private:
    typedef Eigen::VectorXd Vector;
    /** Let the kernel work on so many copies. */
    void prepare(int number);
    /** Apply a step to centred positions in the basis, one column each. */
    Eigen::MatrixXd apply(int step, const Eigen::MatrixXd& columns);
    /**
     * Multiply the Jacobian of a step by directions of length 1, one column each.
     *
     * @param[in,out] value   where the step takes y; computed if it is empty
     */
    Eigen::MatrixXd multiply(int step, const Vector& y, const Eigen::MatrixXd& directions, Vector& value);
    JacobianProduct makeProduct(int step, const Vector& y);
    std::unique_ptr<FlowJacobian> linearize(int step, const Vector& y);
    /**
     * Find the positions that a step takes to others, and subtract its determinant.
     *
     * @param[in,out] y   a first guess, and what was found
     * @return false if there are none nearby
     */
    bool invert(int step, const Vector& target, Vector& y, double& logDensity);
    /** Divide a density by the determinant of a step. */
    void divide(double& logDensity, FlowJacobian& jacobian);
    Vector toBasis(const std::vector<double>& positions) const;
    std::vector<double> fromBasis(const Vector& y) const;
    IntegrateOrbitDiffusionStepKernel& kernel;
    SamplerPlan plan;
    TokenInputs inputs;
    int condition;
    double difference;
    int numProbes;
    int numCopies = 0;              ///< of the kernel's batch
    double variance = 0;            ///< of the last result
    bool folded = false;
    std::mt19937_64 random;
    Eigen::MatrixXd basis;          ///< [3N][3N - 3]
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_FLOWDENSITY_H_
