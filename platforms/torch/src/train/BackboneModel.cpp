// SPDX-License-Identifier: MIT
// The start of a model of backbones: vocabularies, sampler, and the geometry of its training data.
#include "BackboneModel.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/BackboneInputs.h"
#include "openmmorbit/BackboneSurvey.h"
#include "openmmorbit/Shard.h"
#include <algorithm>

namespace OrbitPlugin {
namespace torchimpl {

namespace {

/** Add all frames of a shard's backbones that have a condition of the run. */
void surveyShard(const std::string& path, const TrainingSettings& settings, BackboneSurvey& survey) {
    ShardReader reader(path);
    ShardSubject subject;
    FrameBlock block;
    while (reader.nextSubject(subject))
        while (subject.kind == SubjectKind::Backbone && reader.nextBlock(block)) {
            if (subject.pointsPerToken != settings.network.pointsPerToken ||
                    std::count(settings.conditions.begin(), settings.conditions.end(), block.condition) == 0)
                continue;
            const std::size_t length = 3 * (std::size_t) subject.getNumPoints();
            for (std::size_t first = 0; first + length <= block.positions.size(); first += length)
                survey.add(subject.backbone, std::vector<double>(block.positions.begin() + first,
                        block.positions.begin() + first + length));
        }
}

BackboneSurvey surveyAll(const TrainingSettings& settings) {
    BackboneSurvey survey(settings.network.pointsPerToken);
    for (const TrainingDataset& dataset : settings.datasets)
        for (const std::string& path : dataset.shards)
            surveyShard(path, settings, survey);
    return survey;
}

/** The sampler of backbones: the reverse stochastic differential equation from noise far wider than a chain. */
SamplerSettings makeSampler() {
    SamplerSettings sampler;
    sampler.method = SamplerMethod::Euler;
    sampler.numSteps = 60;
    sampler.sigmaMax = 80;
    sampler.sigmaMin = 0.05;
    sampler.rho = 6;
    sampler.renewalRule = RenewalRule::Rate;
    sampler.renewal = 8;
    sampler.stereoGuidance = 0;
    return sampler;
}

} // namespace

bool haveBackbones(const TrainingSettings& settings) {
    for (const TrainingDataset& dataset : settings.datasets)
        for (const std::string& path : dataset.shards) {
            ShardSubject subject;
            if (ShardReader(path).nextSubject(subject))
                return subject.kind == SubjectKind::Backbone;
        }
    return false;
}

DenoiserModel createBackboneModel(const TrainingSettings& settings) {
    const BackboneSurvey survey = surveyAll(settings);
    if (survey.getNumBackbones() == 0)
        throw ArgumentError("train: expected backbones with " + std::to_string(settings.network.pointsPerToken) +
                " points for each residue, as \"pointsPerToken\" of the network says, got none");
    const BackboneStatistics statistics = survey.finish();
    const BackboneVocabularies vocabularies = makeBackboneVocabularies(statistics.longest);
    DenoiserModel model = DenoiserModel::createRandom(
            settings.network, settings.seed, vocabularies.residues, vocabularies.pairs);
    model.setRotations(OrbitRotations::Proper);
    model.setBackbones(statistics);
    model.setSamplerSettings(makeSampler());
    return model;
}

void widenBackbones(const TrainingSettings& given, DenoiserModel& model) {
    TrainingSettings settings = given;
    settings.network = model.getSettings();
    const BackboneSurvey survey = surveyAll(settings);
    if (survey.getNumBackbones() == 0)
        return;
    const BackboneStatistics more = survey.finish();
    BackboneStatistics known = model.getBackbones();
    known.numBackbones = std::max(known.numBackbones, more.numBackbones);   // The two sets may overlap.
    known.shortest = std::min(known.shortest, more.shortest);
    known.longest = std::max(known.longest, more.longest);
    known.maxChains = std::max(known.maxChains, more.maxChains);
    known.shortestChain = std::min(known.shortestChain, more.shortestChain);
    known.hasBreaks = known.hasBreaks || more.hasBreaks;
    if (more.closest > 0)       // Of small backbones there is none.
        known.closest = known.closest > 0 ? std::min(known.closest, more.closest) : more.closest;
    known.maxLeftTurns = std::max(known.maxLeftTurns, more.maxLeftTurns);
    for (DistanceRange& range : known.ranges)
        for (const DistanceRange& other : more.ranges)
            if (other.name == range.name) {
                range.lowest = std::min(range.lowest, other.lowest);
                range.highest = std::max(range.highest, other.highest);
            }
    model.setBackbones(known);
}

void suggestForBackbones(TrainingSettings& settings) {
    PairBiasTransformerSettings& network = settings.network;
    network.width = 256;
    network.numLayers = 8;
    network.numHeads = 8;
    network.numRadial = 64;
    network.radialMax = 32;
    settings.logSigmaMean = 1;
    settings.logSigmaDeviation = 1.5;
    settings.stereoDropout = 0.5;
    settings.emaDecay = 0.9995;
    settings.warmupSteps = 1000;
}

} // namespace torchimpl
} // namespace OrbitPlugin
