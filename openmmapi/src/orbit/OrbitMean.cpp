// SPDX-License-Identifier: MIT
// The mean of the orbit posterior over a list of permutations: correlations, bounds, then the permutations that matter.
#include "openmmorbit/internal/OrbitMean.h"
#include "MatrixFisher.h"
#include "openmmorbit/ArgumentError.h"
#include <algorithm>
#include <cmath>
#include <numeric>

using namespace OrbitPlugin;

namespace {

const double PRUNE_DISTANCE = 40;
const double BOUND_ERROR = 1e-5;

// (2.1)

void correlate(ArrayView<const double> x1, ArrayView<const double> y, const int* permutation, double* F) {
    const std::size_t numAtoms = y.size() / 3;
    double sums[9] = {};
    for (std::size_t a = 0; a < numAtoms; a++) {
        const double* u = y.data() + 3 * a;
        const double* v = x1.data() + 3 * (std::size_t) permutation[a];
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++)
                sums[3 * i + j] += u[i] * v[j];
    }
    std::copy(sums, sums + 9, F);
}

/** Add weight (P x1) Eᵀ to the mean. */
void accumulate(ArrayView<const double> x1, const int* permutation, const double* E, double weight,
        ArrayView<double> mean) {
    double scaled[9];
    for (int k = 0; k < 9; k++)
        scaled[k] = weight * E[k];
    for (std::size_t a = 0; a < mean.size() / 3; a++) {
        const double* v = x1.data() + 3 * (std::size_t) permutation[a];
        for (int i = 0; i < 3; i++)
            mean[3 * a + i] += scaled[3 * i] * v[0] + scaled[3 * i + 1] * v[1] + scaled[3 * i + 2] * v[2];
    }
}

/** Keep the correlations of the permutations that can carry weight, in their order. Returns the indices kept. */
std::vector<int> prune(std::vector<double>& correlations, std::vector<double>& bound, std::size_t order) {
    bound.resize(correlations.size() / 9);
    for (std::size_t p = 0; p < order; p += FISHER_LANES)
        boundMatrixFisher(correlations.data() + 9 * p, bound.data() + p);
    const std::size_t best = std::max_element(bound.begin(), bound.begin() + order) - bound.begin();
    const double threshold = matrixFisher(correlations.data() + 9 * best, nullptr) - PRUNE_DISTANCE;
    std::vector<int> kept;
    for (std::size_t p = 0; p < order; p++)
        if (!(bound[p] * (1 + BOUND_ERROR) < threshold)) {
            std::copy_n(correlations.begin() + 9 * p, 9, correlations.begin() + 9 * kept.size());
            kept.push_back((int) p);
        }
    return kept;
}

std::size_t roundUpToLanes(std::size_t count) {
    return (count + FISHER_LANES - 1) / FISHER_LANES * FISHER_LANES;
}

} // namespace

double OrbitPlugin::orbitMean(ArrayView<const double> x1, ArrayView<const double> y, ArrayView<const int> automorphisms,
        ArrayView<double> mean, OrbitMeanWorkspace& workspace, OrbitRotations rotations) {
    const std::size_t numAtoms = x1.size() / 3;
    if (numAtoms == 0 || x1.size() != 3 * numAtoms || y.size() != x1.size() || mean.size() != x1.size() ||
            automorphisms.size() == 0 || automorphisms.size() % numAtoms != 0)
        throw ArgumentError("orbitMean: expected arrays of one number of atoms, got x1 of " +
            std::to_string(x1.size()) + ", y of " + std::to_string(y.size()) + ", mean of " +
            std::to_string(mean.size()) + " and automorphisms of " +
            std::to_string(automorphisms.size()) + " entries");
    const std::size_t listed = automorphisms.size() / numAtoms;
    const std::size_t order = rotations == OrbitRotations::WithReflections ? 2 * listed : listed;
    std::fill(mean.begin(), mean.end(), 0.0);
    if (order == 1) {
        double F[9], E[9];
        correlate(x1, y, automorphisms.data(), F);
        const double logC = matrixFisher(F, E);
        accumulate(x1, automorphisms.data(), E, 1.0, mean);
        return logC;
    }
    std::vector<double>& correlations = workspace.correlations;
    correlations.assign(9 * roundUpToLanes(order), 0.0);
    for (std::size_t p = 0; p < listed; p++)
        correlate(x1, y, automorphisms.data() + p * numAtoms, correlations.data() + 9 * p);
    for (std::size_t k = 9 * listed; k < 9 * order; k++)
        correlations[k] = -correlations[k - 9 * listed];
    const std::vector<int> kept = prune(correlations, workspace.bound, order);

    // (2.2) to (2.6) for groups of lanes; the last group is filled up with whatever stands behind.

    workspace.logWeights.resize(roundUpToLanes(kept.size()));
    workspace.rotations.resize(9 * roundUpToLanes(kept.size()));
    for (std::size_t k = 0; k < kept.size(); k += FISHER_LANES)
        evaluateMatrixFisher(correlations.data() + 9 * k, workspace.logWeights.data() + k,
            workspace.rotations.data() + 9 * k);
    const auto weightsEnd = workspace.logWeights.begin() + kept.size();
    const double largest = *std::max_element(workspace.logWeights.begin(), weightsEnd);
    const double sum = std::accumulate(workspace.logWeights.begin(), weightsEnd, 0.0,
        [&](double partial, double logWeight) { return partial + std::exp(logWeight - largest); });

    // (2.7)

    for (std::size_t k = 0; k < kept.size(); k++) {
        const double weight = std::exp(workspace.logWeights[k] - largest) / sum;
        const std::size_t p = (std::size_t) kept[k] % listed;
        const double sign = (std::size_t) kept[k] < listed ? 1.0 : -1.0;
        if (!(weight < 1e-18))
            accumulate(
                    x1, automorphisms.data() + p * numAtoms, workspace.rotations.data() + 9 * k, sign * weight, mean);
    }
    return largest + std::log(sum / (double) order);
}
