// SPDX-License-Identifier: MIT
// How a generation goes: the levels of its steps, the noise that they draw anew, and what guides them.
#ifndef OPENMM_ORBIT_SAMPLERPLAN_H_
#define OPENMM_ORBIT_SAMPLERPLAN_H_

#include "openmmorbit/SamplerSettings.h"
#include "openmmorbit/TokenInputs.h"
#include "openmmorbit/internal/stages/SamplerStep.h"
#include <string>
#include <vector>

namespace OrbitPlugin {

/** The schedule of a generation, the same for all copies of a batch. Levels are in the model unit. */
struct OPENMM_EXPORT_ORBIT SamplerPlan {
    SamplerMethod method = SamplerMethod::Heun;
    std::vector<double> noiseLevels;        ///< [numSteps + 1], the last one 0
    std::vector<double> renewedLevels;      ///< [numSteps] noise that a step draws anew (5.8); empty: none
    std::vector<double> stageLevels;        ///< [numSteps] level of a second evaluation (5.3); empty: by the method
    std::vector<double> stageWeights;       ///< [numSteps] its weight
    double noiseScale = 1;                  ///< gamma of (5.8), variance of that noise over that of its level
    double stereoGuidance = 0;              ///< gain of (5.11); 0: none
    double fadingSigma = 0.3;               ///< level below which guidance fades (5.11)
    double nearDistance = 0.3;              ///< of fixed points that a free one follows (5.17)
    double bodySigma = 0.3;                 ///< level up to which free points follow as bodies (5.17)
    double guidanceScale = 1;               ///< w of (5.14), for copies with a contrast

    /**
     * Begin at another noise level (partial diffusion): steps from higher levels are dropped, and the first step that
     * is left begins at this level.
     *
     * @throws ArgumentError if the level is not between 0 and the first noise level, or with the method Bespoke
     */
    void startAt(double sigma);
    /** Get the levels of a step; the previous one only if historyStep, the step of the history, is the one before. */
    StepLevels getLevels(int step, int historyStep) const;
    /** Whether a step guides a subject's denoised positions (5.11): not the last one, and only several volumes. */
    bool isGuided(const TokenInputs& inputs, const StepLevels& levels) const {
        return stereoGuidance > 0 && levels.nextSigma > 0 && !inputs.handedVolumes.empty();
    }
    /** Get the number of steps. */
    int getNumSteps() const {
        return (int) noiseLevels.size() - 1;
    }
};

/**
 * Check that a model has labels to guide by, if the settings ask for guidance (5.14).
 *
 * @param where       the class that was given the settings
 * @param hasLabels   whether the model is one of backbones
 * @throws ArgumentError for a guidanceScale other than 1 without labels
 */
OPENMM_EXPORT_ORBIT void checkGuidance(const std::string& where, const SamplerSettings& settings, bool hasLabels);

/** Make the plan of a sampler. @param unitInNanometers   length of the model unit */
OPENMM_EXPORT_ORBIT SamplerPlan makeSamplerPlan(const SamplerSettings& settings, double unitInNanometers = 0.1);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_SAMPLERPLAN_H_
