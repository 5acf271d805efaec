// SPDX-License-Identifier: MIT
// The start of a model of one system: vocabularies, rotations, and the geometry of its frames.
#include "TopologyModel.h"
#include "SubjectFrames.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/FrameStatistics.h"
#include "openmmorbit/TopologyInputs.h"
#include <algorithm>

namespace OrbitPlugin {
namespace torchimpl {

namespace {

/** Frames that the ranges of bonds and angles come from. */
const int MAX_FRAMES = 10000;

} // namespace

TopologySubject findTopology(const TrainingSettings& settings) {
    for (const TrainingDataset& dataset : settings.datasets)
        for (const std::string& path : dataset.shards) {
            ShardSubject subject;
            if (ShardReader(path).nextSubject(subject))
                return subject.kind == SubjectKind::Topology ? subject.topology : TopologySubject();
        }
    return TopologySubject();
}

/** All shards that hold the system have a part in it. */
TopologySubject gatherGeometry(const TrainingSettings& settings, const TopologySubject& topology) {
    std::vector<SubjectFrames> sources;
    long long numFrames = 0;
    for (const TrainingDataset& dataset : settings.datasets)
        for (const std::string& path : dataset.shards) {
            ShardReader reader(path);
            ShardSubject subject;
            std::set<long long> damaged;
            std::vector<std::string> messages;
            while (reader.nextSubject(subject))
                if (subject.kind == SubjectKind::Topology &&
                        describeDifference(topology, subject.topology).empty()) {
                    sources.emplace_back(reader, path, subject, FrameRules{settings.conditions, false, 1}, damaged,
                            &messages);
                    numFrames += sources.back().getNumFrames();
                }
        }
    FrameStatistics statistics(topology);
    const long long stride = std::max(1LL, (numFrames + MAX_FRAMES - 1) / MAX_FRAMES);
    for (const SubjectFrames& source : sources)
        for (long long frame = 0; frame < source.getNumFrames(); frame += stride) {
            const std::vector<float> positions = source.take((int) frame).positions;
            statistics.add(std::vector<double>(positions.begin(), positions.end()));
        }
    TopologySubject result = topology;
    statistics.finish(result);
    return result;
}

/**
 * The sampler of thermal states: no step draws noise anew, so that states have a density, and the last noise level is
 * below the width of a bond, because the last step narrows what is narrower than it.
 */
static SamplerSettings makeSampler(const TrainingSettings& settings) {
    SamplerSettings sampler;
    sampler.method = SamplerMethod::Heun;
    sampler.numSteps = 20;
    sampler.sigmaMax = std::max(sampler.sigmaMax, 8 * settings.network.dataScale);
    sampler.sigmaMin = 0.01;
    sampler.rho = 7;
    sampler.renewal = 0;
    sampler.stereoGuidance = 0;
    return sampler;
}

DenoiserModel createTopologyModel(const TrainingSettings& settings, const TopologySubject& topology) {
    const TopologyVocabularies vocabularies = makeTopologyVocabularies(topology);
    DenoiserModel model = DenoiserModel::createRandom(
            settings.network, settings.seed, vocabularies.atoms, vocabularies.pairs);
    model.setRotations(settings.rotations == "O3" ? OrbitRotations::WithReflections : OrbitRotations::Proper);
    model.setTopology(gatherGeometry(settings, topology));
    model.setSamplerSettings(makeSampler(settings));
    return model;
}

} // namespace torchimpl
} // namespace OrbitPlugin
