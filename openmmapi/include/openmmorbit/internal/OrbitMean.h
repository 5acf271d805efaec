// SPDX-License-Identifier: MIT
// The inner loop of the orbit posterior: means of matrix Fisher distributions over a list of permutations.
#ifndef OPENMM_ORBIT_ORBITMEAN_H_
#define OPENMM_ORBIT_ORBITMEAN_H_

#include "openmmorbit/OrbitPosterior.h"
#include "openmmorbit/internal/ArrayView.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <vector>

namespace OrbitPlugin {

/** Scratch memory of orbitMean(); reuse it between calls. */
struct OrbitMeanWorkspace {
    std::vector<double> logWeights, bound, rotations, correlations;
};

/**
 * Log normaliser and mean rotation of the matrix Fisher distribution exp tr(Fᵀ R), equations (2.3) to (2.6).
 *
 * @param F              [9] row major, dimensionless
 * @param meanRotation   [9] E[R]; may be null
 * @return log c(F) with normalised Haar measure
 */
OPENMM_EXPORT_ORBIT double matrixFisher(const double* F, double* meanRotation);

/**
 * Rotation R that maximises tr(Fᵀ R), from the largest eigenvalue of (2.3).
 *
 * @param F          [9] row major
 * @param rotation   [9]
 * @return the maximum λ0
 */
OPENMM_EXPORT_ORBIT double bestRotation(const double* F, double* rotation);

/**
 * Mean of the orbit posterior, equations (2.1), (2.2) and (2.7), given y = t M_t x_t.
 *
 * Permutations whose bound λ0 lies 40 below the largest one are skipped: their weight is below 1e-17.
 *
 * @param x1              clean centred positions [numAtoms][3]
 * @param y               t M_t x_t [numAtoms][3]; in the denoising view (1.4) this is noisy positions / sigma^2
 * @param automorphisms   [order][numAtoms]
 * @param mean            output A [numAtoms][3]
 * @param rotations       SO(3), or O(3): then -F_P with -E[R] counts like F_P with E[R]
 * @return log evidence (2.10)
 */
OPENMM_EXPORT_ORBIT double orbitMean(ArrayView<const double> x1, ArrayView<const double> y,
        ArrayView<const int> automorphisms, ArrayView<double> mean, OrbitMeanWorkspace& workspace,
        OrbitRotations rotations = OrbitRotations::Proper);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_ORBITMEAN_H_
