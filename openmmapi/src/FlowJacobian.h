// SPDX-License-Identifier: MIT
// The Jacobian of one step of a sampler: its determinant and its inverse, from products with directions.
#ifndef OPENMM_ORBIT_FLOWJACOBIAN_H_
#define OPENMM_ORBIT_FLOWJACOBIAN_H_

#include <Eigen/Dense>
#include <functional>
#include <random>

namespace OrbitPlugin {

/** A step near some positions. */
class FlowJacobian {
public:
    virtual ~FlowJacobian() = default;
    /** Where the step takes the positions. */
    Eigen::VectorXd value;
    /**
     * Get the logarithm of the absolute value of the determinant.
     *
     * @param[out] variance   of the estimate; 0 if it is none
     */
    virtual double getLogDeterminant(double& variance) = 0;
    /**
     * Whether the determinant is below 0, where a map without folds has a positive one: then other positions may lead
     * to the same value. Estimates do not know.
     */
    virtual bool isFolded() const {
        return false;
    }
    /** Get the change of the positions that changes the value by a small residual. */
    virtual Eigen::VectorXd solve(const Eigen::VectorXd& residual) = 0;
};

/** Multiplies the Jacobian by directions, one column each; the second argument, if any, becomes the value. */
typedef std::function<Eigen::MatrixXd(const Eigen::MatrixXd&, Eigen::VectorXd*)> JacobianProduct;

/** The whole matrix, from its product with every direction. */
class DenseJacobian : public FlowJacobian {
public:
    DenseJacobian(int dimension, const JacobianProduct& multiply);
    double getLogDeterminant(double& variance) override;
    bool isFolded() const override;
    Eigen::VectorXd solve(const Eigen::VectorXd& residual) override;
private:
    Eigen::PartialPivLU<Eigen::MatrixXd> factors;
};

/**
 * The matrix is never formed. ln |det J| = tr ln J is estimated with random signs v, whose v^T (ln J) v has that mean
 * (Hutchinson), and the logarithm of J is taken in the Krylov space of v, where J is a small matrix (Arnoldi).
 * The same space solves equations (the full orthogonalization method).
 */
class KrylovJacobian : public FlowJacobian {
public:
    /**
     * @param numProbes   number of random vectors for determinants, at least 2 so that they have a variance; 0: none
     * @param random      source of the signs; it must outlive this object
     */
    KrylovJacobian(int dimension, const JacobianProduct& multiply, int numProbes, std::mt19937_64& random);
    double getLogDeterminant(double& variance) override;
    Eigen::VectorXd solve(const Eigen::VectorXd& residual) override;
private:
    int dimension, numProbes;
    JacobianProduct multiply;
    std::mt19937_64& random;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_FLOWJACOBIAN_H_
