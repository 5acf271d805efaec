// SPDX-License-Identifier: MIT
// How copies are packed behind one another.
#include "openmmorbit/internal/Batch.h"
#include "openmmorbit/ArgumentError.h"
#include <algorithm>
#include <cmath>
#include <string>

namespace OrbitPlugin {

void Batch::setSampler(const SamplerSettings& settings) {
    method = settings.method;
    noiseLevels = settings.getNoiseLevels();
    renewedLevels = settings.getRenewedLevels();
    stereoGuidance = settings.stereoGuidance;
}

StepLevels Batch::getLevels(int step, int historyStep) const {
    StepLevels levels;
    levels.sigma = noiseLevels[step];
    levels.renewed = renewedLevels.empty() ? 0 : renewedLevels[step];

    // (5.8)
    levels.nextSigma = std::sqrt((noiseLevels[step + 1] - levels.renewed) * (noiseLevels[step + 1] + levels.renewed));
    if (method == SamplerMethod::Multistep && step > 0 && historyStep == step - 1)
        levels.previousSigma = noiseLevels[step - 1];
    return levels;
}

bool Batch::isGuided(const StepLevels& levels) const {
    return std::any_of(graphs.begin(), graphs.end(),
        [&](const GraphFeatures& graph) { return isGuided(graph, levels); });
}

std::uint64_t Batch::getStepSeed(int step) const {
    // (6.3)
    return seed ^ (std::uint64_t) (step + 1) << 32;
}

void Batch::addCopy(BatchCopy copy) {
    if (copy.graph < 0 || copy.graph >= (int) graphs.size())
        throw ArgumentError("Batch::addCopy: expected a graph from 0 to " + std::to_string((int) graphs.size() - 1) +
            ", got " + std::to_string(copy.graph));
    copy.firstAtom = getNumAtoms();
    copies.push_back(copy);
}

int Batch::getNumAtoms() const {
    if (copies.empty())
        return 0;
    const BatchCopy& last = copies.back();
    return last.firstAtom + graphs[last.graph].numAtoms;
}

} // namespace OrbitPlugin
