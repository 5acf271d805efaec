// SPDX-License-Identifier: MIT
// Blocks of frames by condition and side of the split, the choice by weight, and reading on demand.
#include "SubjectFrames.h"
#include "openmmorbit/ArgumentError.h"
#include <algorithm>
#include <limits>
#include <map>

namespace OrbitPlugin {
namespace torchimpl {

namespace {

/** kcal/mol/K */
const double GAS_CONSTANT = 8.31446261815324 / 4184;

template <class T>
void keepRange(std::vector<T>& values, std::size_t first, std::size_t last) {
    if (values.empty())
        return;
    values.erase(values.begin() + last, values.end());
    values.erase(values.begin(), values.begin() + first);
}

} // namespace

SubjectFrames::SubjectFrames(ShardReader& reader, const std::string& path, const ShardSubject& subject,
        const FrameRules& rules, std::set<long long>& damaged, std::vector<std::string>* messages) : path(path),
        scale(rules.scale) {
    readSegments(reader, subject, damaged, messages);
    keepConditions(subject, rules, messages);
    const bool wereFrames = !segments.empty();
    if (subject.splitRule == SplitRule::Time)
        keepSide(rules.isValidation);
    if (segments.empty())
        throw ArgumentError("readTrainingSet: expected frames for " +
                std::string(wereFrames && rules.isValidation ? "validation" : "training") + ", got none for " +
                subject.getLabel());
    finish(subject, !segments[0].positions.empty());
}

/** List the blocks, and read what is kept in memory, or not checked yet. */
void SubjectFrames::readSegments(ShardReader& reader, const ShardSubject& subject, std::set<long long>& damaged,
        std::vector<std::string>* messages) {
    std::size_t numBytes = 0;
    Segment segment;
    while (reader.nextHead(segment.head)) {
        if (damaged.count(segment.head.offset) != 0)
            continue;
        segment.numFrames = segment.head.numFrames;
        numBytes += (segment.head.hasForces ? 24 : 12) * (std::size_t) segment.numFrames * segment.head.numPoints;
        segments.push_back(segment);
    }
    const bool inMemory = numBytes <= MAX_BYTES || reader.getFormat() == 1;
    auto isBad = [&](Segment& candidate) {
        if (messages == nullptr && !inMemory) {
            candidate.weights = reader.readWeights(candidate.head);
            return false;
        }
        try {
            FrameBlock block;
            reader.readBlock(candidate.head, block);
            block.validate(subject);
            candidate.weights = std::move(block.weights);
            if (inMemory)
                candidate.positions = std::move(block.positions);
            if (inMemory)
                candidate.forces = std::move(block.forces);
            return false;
        }
        catch (const ArgumentError& error) {
            if (messages == nullptr)
                throw;
            messages->push_back(subject.getLabel() + ": " + error.what() + "; left out the block");
            damaged.insert(candidate.head.offset);
            return true;
        }
    };
    segments.erase(std::remove_if(segments.begin(), segments.end(), isBad), segments.end());
}

/** Leave out frames of conditions that the run does not have; it is a fault if that is all of them. */
void SubjectFrames::keepConditions(
        const ShardSubject& subject, const FrameRules& rules, std::vector<std::string>* messages) {
    std::set<std::string> others;
    std::vector<Segment> kept;
    for (Segment& segment : segments) {
        const auto found = std::find(rules.conditions.begin(), rules.conditions.end(), segment.head.condition);
        segment.condition = (int) (found - rules.conditions.begin());
        if (found == rules.conditions.end())
            others.insert(segment.head.condition);
        else
            kept.push_back(std::move(segment));
    }
    segments = std::move(kept);
    for (const std::string& other : others) {
        const std::string text = "readTrainingSet: expected one of the run's conditions, got \"" + other + "\" for " +
                subject.getLabel() + "; add it to \"conditions\"";
        if (segments.empty())
            throw ArgumentError(text);
        if (messages != nullptr)
            messages->push_back(text);
    }
}

/** Keep the frames of one side of the split by time. */
void SubjectFrames::keepSide(bool isValidation) {
    std::map<std::string, long long> lengths, places;
    for (const Segment& segment : segments)
        lengths[segment.head.series] += segment.numFrames;
    std::vector<Segment> kept;
    for (Segment& segment : segments) {
        const FrameRange side = getTimeSplit(lengths[segment.head.series], isValidation);
        long long& place = places[segment.head.series];
        const int first = (int) std::clamp<long long>(side.first - place, 0, segment.numFrames),
                  last = (int) std::clamp<long long>(side.last - place, 0, segment.numFrames);
        place += segment.numFrames;
        if (first >= last)
            continue;
        const std::size_t length = 3 * (std::size_t) segment.head.numPoints;
        keepRange(segment.positions, first * length, last * length);
        keepRange(segment.forces, first * length, last * length);
        keepRange(segment.weights, first, last);
        segment.firstInBlock = first;
        segment.numFrames = last - first;
        kept.push_back(std::move(segment));
    }
    segments = std::move(kept);
}

/** Number the frames and add up the weights. */
void SubjectFrames::finish(const ShardSubject& subject, bool inMemory) {
    double sum = 0;
    long long count = 0;
    for (Segment& segment : segments) {
        if (segment.head.hasWeights != segments[0].head.hasWeights)
            throw ArgumentError("readTrainingSet: expected weights of all frames or of none for " +
                    subject.getLabel() + ", got those of some");
        segment.first = (int) count;
        count += segment.numFrames;
        segment.weightBefore = sum;
        for (float weight : segment.weights)
            sum += weight;
        segment.weightAfter = (float) sum;
        if (!inMemory)
            segment.weights = std::vector<float>();
        segment.head.condition.clear();
        segment.head.series.clear();
    }
    if (count > std::numeric_limits<int>::max())
        throw ArgumentError("readTrainingSet: expected at most " + std::to_string(std::numeric_limits<int>::max()) +
                " frames for " + subject.getLabel() + ", got " + std::to_string(count));
    if (segments[0].head.hasWeights && !(sum > 0))
        throw ArgumentError("readTrainingSet: expected weights above 0 for " + subject.getLabel() +
                ", got only zeros");
    numFrames = (int) count;
    totalWeight = segments.back().weightAfter;
    segments.shrink_to_fit();
}

std::vector<int> SubjectFrames::getConditions() const {
    std::set<int> conditions;
    for (const Segment& segment : segments)
        conditions.insert(segment.condition);
    return {conditions.begin(), conditions.end()};
}

bool SubjectFrames::hasForces() const {
    return std::any_of(
            segments.begin(), segments.end(), [](const Segment& segment) { return segment.head.hasForces; });
}

int SubjectFrames::chooseByWeight(double share) const {
    const double limit = share * totalWeight;
    const auto found = std::lower_bound(segments.begin(), segments.end(), limit,
            [](const Segment& segment, double value) { return segment.weightAfter < value; });
    const Segment& segment = found == segments.end() ? segments.back() : *found;
    std::vector<float> read;
    if (segment.weights.empty()) {
        read = ShardReader(path).readWeights(segment.head);
        keepRange(read, segment.firstInBlock, segment.firstInBlock + segment.numFrames);
    }
    double sum = segment.weightBefore;
    int place = 0;
    for (float weight : segment.weights.empty() ? read : segment.weights) {
        sum += weight;
        if (limit <= (float) sum)
            break;
        place++;
    }
    return segment.first + std::min(place, segment.numFrames - 1);
}

const SubjectFrames::Segment& SubjectFrames::findSegment(int frame) const {
    const auto after = std::upper_bound(segments.begin(), segments.end(), frame,
            [](int number, const Segment& segment) { return number < segment.first; });
    return *(after - 1);
}

Frame SubjectFrames::take(int frame) const {
    const Segment& segment = findSegment(frame);
    const int place = frame - segment.first;
    const std::size_t length = 3 * (std::size_t) segment.head.numPoints;
    Frame result;
    result.condition = segment.condition;
    result.temperature = segment.head.temperature;
    if (segment.positions.empty())
        result.positions = ShardReader(path).readFrame(segment.head, segment.firstInBlock + place, &result.score);
    else {
        auto cut = [&](const std::vector<float>& values, std::vector<float>& part) {
            if (!values.empty())
                part.assign(values.begin() + place * length, values.begin() + (place + 1) * length);
        };
        cut(segment.positions, result.positions);
        cut(segment.forces, result.score);
    }
    if (!(segment.head.temperature > 0))
        result.score.clear();
    for (float& value : result.score)
        value = (float) (value / (GAS_CONSTANT * segment.head.temperature * scale));
    if (scale != 1)
        for (float& value : result.positions)
            value = (float) (value * scale);
    return result;
}

std::size_t SubjectFrames::getNumBytes() const {
    std::size_t sum = segments.capacity() * sizeof(Segment);
    for (const Segment& segment : segments)
        sum += (segment.positions.capacity() + segment.forces.capacity() + segment.weights.capacity()) * sizeof(float);
    return sum;
}

} // namespace torchimpl
} // namespace OrbitPlugin
