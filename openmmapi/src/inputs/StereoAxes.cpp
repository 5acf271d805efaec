// SPDX-License-Identifier: MIT
// Stereo axes written on every pair of their end atoms.
#include "openmmorbit/internal/StereoRecords.h"
#include "openmmorbit/internal/StereoGeometry.h"
#include <algorithm>
#include <set>

using namespace OrbitPlugin;
using std::vector;

void OrbitPlugin::expandStereoAxes(MolecularGraph& graph) {
    const vector<vector<int>> neighbors = graph.getNeighbors();
    std::set<std::pair<int, int>> known;
    vector<TorsionStereo> expanded;
    for (const TorsionStereo& axis : graph.torsional) {
        const int b = axis.atoms[1], c = axis.atoms[2];
        if (!known.insert(std::minmax(b, c)).second)
            continue;
        for (int a : neighbors[b])
            for (int d : neighbors[c]) {
                if (a == c || d == b || a == d)
                    continue;
                const bool sameSides = (a == axis.atoms[0]) == (d == axis.atoms[3]);
                expanded.push_back({{{a, b, c, d}}, sameSides ? axis.kind : getOpposite(axis.kind)});
            }
    }
    graph.torsional = expanded;
}

MolecularGraph OrbitPlugin::withStereoAxes(const MolecularGraph& graph, const vector<TorsionStereo>& axes) {
    MolecularGraph result = graph;
    vector<TorsionStereo>& records = result.torsional;
    for (const TorsionStereo& axis : axes) {
        const auto sameAxis = [&](const TorsionStereo& other) {
            return std::minmax(other.atoms[1], other.atoms[2]) == std::minmax(axis.atoms[1], axis.atoms[2]);
        };
        records.erase(std::remove_if(records.begin(), records.end(), sameAxis), records.end());
        records.push_back(axis);
    }
    result.validate();
    canonicalizeStereo(result);
    expandStereoAxes(result);
    return result;
}
