// SPDX-License-Identifier: MIT
// From tokens to their points: token a has the points a P, a P + 1, ..., a P + P - 1.
#include "openmmorbit/internal/OrbitPoints.h"

using std::vector;

namespace OrbitPlugin {

namespace {

ExchangeClass expandClass(const ExchangeClass& exchange, int pointsPerToken) {
    ExchangeClass result;
    for (const vector<int>& member : exchange.members)
        result.members.push_back(expandToPoints(member, pointsPerToken));
    result.single = expandToPoints(exchange.single, pointsPerToken);
    for (const ExchangeClass& inner : exchange.inner)
        result.inner.push_back(expandClass(inner, pointsPerToken));
    return result;
}

} // namespace

vector<int> expandToPoints(const vector<int>& permutations, int pointsPerToken) {
    if (pointsPerToken == 1)
        return permutations;
    vector<int> points;
    points.reserve(permutations.size() * pointsPerToken);
    for (int token : permutations)
        for (int p = 0; p < pointsPerToken; p++)
            points.push_back(token * pointsPerToken + p);
    return points;
}

LatticeGroup expandToPoints(const LatticeGroup& group, int pointsPerToken) {
    if (pointsPerToken == 1)
        return group;
    LatticeGroup result;
    result.numAtoms = group.numAtoms * pointsPerToken;
    result.single = expandToPoints(group.single, pointsPerToken);
    for (const ExchangeClass& exchange : group.classes)
        result.classes.push_back(expandClass(exchange, pointsPerToken));
    for (const vector<int>& stratum : group.strata)
        result.strata.push_back(expandToPoints(stratum, pointsPerToken));
    result.logNumExchanges = group.logNumExchanges;
    return result;
}

} // namespace OrbitPlugin
