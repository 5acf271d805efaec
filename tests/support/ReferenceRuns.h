// SPDX-License-Identifier: MIT
// Networks that see what was denoised before: evaluations and generations of a platform against the Reference stages.
#ifndef OPENMM_ORBIT_TESTS_REFERENCERUNS_H_
#define OPENMM_ORBIT_TESTS_REFERENCERUNS_H_

#include "Denoiser.h"
#include "KernelRuns.h"
#include <cmath>

namespace testSupport {

inline std::vector<double> evaluateReference(const OrbitPlugin::reference::Denoiser& denoiser,
        const OrbitPlugin::Batch& batch, double sigma, const std::vector<double>& y, const std::vector<double>& before,
        OrbitPlugin::StageTaps* taps) {
    std::vector<double> denoised(y.size());
    for (int c = 0; c < (int) batch.copies.size(); c++) {
        const OrbitPlugin::BatchCopy& copy = batch.copies[c];
        const int begin = 3 * copy.firstPoint, size = 3 * batch.getNumPoints(c);
        const OrbitPlugin::reference::Input all(before);
        denoiser.evaluate(batch.inputs[copy.input], copy.condition, sigma,
            OrbitPlugin::reference::Input(y).slice(begin, size),
            OrbitPlugin::reference::Output(denoised).slice(begin, size), taps,
            before.empty() ? all : all.slice(begin, size));
    }
    return denoised;
}

/** Take a step's prediction to the noise level that it renews, in its plainest form. */
inline std::vector<double> stepReference(const OrbitPlugin::Batch& batch, int step, const std::vector<double>& y,
        const std::vector<double>& D, const std::vector<double>& before) {
    const std::vector<double>& levels = batch.plan.noiseLevels;
    const double sigma = levels[step], renewed = batch.plan.renewedLevels[step];
    const double next = std::sqrt(levels[step + 1] * levels[step + 1] - renewed * renewed);
    std::vector<double> result(y.size());
    for (int i = 0; i < (int) y.size(); i++) {
        double target = D[i];
        if (batch.plan.method == OrbitPlugin::SamplerMethod::Multistep && step > 0 && next > 0) {
            const double h = std::log(sigma / levels[step + 1]), last = std::log(levels[step - 1] / sigma);
            const double w = (h / (1 - next / sigma) + h / std::log(next / sigma)) / last;
            target = (1 + w) * D[i] - w * before[i];
        }
        result[i] = next / sigma * y[i] + (1 - next / sigma) * target;
    }
    return result;
}

/** The sampler written out: every evaluation but the first one sees what the one before denoised. */
inline std::vector<double> generateReference(const OrbitPlugin::reference::Denoiser& denoiser,
        const OrbitPlugin::Batch& batch, std::vector<double> y) {
    std::vector<double> before;
    const std::vector<double>& levels = batch.plan.noiseLevels;
    for (int step = 0; step < batch.plan.getNumSteps(); step++) {
        const double sigma = levels[step], renewed = batch.plan.renewedLevels[step];
        const double next = std::sqrt(levels[step + 1] * levels[step + 1] - renewed * renewed);
        const std::vector<double> D = evaluateReference(denoiser, batch, sigma, y, before, nullptr);
        std::vector<double> result = stepReference(batch, step, y, D, before);
        before = D;
        if (batch.plan.method == OrbitPlugin::SamplerMethod::Heun && next > 0) {
            const std::vector<double> D2 = evaluateReference(denoiser, batch, next, result, before, nullptr);
            for (int i = 0; i < (int) y.size(); i++)
                result[i] = y[i] + (next - sigma) / 2 * ((y[i] - D[i]) / sigma + (result[i] - D2[i]) / next);
            before = D2;
        }
        for (int c = 0; c < (int) batch.copies.size(); c++) {
            const OrbitPlugin::BatchCopy& copy = batch.copies[c];
            const int numPoints = batch.getNumPoints(c);
            std::vector<double> noise(3 * numPoints);
            OrbitPlugin::reference::noise({batch.getStepSeed(step), copy.record, copy.copy, copy.draw}, noise);
            OrbitPlugin::reference::addNoise({numPoints}, renewed, noise,
                OrbitPlugin::reference::Output(result).slice(3 * copy.firstPoint, 3 * numPoints));
        }
        y = result;
    }
    return y;
}

/**
 * Put copies into a kernel, with the positions as they were denoised before, if there are any.
 *
 * @return the positions, centred
 */
inline std::vector<double> placeCopies(OrbitPlugin::IntegrateOrbitDiffusionStepKernel& kernel,
        const std::vector<double>& positions, const std::vector<double>& before) {
    kernel.setPositions(positions);
    const std::vector<double> centred = kernel.getPositions();
    if (!before.empty()) {
        std::vector<double> state = {0};
        state.insert(state.end(), centred.begin(), centred.end());
        state.insert(state.end(), before.begin(), before.end());
        kernel.setSamplerState(state);
    }
    return centred;
}

/** Every tap agrees with the reference at some noise levels, with and without what was denoised before. */
inline void checkTaps(const OrbitPlugin::DenoiserModel& model, const OrbitPlugin::Batch& batch,
        const std::vector<std::string>& names, const std::vector<double>& levels) {
    const OrbitPlugin::reference::Denoiser denoiser(model);
    KernelContext context(model);
    context.getKernel().setBatch(batch);
    for (double sigma : levels)
        for (bool hasBefore : {false, true}) {
            const std::vector<double> positions = makeBatchPositions(batch, 1 + 2 * sigma);
            const std::vector<double> before = hasBefore ? makeBatchPositions(batch, 1.3) : std::vector<double>();
            const std::vector<double> centred = placeCopies(context.getKernel(), positions, before);
            OrbitPlugin::StageTaps taps, expectedTaps;
            std::vector<double> denoised, untapped;
            context.getKernel().evaluate(sigma, denoised, &taps);
            context.getKernel().evaluate(sigma, untapped, nullptr);
            const std::vector<double> expected =
                evaluateReference(denoiser, batch, sigma, centred, before, &expectedTaps);
            ASSERT_EQ(expectedTaps.size(), names.size());
            EXPECT_EQ(taps.size(), names.size());
            for (const std::string& name : names)
                expectClose(name + " at sigma " + std::to_string(sigma), taps[name], expectedTaps.at(name),
                    tolerance(name, precisionName()));
            expectClose("denoiser", denoised, expected, tolerance("denoiser", precisionName()));
            expectClose("denoiser", untapped, denoised, tolerance("exact", precisionName()));
        }
}

/** Whole generations of some batches agree with the reference. */
inline void checkReferenceGenerations(
        const OrbitPlugin::DenoiserModel& model, const std::vector<OrbitPlugin::Batch>& batches) {
    const OrbitPlugin::reference::Denoiser denoiser(model);
    KernelContext context(model);
    for (const OrbitPlugin::Batch& batch : batches) {
        context.getKernel().setBatch(batch);
        context.getKernel().start();
        const std::vector<double> start = context.getKernel().getPositions();
        expectClose("generation", generate(context.getKernel(), batch), generateReference(denoiser, batch, start),
            tolerance("generation", precisionName()));
    }
}

} // namespace testSupport

#endif // OPENMM_ORBIT_TESTS_REFERENCERUNS_H_
