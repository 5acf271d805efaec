// SPDX-License-Identifier: MIT
// Settings that suit what the shards hold.
#include "BackboneModel.h"
#include "SubjectFrames.h"
#include "TopologyModel.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/TrainingSettings.h"
#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace OrbitPlugin {

namespace {

/** Frames that scales are taken from. */
const int MAX_FRAMES = 1000;
/** Systems up to this size get the smaller network. */
const int SMALL_SYSTEM = 60;

/** Names of the conditions of all blocks, in order of their first appearance. */
std::vector<std::string> listConditions(const std::vector<std::string>& shards) {
    std::vector<std::string> conditions;
    for (const std::string& path : shards) {
        ShardReader reader(path);
        ShardSubject subject;
        FrameBlockHead head;
        while (reader.nextSubject(subject))
            while (reader.nextHead(head))
                if (std::find(conditions.begin(), conditions.end(), head.condition) == conditions.end())
                    conditions.push_back(head.condition);
    }
    return conditions;
}

/** Standard deviation of the centred coordinates, and the largest distance from the centre. */
struct Extent {
    double squares = 0, farthest = 0;
    long long count = 0;
    int pointsPerToken = 1;     ///< of the last subject

    void add(const std::vector<float>& positions) {
        const std::size_t n = positions.size() / 3;
        double center[3] = {0, 0, 0};
        for (std::size_t i = 0; i < positions.size(); i++)
            center[i % 3] += positions[i] / n;
        for (std::size_t i = 0; i < n; i++) {
            double squared = 0;
            for (int k = 0; k < 3; k++)
                squared += std::pow(positions[3 * i + k] - center[k], 2);
            squares += squared;
            farthest = std::max(farthest, std::sqrt(squared));
        }
        count += 3 * (long long) n;
    }
};

Extent measureExtent(const std::vector<std::string>& shards, const std::vector<std::string>& conditions) {
    Extent extent;
    for (const std::string& path : shards) {
        ShardReader reader(path);
        ShardSubject subject;
        std::set<long long> damaged;
        while (reader.nextSubject(subject)) {
            const torchimpl::SubjectFrames frames(
                    reader, path, subject, torchimpl::FrameRules{conditions, false, 1}, damaged, nullptr);
            extent.pointsPerToken = subject.pointsPerToken;
            const int stride = std::max(1, frames.getNumFrames() / MAX_FRAMES);
            for (int frame = 0; frame < frames.getNumFrames(); frame += stride)
                extent.add(frames.take(frame).positions);
        }
    }
    return extent;
}

} // namespace

TrainingSettings TrainingSettings::suggest(const std::vector<std::string>& shards, double minutes) {
    TrainingSettings settings;
    settings.datasets.push_back({shards, 1.0});
    const TopologySubject topology = torchimpl::findTopology(settings);
    const bool areBackbones = torchimpl::haveBackbones(settings);
    if (topology.getNumAtoms() == 0 && !areBackbones)
        throw ArgumentError("TrainingSettings::suggest: expected shards of a system or of backbones, got \"" +
                (shards.empty() ? std::string() : shards[0]) + "\"; TrainingSettings::load() reads those of molecules");
    settings.conditions = listConditions(shards);
    settings.validationShards = shards;
    settings.validationMolecules = 0;
    const Extent extent = measureExtent(shards, settings.conditions);
    settings.network.dataScale = std::sqrt(extent.squares / extent.count);
    settings.network.radialMax = std::max(settings.network.radialMax, 2 * extent.farthest);
    if (areBackbones) {
        torchimpl::suggestForBackbones(settings);
        settings.network.pointsPerToken = extent.pointsPerToken;
    }
    else if (topology.getNumAtoms() <= SMALL_SYSTEM) {
        settings.network.width = 128;
        settings.network.numHeads = 8;
    }
    settings.maxMinutes = minutes;
    settings.maxSteps = std::numeric_limits<int>::max();
    return settings;
}

} // namespace OrbitPlugin
