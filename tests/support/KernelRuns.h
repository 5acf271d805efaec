// SPDX-License-Identifier: MIT
// What suites do with a denoising kernel: positions for a batch, one evaluation, a whole generation.
#ifndef OPENMM_ORBIT_TESTS_KERNELRUNS_H_
#define OPENMM_ORBIT_TESTS_KERNELRUNS_H_

#include "KernelContext.h"
#include "Matchers.h"
#include "Systems.h"
#include "Tolerances.h"

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

/** A kernel that takes the state of another one in the middle of a generation ends where that one ends. */
inline void checkContinuation(const OrbitPlugin::DenoiserModel& model, const OrbitPlugin::Batch& batch) {
    const int numSteps = batch.plan.getNumSteps();
    KernelContext first(model), second(model);
    first.getKernel().setBatch(batch);
    first.getKernel().start();
    for (int step = 0; step < numSteps / 2; step++)
        first.getKernel().execute(step);
    second.getKernel().setBatch(batch);
    second.getKernel().setSamplerState(first.getKernel().getSamplerState());
    for (int step = numSteps / 2; step < numSteps; step++) {
        first.getKernel().execute(step);
        second.getKernel().execute(step);
    }
    expectClose("generation", second.getKernel().getPositions(), first.getKernel().getPositions(),
        tolerance("exact", precisionName()));
}

/** Every copy comes out as it does alone. */
inline void checkCopiesAlone(const OrbitPlugin::DenoiserModel& model, const OrbitPlugin::Batch& batch) {
    KernelContext context(model);
    const std::vector<double> all = generate(context.getKernel(), batch);
    for (int c = 0; c < (int) batch.copies.size(); c++) {
        OrbitPlugin::Batch alone = batch;
        alone.copies.clear();
        alone.addCopy(batch.copies[c]);
        const auto begin = all.begin() + 3 * batch.copies[c].firstPoint;
        expectClose("generation", generate(context.getKernel(), alone),
            std::vector<double>(begin, begin + 3 * batch.getNumPoints(c)), tolerance("exact", precisionName()));
    }
}

} // namespace testSupport

#endif // OPENMM_ORBIT_TESTS_KERNELRUNS_H_
