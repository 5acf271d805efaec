// SPDX-License-Identifier: MIT
// The noise of the interpolant on the zero-mean subspace, for both priors.
#ifndef OPENMM_ORBIT_NOISEMODEL_H_
#define OPENMM_ORBIT_NOISEMODEL_H_

#include "openmmorbit/OrbitPosterior.h"

namespace OrbitPlugin {

typedef std::vector<std::pair<int, int>> BondList;

/** Subtract the mean over the atoms. */
std::vector<double> center(std::vector<double> positions);

/**
 * The noise of (1.2) on the zero-mean subspace. Both priors commute with the bond Laplacian L, so that with
 * K = (1 − t)² I + σ² t(1 − t) L no eigenvectors are needed: M_t = L K⁻¹ and C0 M_t = K⁻¹ for the harmonic prior.
 */
class NoiseModel {
public:
    NoiseModel(const OrbitPosteriorSettings& settings, double time, const BondList& bonds, int numAtoms);
    /** Apply C0 M_t to centred vectors. */
    std::vector<double> applyPrior(const std::vector<double>& x) const;
    /** Apply M_t of (1.3) to centred vectors. */
    std::vector<double> applyPrecision(const std::vector<double>& x) const;
    /** Apply ½ Σ̇_t M_t of (2.9) to centred vectors, given C0 M_t x and M_t x. */
    std::vector<double> combineVelocity(const std::vector<double>& priorPart,
        const std::vector<double>& precisionPart) const;
    /** Get the variance σ² t(1 − t) of the bridge. */
    double getBridgeVariance() const {
        return sigma2 * time * (1 - time);
    }
    /** Get (1 − t)² s0² + σ² t(1 − t), the variance of a single coordinate under the gaussian prior. */
    double getIsotropicVariance() const {
        return (1 - time) * (1 - time) * variance0 + getBridgeVariance();
    }
private:
    std::vector<double> applyLaplacian(const std::vector<double>& x) const;
    void factorize();
    void solve(double* x) const;
    bool harmonic;
    double time, variance0, sigma2;
    int numAtoms;
    const BondList& bonds;
    std::vector<double> factor;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_NOISEMODEL_H_
