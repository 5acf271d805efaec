// SPDX-License-Identifier: MIT
// The copies of a pass through all stages, the denoiser (3.2), inside one thread or on several.
#ifndef OPENMM_ORBIT_CPU_CPUDENOISER_H_
#define OPENMM_ORBIT_CPU_CPUDENOISER_H_

#include "CpuStages.h"
#include "openmm/internal/ThreadPool.h"
#include "openmmorbit/internal/ArrayView.h"
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

/** One pass for the denoiser (3.2). */
struct DenoiserTask {
    const PackedModel& model;
    const Pass& pass;
    const Preconditioning& factors;
    const Conditioning& conditioning;
    ArrayView<const double> positions;  ///< y [numPoints of the batch][3], model unit
    ArrayView<double> denoised;         ///< D [numPoints of the batch][3], only rows of the pass are written
    StageTaps* taps;                    ///< where outputs of the stages are appended, of a pass of one copy; or null
};

/** Evaluate the denoiser in the calling thread. */
void denoise(const DenoiserTask& task, Workspace& workspace);
/** Evaluate the denoiser of a pass of one copy on all threads, without taps. The result has the same bits. */
void denoise(const DenoiserTask& task, OpenMM::ThreadPool& threads, std::vector<Workspace>& workspaces);

} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_CPUDENOISER_H_
