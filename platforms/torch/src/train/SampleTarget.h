// SPDX-License-Identifier: MIT
// The regression target of one training sample in the denoising view, for every target and coupling of the settings.
#ifndef OPENMM_ORBIT_TORCH_SAMPLETARGET_H_
#define OPENMM_ORBIT_TORCH_SAMPLETARGET_H_

#include "FeatureTables.h"
#include "RandomKeys.h"
#include "openmmorbit/OrbitTarget.h"
#include "openmmorbit/TrainingSettings.h"
#include "openmmorbit/internal/OrbitLattice.h"
#include "openmmorbit/internal/OrbitMean.h"
#include <cstdint>
#include <vector>

namespace OrbitPlugin {
namespace torchimpl {

/** Whether forces may take noise out of the targets of a run, because their mean given the noisy positions is right. */
bool usesForces(const TrainingSettings& settings);

/** One sample before it becomes a row of a batch; positions are centred [numPoints * 3], in the model's unit. */
struct NoisySample {
    std::vector<double> x1;         ///< clean
    std::vector<double> y;          ///< x1 + sigma n
    double sigma = 1;               ///< in the model's unit
    const FeatureRows* rows = nullptr;  ///< what the network sees, its group and rotations
    std::uint64_t number = 0;       ///< number of the sample: its part of the key
};

/**
 * Computes targets. In the denoising view (1.4) without bridge noise a sample stands at t = 1/(1 + sigma), and
 * xt = t y, x0 = n.
 */
class SampleTarget {
public:
    explicit SampleTarget(const TrainingSettings& settings);
    /** Match the noise with the clean positions as the coupling says. */
    void couple(const std::vector<double>& x1, const FeatureRows& rows, std::vector<double>& noise) const;
    /** Compute the clean positions that the network regresses on. */
    std::vector<double> compute(const NoisySample& sample);
private:
    std::vector<double> computeMean(const NoisySample& sample);
    std::vector<double> computeExact(const NoisySample& sample);
    std::vector<double> computeSampled(const NoisySample& sample) const;
    OrbitKey makeKey(const NoisySample& sample, Purpose purpose) const;
    const TrainingSettings& settings;
    OrbitTarget target;
    OrbitCoupling coupling;
    OrbitMeanWorkspace workspace;
    LatticeWorkspace latticeWorkspace;
};

} // namespace torchimpl
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TORCH_SAMPLETARGET_H_
