// SPDX-License-Identifier: MIT
// Matrix Fisher distributions several at a time: the vector form behind matrixFisher() and orbitMean().
#ifndef OPENMM_ORBIT_MATRIXFISHER_H_
#define OPENMM_ORBIT_MATRIXFISHER_H_

namespace OrbitPlugin {

/** Number of matrices that are diagonalised together. */
const int FISHER_LANES = 4;

/**
 * Bound the largest eigenvalue λ0 of (2.3) from above by Newton steps on the characteristic polynomial.
 *
 * @param F       [FISHER_LANES][9]
 * @param bound   output [FISHER_LANES]; λ0 ≤ bound up to a relative error of 1e-5, and log c ≤ λ0
 */
void boundMatrixFisher(const double* F, double* bound);

/**
 * Compute log c and E[R], equations (2.3) to (2.6).
 *
 * @param F              [FISHER_LANES][9]
 * @param logC           output [FISHER_LANES]
 * @param meanRotation   output [FISHER_LANES][9]
 */
void evaluateMatrixFisher(const double* F, double* logC, double* meanRotation);

/**
 * Diagonalise B of (2.3).
 *
 * @param F              [9]
 * @param eigenvalues    output [4], in decreasing order
 * @param eigenvectors   output [4][4], row k belongs to eigenvalue k
 */
void diagonalizeQuadraticForm(const double* F, double* eigenvalues, double* eigenvectors);

/** Get the rotation [9] of a unit quaternion (w, x, y, z). */
void quaternionToRotation(const double* q, double* R);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_MATRIXFISHER_H_
