// SPDX-License-Identifier: MIT
// What suites do with a denoising kernel: positions for a batch, one evaluation, a whole generation.
#ifndef OPENMM_ORBIT_TESTS_KERNELRUNS_H_
#define OPENMM_ORBIT_TESTS_KERNELRUNS_H_

#include "KernelContext.h"
#include "Systems.h"

namespace testSupport {

inline std::vector<double> makeBatchPositions(const OrbitPlugin::Batch& batch, double scale) {
    std::vector<double> positions;
    for (int c = 0; c < (int) batch.copies.size(); c++) {
        const std::vector<double> part = makePositions(batch.getNumPoints(c), 100 + c, scale);
        positions.insert(positions.end(), part.begin(), part.end());
    }
    return positions;
}

inline std::vector<double> generate(
        OrbitPlugin::IntegrateOrbitDiffusionStepKernel& kernel, const OrbitPlugin::Batch& batch) {
    kernel.setBatch(batch);
    kernel.start();
    for (int step = 0; step < batch.plan.getNumSteps(); step++)
        kernel.execute(step);
    return kernel.getPositions();
}

inline std::vector<double> denoise(OrbitPlugin::IntegrateOrbitDiffusionStepKernel& kernel,
        const std::vector<double>& positions, double sigma) {
    std::vector<double> denoised;
    kernel.setPositions(positions);
    kernel.evaluate(sigma, denoised, nullptr);
    return denoised;
}

} // namespace testSupport

#endif // OPENMM_ORBIT_TESTS_KERNELRUNS_H_
