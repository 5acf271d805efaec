// SPDX-License-Identifier: MIT
// Finds lone pairs at the head of bridges, and the side to which they point.
#include "LonePairs.h"
#include "Positions.h"
#include <algorithm>
#include <cmath>
#include <set>

using namespace OpenMM;
using namespace OrbitPlugin;
using std::vector;

/** In larger rings a lone pair may point inside. */
static const std::size_t MAX_RING = 8;

/** The atoms of rings that share at least three atoms with another one: a bridge, not a common bond. */
static std::set<int> findCage(const vector<const vector<int>*>& rings) {
    std::set<int> cage;
    for (const vector<int>* first : rings)
        for (const vector<int>* second : rings) {
            const auto isShared = [&](int atom) { return std::count(second->begin(), second->end(), atom) > 0; };
            if (first == second || std::count_if(first->begin(), first->end(), isShared) < 3)
                continue;
            cage.insert(first->begin(), first->end());
        }
    return cage;
}

vector<LonePair> OrbitPlugin::findLonePairs(const MolecularGraph& graph) {
    vector<LonePair> result;
    for (const TetrahedralStereo& stereo : graph.tetrahedral) {
        if (stereo.neighbors[3] >= 0)
            continue;
        vector<const vector<int>*> rings;
        for (const vector<int>& ring : graph.rings)
            if (ring.size() <= MAX_RING && std::count(ring.begin(), ring.end(), stereo.center) > 0)
                rings.push_back(&ring);
        const std::set<int> cage = findCage(rings);
        const std::array<int, 4>& n = stereo.neighbors;
        if (cage.count(n[0]) + cage.count(n[1]) + cage.count(n[2]) == 3)
            result.push_back({stereo.center, {{n[0], n[1], n[2]}}, {cage.begin(), cage.end()}});
    }
    return result;
}

bool OrbitPlugin::pointsOutside(const LonePair& lonePair, ArrayView<const double> positions) {
    const Vec3 center = getPosition(positions, lonePair.center);
    Vec3 bonds, middle;
    for (int atom : lonePair.neighbors) {
        const Vec3 bond = getPosition(positions, atom) - center;
        bonds += bond / std::sqrt(bond.dot(bond));
    }
    for (int atom : lonePair.cage)
        middle += (getPosition(positions, atom) - center) / (double) lonePair.cage.size();
    return bonds.dot(middle) > 0;
}
