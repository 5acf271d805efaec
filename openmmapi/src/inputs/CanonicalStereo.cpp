// SPDX-License-Identifier: MIT
// The canonical form of stereo records: ranks from colour refinement choose neighbour orders and end atoms.
#include "AtomRanks.h"
#include "openmmorbit/internal/StereoRecords.h"
#include "openmmorbit/internal/PermutationSign.h"
#include "openmmorbit/internal/StereoGeometry.h"
#include <algorithm>
#include <numeric>
#include <tuple>

using namespace OrbitPlugin;
using std::vector;

namespace {

/**
 * Bring the neighbours of one centre into canonical order, keeping the handedness. Returns whether all ranks differ.
 */
bool sortNeighbors(TetrahedralStereo& stereo, const vector<int>& ranks) {
    const int numNeighbors = stereo.neighbors[3] < 0 ? 3 : 4;
    const std::array<int, 4> old = stereo.neighbors;
    auto countEquals = [&](int k) {
        return std::count_if(old.begin(), old.begin() + numNeighbors, [&](int j) { return ranks[j] == ranks[old[k]]; });
    };
    vector<int> order(numNeighbors);
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](int a, int b) {
        return std::make_tuple(countEquals(a), ranks[old[a]], old[a]) <
            std::make_tuple(countEquals(b), ranks[old[b]], old[b]);
    });
    bool distinct = true;
    for (int k = 0; k < numNeighbors; k++) {
        stereo.neighbors[k] = old[order[k]];
        distinct = distinct && countEquals(k) == 1;
    }
    if (isOddPermutation(order))
        std::swap(stereo.neighbors[numNeighbors - 2], stereo.neighbors[numNeighbors - 1]);
    return distinct;
}

/** Move one end of an axis to its substituent of the highest rank; equals are resolved towards the smaller kind. */
bool chooseEnd(TorsionStereo& stereo, int end, const BondedAtoms& bonded, const vector<int>& ranks) {
    const int center = stereo.atoms[end == 0 ? 1 : 2], across = stereo.atoms[end == 0 ? 2 : 1];
    const int other = stereo.atoms[3 - end];
    int& current = stereo.atoms[end];
    bool distinct = true;
    for (const auto& entry : bonded[center]) {
        const int candidate = entry.first;
        if (candidate == current || candidate == across || candidate == other || bonded[center].size() > 3)
            continue;
        const TorsionStereoKind kind = getOpposite(stereo.kind);
        if (ranks[candidate] == ranks[current])
            distinct = false;
        if (std::make_pair(-ranks[candidate], (int) kind) < std::make_pair(-ranks[current], (int) stereo.kind)) {
            current = candidate;
            stereo.kind = kind;
        }
    }
    return distinct;
}

} // namespace

void OrbitPlugin::canonicalizeStereo(MolecularGraph& graph) {
    const BondedAtoms bonded = getBondedAtoms(graph);
    StereoKnowledge known;
    known.atomLabels.assign(graph.atoms.size(), 0);

    // Labels of centres and axes that the ranks tell apart enter the ranks, until no label changes any more.

    for (size_t round = 0; round <= graph.tetrahedral.size() + graph.torsional.size(); round++) {
        const vector<int> ranks = rankAtoms(graph, bonded, known);
        const StereoKnowledge before = known;
        for (TetrahedralStereo& stereo : graph.tetrahedral) {
            if (!sortNeighbors(stereo, ranks) || known.atomLabels[stereo.center] != 0)
                continue;

            // The parity refers to the order by rank, so it is the same for every numbering of the atoms.

            const int last = stereo.neighbors[3] < 0 ? 2 : 3;
            known.atomLabels[stereo.center] = ranks[stereo.neighbors[last - 1]] < ranks[stereo.neighbors[last]] ? 1 : 2;
        }
        for (TorsionStereo& stereo : graph.torsional) {
            const bool distinct0 = chooseEnd(stereo, 0, bonded, ranks), distinct3 = chooseEnd(stereo, 3, bonded, ranks);
            int& label = known.axes[std::minmax(stereo.atoms[1], stereo.atoms[2])];
            if (distinct0 && distinct3 && label == 0)
                label = (int) stereo.kind;
        }
        if (known.atomLabels == before.atomLabels && known.axes == before.axes)
            break;
    }
}
