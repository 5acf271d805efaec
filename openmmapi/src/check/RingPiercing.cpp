// SPDX-License-Identifier: MIT
// A ring's surface is the fan of triangles between its centroid and its bonds.
#include "RingPiercing.h"
#include "Positions.h"
#include <algorithm>

using namespace OpenMM;
using namespace OrbitPlugin;

/** Larger rings have room for a bond. */
static const int MAX_RING = 8;

// Both ends lie on different sides of the triangle's plane, and the line from one to the other turns around its three
// edges in the same sense.

static bool crosses(const Vec3& from, const Vec3& to, const Vec3& a, const Vec3& b, const Vec3& c) {
    const Vec3 normal = (b - a).cross(c - a);
    if ((from - a).dot(normal) * (to - a).dot(normal) > 0)
        return false;
    const Vec3 line = to - from;
    const double first = line.dot((a - from).cross(b - from)), second = line.dot((b - from).cross(c - from)),
                 third = line.dot((c - from).cross(a - from));
    return (first > 0 && second > 0 && third > 0) || (first < 0 && second < 0 && third < 0);
}

PiercingPlan::PiercingPlan(const MolecularGraph& graph) : bonds(graph.bonds) {
    for (const std::vector<int>& ring : graph.rings)
        if ((int) ring.size() <= MAX_RING) {
            rings.push_back(ring);
            member.emplace_back(graph.atoms.size(), 0);
            for (int atom : ring)
                member.back()[atom] = 1;
        }
}

Piercing OrbitPlugin::findPiercing(const PiercingPlan& plan, ArrayView<const double> positions) {
    for (size_t r = 0; r < plan.rings.size(); r++) {
        const std::vector<int>& ring = plan.rings[r];
        Vec3 center;
        for (int atom : ring)
            center += getPosition(positions, atom) / ring.size();
        double reach = 0;
        for (int atom : ring) {
            const Vec3 arm = getPosition(positions, atom) - center;
            reach = std::max(reach, arm.dot(arm));
        }
        for (size_t i = 0; i < plan.bonds.size(); i++) {
            const GraphBond& bond = plan.bonds[i];
            if (plan.member[r][bond.atom1] || plan.member[r][bond.atom2])
                continue;
            const Vec3 from = getPosition(positions, bond.atom1), to = getPosition(positions, bond.atom2);
            const Vec3 middle = (from + to) * 0.5 - center, half = (to - from) * 0.5;

            // A bond that pierces has its middle within the ring's reach and half its own length.

            if (middle.dot(middle) > 2 * (reach + half.dot(half)))
                continue;
            for (size_t k = 0; k < ring.size(); k++)
                if (crosses(from, to, center, getPosition(positions, ring[k]),
                            getPosition(positions, ring[(k + 1) % ring.size()])))
                    return {(int) r, (int) i};
        }
    }
    return {};
}
