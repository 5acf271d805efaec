// SPDX-License-Identifier: MIT
// The sampled orbit mean: weights of listed rotations and permutations, and random elements of a group by key.
#ifndef OPENMM_ORBIT_ORBITSAMPLING_H_
#define OPENMM_ORBIT_ORBITSAMPLING_H_

#include "openmmorbit/internal/ArrayView.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <cstdint>
#include <vector>

namespace OrbitPlugin {

/** Key of a sequence of random numbers: the seed and two counter words of the caller (section 6 of docs/theory.md). */
struct OrbitKey {
    std::uint64_t seed = 1;
    std::uint32_t sample[2] = {0, 0};
    std::uint32_t purpose = 0;
};

/** Draw rotations, uniform but for the first one, which is the identity. Returns [count][9]. */
OPENMM_EXPORT_ORBIT std::vector<double> drawRotations(int count, const OrbitKey& key);
/**
 * Draw permutations of a listed group: the identity first, the others without replacement; all if count allows.
 *
 * @param automorphisms   [order][numAtoms], the identity among them
 * @return [min(count, order)][numAtoms]
 */
OPENMM_EXPORT_ORBIT std::vector<int> drawAutomorphisms(ArrayView<const int> automorphisms, int numAtoms, int count,
        const OrbitKey& key);
/**
 * Self-normalised mean of g x1 with weights exp(tr(F_Pᵀ R) / temperature), (2.15) to (2.17).
 *
 * @param x1              clean centred positions [numAtoms][3]
 * @param y               t M_t x_t [numAtoms][3]
 * @param rotations       [numRotations][9]
 * @param automorphisms   [numAutomorphisms][numAtoms]
 * @param mean            output [numAtoms][3]
 */
OPENMM_EXPORT_ORBIT void sampledOrbitMean(ArrayView<const double> x1, ArrayView<const double> y,
        ArrayView<const double> rotations, ArrayView<const int> automorphisms, double temperature,
        ArrayView<double> mean);

/** Temperature of the published estimator at time t. */
OPENMM_EXPORT_ORBIT double getPaperTemperature(double time);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_ORBITSAMPLING_H_
