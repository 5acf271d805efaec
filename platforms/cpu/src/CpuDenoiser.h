// SPDX-License-Identifier: MIT
// One copy through all stages: the denoiser (3.2) and one step of the sampler, each inside one thread.
#ifndef OPENMM_ORBIT_CPU_CPUDENOISER_H_
#define OPENMM_ORBIT_CPU_CPUDENOISER_H_

#include "CpuStages.h"
#include "openmmorbit/internal/OrbitKernels.h"
#include "openmmorbit/internal/stages/Preconditioning.h"

namespace OrbitPlugin {
namespace cpu {

/** A noise level with its modulations, one for each condition that the batch uses. */
struct NoiseLevel {
    double sigma = 0;
    Preconditioning factors;
    std::vector<Conditioning> conditionings;    ///< in the order of the batch's conditions
};

/**
 * Prepare a noise level above 0 for the conditions of a batch. Does nothing if the level is already prepared.
 */
void prepareLevel(const PackedModel& model, double sigma, const std::vector<int>& conditions, NoiseLevel& level);

/** What the denoiser of one copy reads and writes. */
struct DenoiserArrays {
    ArrayView<const double> positions;  ///< y [numAtoms][3], model unit
    ArrayView<double> denoised;         ///< D [numAtoms][3], model unit
    StageTaps* taps;                    ///< where the outputs of the stages are appended; null outside tests
};

/** Evaluate the denoiser (3.2) for one copy. */
void denoise(const PackedModel& model, const PackedGraph& graph, const Preconditioning& factors,
        const Conditioning& conditioning, DenoiserArrays arrays, Workspace& workspace);

} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_CPUDENOISER_H_
