// SPDX-License-Identifier: MIT
// Ranges of torsions in a molecule.
#include "TorsionRanges.h"
#include "Findings.h"
#include "openmmorbit/internal/GraphWalk.h"
#include "openmmorbit/internal/StereoGeometry.h"
#include <algorithm>
#include <cmath>
#include <sstream>

using namespace OrbitPlugin;
using std::string;
using std::vector;

/** Torsions are turned a little into their range, so that rounding does not lead out of it: a share of the width. */
static const double INNER_SHARE = 0.01;

static double toDegrees(double angle) {
    return 180 / M_PI * angle;
}

static string nameTorsion(const MolecularGraph& graph, const TorsionRange& range) {
    string names;
    for (int k = 0; k < 4; k++)
        names += (k == 0 ? "" : k == 3 ? " and " : ", ") + nameAtom(graph, range.atoms[k]);
    return names;
}

string OrbitPlugin::findRangeFault(const MolecularGraph& graph, const TorsionRange& range) {
    std::ostringstream text;
    for (int atom : range.atoms)
        if (atom < 0 || atom >= graph.getNumAtoms()) {
            text << "expected atoms of torsions below " << graph.getNumAtoms() << ", got " << atom;
            return text.str();
        }
    const vector<vector<int>> neighbors = graph.getNeighbors();
    for (int k = 0; k < 3; k++) {
        const vector<int>& near = neighbors[range.atoms[k]];
        if (std::find(near.begin(), near.end(), range.atoms[k + 1]) == near.end())
            return "expected a torsion along bonds, got none between atoms " + nameAtom(graph, range.atoms[k]) +
                " and " + nameAtom(graph, range.atoms[k + 1]);
    }
    for (int k = 0; k < 2; k++)
        if (range.atoms[k] == range.atoms[k + 2])
            return "expected four different atoms of a torsion, got " + nameAtom(graph, range.atoms[k]) + " twice";
    if (range.atoms[0] == range.atoms[3])
        return "expected four different atoms of a torsion, got " + nameAtom(graph, range.atoms[0]) + " twice";
    for (int k = 1; k < 3; k++)
        if (graph.atoms[range.atoms[k]].hybridization == Hybridization::SP)
            return "expected a torsion about a bond with angles at its ends, got the linear atom " +
                nameAtom(graph, range.atoms[k]);
    const double width = range.upper - range.lower;
    if (!(width > 0 && width < 2 * M_PI && std::isfinite(range.lower))) {
        text << "expected a range of a torsion whose upper end is above the lower one by less than a full turn, got "
             << toDegrees(range.lower) << " to " << toDegrees(range.upper) << " degrees";
        return text.str();
    }
    return "";
}

// How far an angle is above the lower end of a range: from 0 to below a full turn.

static double getAbove(const TorsionRange& range, double angle) {
    const double above = angle - range.lower;
    return above - 2 * M_PI * std::floor(above / (2 * M_PI));
}

string OrbitPlugin::findContradiction(
        const MolecularGraph& graph, const TorsionRange& range, const vector<TorsionRange>& others) {
    const auto getWidth = [](const TorsionRange& of) { return of.upper - of.lower; };
    for (const TorsionRange& other : others) {
        const bool isSame = range.atoms == other.atoms ||
                std::equal(range.atoms.begin(), range.atoms.end(), other.atoms.rbegin());
        if (!isSame || !(getWidth(other) > 0) || getAbove(range, other.lower) < getWidth(range) ||
                getAbove(other, range.lower) < getWidth(other))
            continue;
        std::ostringstream text;
        text << "expected ranges of the torsion of atoms " << nameTorsion(graph, range) << " that have angles in "
             << "common, got " << toDegrees(range.lower) << " to " << toDegrees(range.upper) << " and "
             << toDegrees(other.lower) << " to " << toDegrees(other.upper) << " degrees; leave one out";
        return text.str();
    }
    return "";
}

// The atoms on the side of one atom of a bond, that one first; empty if they reach the other one, in a ring.

static vector<int> listSide(const vector<vector<int>>& neighbors, int from, int without) {
    vector<char> seen(neighbors.size(), 0);
    seen[without] = 1;
    const vector<int> side = listReached(neighbors, from, seen), &other = neighbors[without];
    const bool isRing = std::any_of(other.begin(), other.end(), [&](int next) { return next != from && seen[next]; });
    return isRing ? vector<int>() : side;
}

std::optional<TurnedTorsion> OrbitPlugin::planTurn(
        const MolecularGraph& graph, const TorsionRange& range, const vector<char>& fixed) {
    const vector<vector<int>> neighbors = graph.getNeighbors();
    const auto& [a, b, c, d] = range.atoms;
    const vector<int> sideOfB = listSide(neighbors, b, c), sideOfC = listSide(neighbors, c, b);
    if (sideOfC.empty())
        return std::nullopt;

    // The atoms of the bond itself do not turn.

    auto isFree = [&](const vector<int>& side) {
        return fixed.empty() || std::none_of(side.begin() + 1, side.end(), [&](int atom) { return fixed[atom]; });
    };
    const bool freeB = isFree(sideOfB), freeC = isFree(sideOfC);
    if (!freeB && !freeC)
        return std::nullopt;
    const double inner = INNER_SHARE * (range.upper - range.lower);
    TurnedTorsion turn = {range.atoms, range.lower + inner, range.upper - inner, sideOfC};
    if (!freeC || (freeB && sideOfB.size() < sideOfC.size())) {
        turn.atoms = {d, c, b, a};
        turn.moving = sideOfB;
    }
    turn.moving.erase(turn.moving.begin());
    return turn;
}

void OrbitPlugin::inspectTorsions(const MolecularGraph& graph, const vector<TorsionRange>& ranges,
        ArrayView<const double> positions, ConformerStatus& status) {
    for (const TorsionRange& range : ranges) {
        const double angle = getDihedral(range.atoms, positions);
        if (getAbove(range, angle) <= range.upper - range.lower)
            continue;
        std::ostringstream text;
        text << "the torsion of atoms " << nameTorsion(graph, range) << " is " << toDegrees(angle)
             << " degrees, expected " << toDegrees(range.lower) << " to " << toDegrees(range.upper);
        addFault(status, status.constraintsKept, text.str());
    }
}
