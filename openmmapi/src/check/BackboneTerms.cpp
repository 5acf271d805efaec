// SPDX-License-Identifier: MIT
// Distances along a backbone, its closest contact, and turns of the wrong hand.
#include "openmmorbit/internal/BackboneTerms.h"
#include "Positions.h"
#include "openmmorbit/ArgumentError.h"
#include <cmath>
#include <limits>

using OpenMM::Vec3;
using std::string;
using std::vector;

namespace OrbitPlugin {

namespace {

const vector<BackboneTerm> TRACE_TERMS = {{"CA-CA", 0, 0, 1, false}, {"CA-CA-CA", 0, 0, 2, true}};
const vector<BackboneTerm> ATOM_TERMS = {{"CA-CA", 1, 1, 1, false}, {"CA-CA-CA", 1, 1, 2, true},
    {"N-CA", 0, 1, 0, false}, {"CA-C", 1, 2, 0, false}, {"C-N", 2, 0, 1, false}, {"N-C", 0, 2, 0, true},
    {"CA-N", 1, 0, 1, true}, {"C-CA", 2, 1, 1, true}};
const double DEGREE = 3.14159265358979323846 / 180;
/** A turn of the mirror image of a helix: its dihedral angle, and the distance of its ends in Angstrom. */
const double MIN_LEFT = -90 * DEGREE, MAX_LEFT = -20 * DEGREE, MAX_TURN = 6.5;

bool isBondedRow(const BackboneSubject& backbone, int residue, int step) {
    for (int k = 0; k < step; k++)
        if (!backbone.isBonded(residue + k))
            return false;
    return true;
}

Vec3 getTrace(const vector<double>& positions, int pointsPerToken, int residue) {
    return getPosition(positions, residue * pointsPerToken + pointsPerToken / 2);
}

bool isLeftTurn(const vector<double>& positions, int pointsPerToken, int residue) {
    Vec3 edges[3];
    for (int k = 0; k < 3; k++)
        edges[k] = getTrace(positions, pointsPerToken, residue + k + 1) -
            getTrace(positions, pointsPerToken, residue + k);
    const Vec3 ends = edges[0] + edges[1] + edges[2];
    const Vec3 first = edges[0].cross(edges[1]), second = edges[1].cross(edges[2]);
    const double angle = std::atan2(std::sqrt(edges[1].dot(edges[1])) * edges[0].dot(second), first.dot(second));
    return angle > MIN_LEFT && angle < MAX_LEFT && ends.dot(ends) < MAX_TURN * MAX_TURN;
}

} // namespace

const vector<BackboneTerm>& getBackboneTerms(int pointsPerToken) {
    if (pointsPerToken != 1 && pointsPerToken != 3)
        throw ArgumentError("getBackboneTerms: expected 1 point for each residue (CA) or 3 (N, CA, C), got " +
            std::to_string(pointsPerToken));
    return pointsPerToken == 1 ? TRACE_TERMS : ATOM_TERMS;
}

void checkBackbonePositions(const string& caller, const BackboneSubject& backbone, int pointsPerToken,
        const vector<double>& positions) {
    const size_t expected = 3 * (size_t) backbone.getNumResidues() * pointsPerToken;
    if (positions.size() != expected)
        throw ArgumentError(caller + ": expected " + std::to_string(expected) + " coordinates for the " +
            backbone.getLabel() + ", got " + std::to_string(positions.size()));
}

void forEachDistance(const BackboneSubject& backbone, int pointsPerToken, const BackboneTerm& term,
        const vector<double>& positions, const std::function<void(int, double)>& function) {
    for (int i = 0; i + term.step < backbone.getNumResidues(); i++) {
        if (!isBondedRow(backbone, i, term.step))
            continue;
        const Vec3 edge = getPosition(positions, (i + term.step) * pointsPerToken + term.second) -
            getPosition(positions, i * pointsPerToken + term.first);
        function(i, std::sqrt(edge.dot(edge)));
    }
}

BackboneContact findClosest(const BackboneSubject& backbone, int pointsPerToken, const vector<double>& positions) {
    BackboneContact closest;
    double least = std::numeric_limits<double>::infinity();
    for (int i = 0; i < backbone.getNumResidues(); i++) {
        const Vec3 place = getTrace(positions, pointsPerToken, i);
        for (int j = i + 1; j < backbone.getNumResidues(); j++) {
            if (backbone.chains[i] == backbone.chains[j] &&
                    backbone.numbers[j] - backbone.numbers[i] < MIN_CONTACT_SEPARATION)
                continue;
            const Vec3 edge = getTrace(positions, pointsPerToken, j) - place;
            if (edge.dot(edge) < least) {
                least = edge.dot(edge);
                closest = {i, j, std::sqrt(least)};
            }
        }
    }
    return closest;
}

LeftTurns findLeftTurns(const BackboneSubject& backbone, int pointsPerToken, const vector<double>& positions) {
    LeftTurns longest;
    int count = 0;
    for (int i = 0; i + 3 < backbone.getNumResidues(); i++) {
        count = isBondedRow(backbone, i, 3) && isLeftTurn(positions, pointsPerToken, i) ? count + 1 : 0;
        if (count > longest.count)
            longest = {count, i + 1 - count};
    }
    return longest;
}

} // namespace OrbitPlugin
