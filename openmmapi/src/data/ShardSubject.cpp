// SPDX-License-Identifier: MIT
// Checks of subjects and blocks of frames, and the rules that split training from validation data.
#include "openmmorbit/ShardSubject.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/internal/Sha256.h"
#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace OrbitPlugin {

namespace {

const int MAX_POINTS_PER_TOKEN = 100;

} // namespace

std::string ShardSubject::getLabel() const {
    if (kind == SubjectKind::Topology)
        return "topology of " + std::to_string(topology.getNumAtoms()) + " atoms";
    if (kind == SubjectKind::Backbone)
        return backbone.getLabel();
    return "molecule " + graph.getLabel();
}

void ShardSubject::validate() const {
    if (kind == SubjectKind::Molecule)
        graph.validate();
    else if (kind == SubjectKind::Backbone)
        backbone.validate();
    else if (kind != SubjectKind::Topology)
        throw ArgumentError("ShardSubject::validate: expected a subject of a known kind, got kind " +
                std::to_string((int) kind));
    else if (topology.getNumAtoms() == 0)
        throw ArgumentError("ShardSubject::validate: expected a topology of at least 1 atom, got none");
    if (splitRule != SplitRule::Key && splitRule != SplitRule::Time)
        throw ArgumentError("ShardSubject::validate: expected a split rule, Key or Time, for " + getLabel() +
                ", got number " + std::to_string((int) splitRule));
    if (pointsPerToken < 1 || pointsPerToken > MAX_POINTS_PER_TOKEN)
        throw ArgumentError("ShardSubject::validate: expected 1 to " + std::to_string(MAX_POINTS_PER_TOKEN) +
                " points per token for " + getLabel() + ", got " + std::to_string(pointsPerToken));
    if (kind == SubjectKind::Backbone && pointsPerToken != 1 && pointsPerToken != 3)
        throw ArgumentError("ShardSubject::validate: expected 1 point for each residue (CA) or 3 (N, CA, C) for the " +
                getLabel() + ", got " + std::to_string(pointsPerToken));
}

void FrameBlock::validate(const ShardSubject& subject) const {
    const int numPoints = subject.getNumPoints(), numFrames = getNumFrames(numPoints);
    const std::string label = subject.getLabel();
    if (numFrames < 1 || positions.size() != (std::size_t) numFrames * numPoints * 3)
        throw ArgumentError("FrameBlock::validate: expected frames of " + std::to_string(numPoints) + " points for " +
                label + ", got " + std::to_string(positions.size()) + " coordinates");
    if (!std::isfinite(temperature) || temperature < 0)
        throw ArgumentError("FrameBlock::validate: expected a temperature of at least 0 K for " + label + ", got " +
                std::to_string(temperature));
    if (!forces.empty() && forces.size() != positions.size())
        throw ArgumentError("FrameBlock::validate: expected as many forces as coordinates, " +
                std::to_string(positions.size()) + ", for " + label + ", got " + std::to_string(forces.size()));
    if (!forces.empty() && temperature == 0)
        throw ArgumentError(
                "FrameBlock::validate: expected a temperature beside the forces of " + label + ", got none");
    for (const std::vector<float>* values : {&energies, &weights})
        if (!values->empty() && values->size() != (std::size_t) numFrames)
            throw ArgumentError("FrameBlock::validate: expected one energy and weight for each of " +
                    std::to_string(numFrames) + " frames of " + label + ", got " + std::to_string(values->size()));
    for (const std::vector<float>* values : {&positions, &forces, &energies, &weights})
        for (std::size_t i = 0; i < values->size(); i++)
            if (!std::isfinite((*values)[i]))
                throw ArgumentError("FrameBlock::validate: expected finite values for " + label + ", got " +
                        std::to_string((*values)[i]) +
                        (values == &positions || values == &forces
                                        ? " for point " + std::to_string(i / 3 % numPoints) + " of frame " +
                                        std::to_string(i / 3 / numPoints)
                                        : ""));
    for (float weight : weights)
        if (weight < 0)
            throw ArgumentError("FrameBlock::validate: expected weights of at least 0 for " + label + ", got " +
                    std::to_string(weight));
}

FrameRange getTimeSplit(long long numFrames, bool validation) {
    const long long numValidation = numFrames / 5, first = numFrames - numValidation;
    if (validation)
        return {first, numFrames};
    const long long gap = numValidation > 0 ? std::max(1LL, numFrames / 100) : 0;
    return {0, first - gap};
}

bool isValidationMolecule(const std::string& flatSmiles) {
    std::string key = "orbit-validation:" + flatSmiles;
    std::string digits = sha256(key.data(), key.size()).substr(0, 8);
    return (double) std::strtoull(digits.c_str(), nullptr, 16) / 4294967296.0 < 0.03;
}

} // namespace OrbitPlugin
