// SPDX-License-Identifier: MIT
// Contract of the samplerStep stage: from one noise level to the next.
#ifndef OPENMM_ORBIT_STAGES_SAMPLERSTEP_H_
#define OPENMM_ORBIT_STAGES_SAMPLERSTEP_H_

#include "openmmorbit/internal/ArrayView.h"
#include <cmath>

namespace OrbitPlugin {

/**
 * This stage moves the positions of one copy from a noise level to the next lower one, by one step of the
 * probability-flow ODE. The slope at the current positions is their difference to the denoised positions, divided by
 * the noise level. eulerStep() follows this slope; twoStageStep() weights the denoised positions with those of a second
 * evaluation, at a lower level that eulerStep() led to (Heun's method and bespoke ones); multistepStep() extrapolates
 * the denoised positions from those of the previous step. If the sampler renews noise, the step ends at a lower level
 * and the prior stage adds the missing noise.
 *
 *   in   levels              sigma, the level to step to and the previous noise level, model unit
 *   in   positions           [numPoints][3]   y_k, model unit
 *   in   denoised            [numPoints][3]   D(y_k, sigma_k), model unit
 *   in   predictedDenoised   [numPoints][3]   two stages only: D of the Euler step's result at the level tau_k
 *   in   previousDenoised    [numPoints][3]   multistep only: D(y_{k-1}, sigma_{k-1})
 *   out  next                [numPoints][3]   y_{k+1}, model unit; may be the array of positions
 *
 * Equations (5.1) to (5.4), with levels of (5.8), of openmmapi/docs/theory.md. Source: Karras et al., arXiv
 * 2206.00364, algorithm 1; Lu et al., arXiv 2211.01095, section 4.
 * Implementations: eulerStep(levels, positions, denoised, next),
 * twoStageStep(levels, positions, denoised, predictedDenoised, next),
 * multistepStep(levels, positions, denoised, previousDenoised, next).
 */

struct StepLevels {
    double sigma = 0;           ///< sigma_k, above 0
    double nextSigma = 0;       ///< where this step ends: sigma_{k+1} without renewal, less with it, 0 in the last step
    double previousSigma = 0;   ///< sigma_{k-1}; 0 in the first step, when there is no history
    double renewed = 0;         ///< level of the noise that leads from nextSigma back to sigma_{k+1}
    double drawn = 0;           ///< level of the noise that is added after the step: sqrt(gamma) renewed
    double stageSigma = 0;      ///< tau_k, the level of a second evaluation; 0: there is none
    double stageWeight = 0;     ///< b_k of (5.3), the weight of that evaluation

    /** Get the levels of the step that leads to the second evaluation. */
    StepLevels toStage() const {
        StepLevels levels = *this;
        levels.nextSigma = stageSigma;
        return levels;
    }
};

/**
 * Get w of (5.4), the weight of the change of D since the previous step; 0 in the first and the last step.
 */
inline double getMultistepWeight(const StepLevels& levels) {
    if (levels.previousSigma <= 0 || levels.nextSigma <= 0)
        return 0;
    const double ratio = levels.nextSigma / levels.sigma;
    const double h = std::log(levels.sigma / std::hypot(levels.nextSigma, levels.renewed));
    const double previousH = std::log(levels.previousSigma / levels.sigma);
    return (h / (1 - ratio) + h / std::log(ratio)) / previousH;
}

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STAGES_SAMPLERSTEP_H_
