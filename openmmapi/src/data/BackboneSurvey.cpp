// SPDX-License-Identifier: MIT
// The geometry of backbones: histograms of distances, and what they say in few numbers.
#include "openmmorbit/BackboneSurvey.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/internal/BackboneTerms.h"
#include <algorithm>
#include <cmath>

using std::vector;

namespace OrbitPlugin {

namespace {

/** Width of a bin, Angstrom or turns, and how many there are. */
const double BIN = 0.01;
const int NUM_BINS = 2000;
/** Shares of distances, and of backbones, that lie outside their limits on either side. */
const double TAIL = 0.0005, BACKBONE_TAIL = 0.01;

} // namespace

void BackboneSurvey::Histogram::add(double value) {
    bins.resize(NUM_BINS, 0);
    bins[std::clamp((int) std::floor(value / BIN), 0, NUM_BINS - 1)]++;
    count++;
    sum += value;
    squares += value * value;
}

double BackboneSurvey::Histogram::getQuantile(double share) const {
    // The middle of the bin in which the sum reaches the share.

    long long before = 0;
    for (int k = 0; k < (int) bins.size(); k++) {
        before += bins[k];
        if (before > share * count)
            return (k + 0.5) * BIN;
    }
    return NUM_BINS * BIN;
}

BackboneSurvey::BackboneSurvey(int pointsPerToken) : pointsPerToken(pointsPerToken),
        distances(getBackboneTerms(pointsPerToken).size()) {
}

void BackboneSurvey::add(const BackboneSubject& backbone, const vector<double>& positions) {
    backbone.validate();
    checkBackbonePositions("BackboneSurvey::add", backbone, pointsPerToken, positions);
    const vector<BackboneTerm>& terms = getBackboneTerms(pointsPerToken);
    vector<char> isCis(backbone.getNumResidues(), 0);
    forEachDistance(backbone, pointsPerToken, terms[0], positions, [&](int residue, double distance) {
        isCis[residue] = distance < MIN_TRANS;
    });
    for (size_t k = 0; k < terms.size(); k++)
        forEachDistance(backbone, pointsPerToken, terms[k], positions, [&](int residue, double distance) {
            if (terms[k].step != 1 || !isCis[residue])
                distances[k].add(distance);
        });
    const BackboneContact contact = findClosest(backbone, pointsPerToken, positions);
    if (contact.first >= 0)
        contacts.add(contact.distance);
    leftTurns.add((findLeftTurns(backbone, pointsPerToken, positions).count + 0.5) * BIN);
    const int numResidues = backbone.getNumResidues();
    vector<int> lengths(backbone.getNumChains(), 0);
    for (int chain : backbone.chains)
        lengths[chain]++;
    const int shortestChain = *std::min_element(lengths.begin(), lengths.end());
    result.shortestChain = result.numBackbones == 0 ? shortestChain : std::min(result.shortestChain, shortestChain);
    result.shortest = result.numBackbones == 0 ? numResidues : std::min(result.shortest, numResidues);
    result.longest = std::max(result.longest, numResidues);
    result.maxChains = std::max(result.maxChains, backbone.getNumChains());
    result.hasBreaks = result.hasBreaks || backbone.hasBreaks();
    result.numBackbones++;
}

BackboneStatistics BackboneSurvey::finish() const {
    if (result.numBackbones == 0)
        throw ArgumentError("BackboneSurvey::finish: expected at least one backbone, got none");
    BackboneStatistics statistics = result;
    const vector<BackboneTerm>& terms = getBackboneTerms(pointsPerToken);
    for (size_t k = 0; k < terms.size(); k++) {
        const Histogram& found = distances[k];
        if (found.count == 0)
            continue;
        DistanceRange range;
        range.name = terms[k].name;
        range.mean = found.sum / found.count;
        range.deviation = std::sqrt(std::max(0.0, found.squares / found.count - range.mean * range.mean));
        range.lowest = found.getQuantile(TAIL);
        range.highest = found.getQuantile(1 - TAIL);
        statistics.ranges.push_back(range);
    }
    statistics.closest = contacts.count > 0 ? contacts.getQuantile(BACKBONE_TAIL) : 0;
    statistics.maxLeftTurns = (int) std::floor(leftTurns.getQuantile(1 - BACKBONE_TAIL) / BIN);
    return statistics;
}

} // namespace OrbitPlugin
