// SPDX-License-Identifier: MIT
// From the settings of a sampler to the levels of its steps.
#include "openmmorbit/internal/SamplerPlan.h"
#include "BespokeSteps.h"
#include "openmmorbit/ArgumentError.h"
#include <algorithm>
#include <cmath>
#include <sstream>

namespace OrbitPlugin {

/** Below this noise level a wrong centre cannot be inverted any more, nm. */
static const double FADING_NANOMETERS = 0.03;
/** Points that are nearer count alike, nm. */
static const double NEAR_NANOMETERS = 0.03;

void checkGuidance(const std::string& where, const SamplerSettings& settings, bool hasLabels) {
    if (settings.guidanceScale == 1 || hasLabels)
        return;
    std::ostringstream text;
    text << where << "::setSamplerSettings: expected a guidanceScale of 1 for this model, which has no secondary "
            "structure to guide by, got " << settings.guidanceScale;
    throw ArgumentError(text.str());
}

SamplerPlan makeSamplerPlan(const SamplerSettings& settings, double unitInNanometers) {
    SamplerPlan plan;
    plan.method = settings.method;
    plan.noiseLevels = settings.getNoiseLevels();
    plan.renewedLevels = settings.getRenewedLevels();
    plan.noiseScale = settings.noiseScale;
    plan.stereoGuidance = settings.stereoGuidance;
    plan.fadingSigma = FADING_NANOMETERS / unitInNanometers;
    plan.nearDistance = NEAR_NANOMETERS / unitInNanometers;
    plan.guidanceScale = settings.guidanceScale;
    if (settings.method == SamplerMethod::Bespoke)
        for (const BespokeStep& step : getBespokeSteps(settings.numSteps)) {
            plan.stageLevels.push_back(settings.sigmaMax * step.stage);
            plan.stageWeights.push_back(step.weight);
        }
    return plan;
}

void SamplerPlan::startAt(double sigma) {
    if (!(sigma > 0) || noiseLevels.empty() || sigma > noiseLevels.front()) {
        std::ostringstream text;
        text << "SamplerPlan::startAt: expected a noise level above 0 and at most "
             << (noiseLevels.empty() ? 0.0 : noiseLevels.front()) << ", the first one, got " << sigma;
        throw ArgumentError(text.str());
    }
    if (method == SamplerMethod::Bespoke && sigma < noiseLevels.front())
        throw ArgumentError("SamplerPlan::startAt: expected another method than Bespoke, whose steps are fitted from "
                "the first level on, got a start at a lower one; use Heun");

    // The step that crosses the level is the first one that is left.

    const auto next = std::find_if(noiseLevels.begin(), noiseLevels.end(), [&](double level) { return level < sigma; });
    const auto numDropped = next - noiseLevels.begin() - 1;
    noiseLevels.erase(noiseLevels.begin(), noiseLevels.begin() + numDropped);
    noiseLevels.front() = sigma;
    if (!renewedLevels.empty())
        renewedLevels.erase(renewedLevels.begin(), renewedLevels.begin() + numDropped);
}

StepLevels SamplerPlan::getLevels(int step, int historyStep) const {
    StepLevels levels;
    levels.sigma = noiseLevels[step];
    levels.renewed = renewedLevels.empty() ? 0 : renewedLevels[step];
    levels.drawn = std::sqrt(noiseScale) * levels.renewed;

    // (5.8)
    levels.nextSigma = std::sqrt((noiseLevels[step + 1] - levels.renewed) * (noiseLevels[step + 1] + levels.renewed));
    if (method == SamplerMethod::Multistep && step > 0 && historyStep == step - 1)
        levels.previousSigma = noiseLevels[step - 1];
    if (!stageLevels.empty()) {
        levels.stageSigma = stageLevels[step];
        levels.stageWeight = stageWeights[step];
    }
    else if (method == SamplerMethod::Heun && levels.nextSigma > 0) {
        levels.stageSigma = levels.nextSigma;
        levels.stageWeight = 0.5 * (levels.sigma / levels.nextSigma - 1);
    }
    return levels;
}

} // namespace OrbitPlugin
