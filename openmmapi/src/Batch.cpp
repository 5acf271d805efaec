// SPDX-License-Identifier: MIT
// How copies are packed behind one another.
#include "openmmorbit/internal/Batch.h"
#include "openmmorbit/ArgumentError.h"
#include <algorithm>
#include <string>

namespace OrbitPlugin {

bool Batch::hasContrasts() const {
    return std::any_of(copies.begin(), copies.end(), [](const BatchCopy& copy) { return copy.contrast >= 0; });
}

bool Batch::isGuided(const StepLevels& levels) const {
    return std::any_of(inputs.begin(), inputs.end(),
        [&](const TokenInputs& subject) { return plan.isGuided(subject, levels); });
}

std::uint64_t Batch::getStepSeed(int step) const {
    // (6.3)
    return seed ^ (std::uint64_t) (step + 1) << 32;
}

void Batch::addCopy(BatchCopy copy) {
    if (copy.input < 0 || copy.input >= (int) inputs.size())
        throw ArgumentError("Batch::addCopy: expected inputs from 0 to " + std::to_string((int) inputs.size() - 1) +
            ", got " + std::to_string(copy.input));
    if (inputs[copy.input].pointsPerToken != inputs[0].pointsPerToken)
        throw ArgumentError("Batch::addCopy: expected " + std::to_string(inputs[0].pointsPerToken) +
            " points a token, as the other copies have, got " + std::to_string(inputs[copy.input].pointsPerToken));
    copy.firstPoint = getNumPoints();
    copies.push_back(copy);
}

/** Get what belongs to the inputs of a copy; inputs behind the last that have some have none. */
template <class Value>
static const Value& getOfInput(const std::vector<Value>& values, int input) {
    static const Value none = Value();
    return input < (int) values.size() ? values[input] : none;
}

const std::vector<TurnedTorsion>& Batch::getTorsions(int copy) const {
    return getOfInput(torsions, copies[copy].input);
}

const AvoidedPocket& Batch::getPocket(int copy) const {
    return getOfInput(pockets, copies[copy].input);
}

void Batch::addContrast(int copy, int input) {
    BatchCopy contrast = copies.at(copy);
    contrast.input = input;
    if (inputs.at(input).numTokens != getNumTokens(copy))
        throw ArgumentError("Batch::addContrast: expected inputs of " + std::to_string(getNumTokens(copy)) +
            " tokens, as the guided copy has, got " + std::to_string(inputs[input].numTokens));
    copies[copy].contrast = (int) copies.size();
    addCopy(contrast);
}

void Batch::validate(int pointsPerToken) const {
    for (const TokenInputs& subject : inputs)
        if (subject.pointsPerToken != pointsPerToken)
            throw ArgumentError("Batch::validate: expected " + std::to_string(pointsPerToken) +
                " points a token, as the model has, got " + std::to_string(subject.pointsPerToken));
    const std::size_t numPoints = getNumPoints();
    if (!start.empty() && start.size() != 3 * numPoints)
        throw ArgumentError("Batch::validate: expected " + std::to_string(3 * numPoints) +
            " coordinates to start from, got " + std::to_string(start.size()));
    if (!fixed.empty() && (fixed.size() != numPoints || start.empty()))
        throw ArgumentError("Batch::validate: expected " + std::to_string(numPoints) +
            " flags of fixed points, with positions to start from, got " + std::to_string(fixed.size()) +
            " flags and " + std::to_string(start.size()) + " coordinates");
    if (!leaders.empty() && (leaders.size() != numPoints || fixed.empty()))
        throw ArgumentError("Batch::validate: expected " + std::to_string(numPoints) +
            " leaders, with flags of fixed points, got " + std::to_string(leaders.size()) + " leaders and " +
            std::to_string(fixed.size()) + " flags");
}

int Batch::getNumPoints() const {
    const int last = (int) copies.size() - 1;
    return copies.empty() ? 0 : copies[last].firstPoint + getNumPoints(last);
}

int Batch::getNumTokens() const {
    const int last = (int) copies.size() - 1;
    return copies.empty() ? 0 : getFirstToken(last) + getNumTokens(last);
}

} // namespace OrbitPlugin
