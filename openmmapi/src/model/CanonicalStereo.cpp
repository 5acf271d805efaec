// SPDX-License-Identifier: MIT
// The canonical form of stereo records: ranks from colour refinement choose neighbour orders and end atoms.
#include "openmmorbit/internal/Features.h"
#include "openmmorbit/internal/PermutationSign.h"
#include "openmmorbit/internal/StereoGeometry.h"
#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>

using namespace OrbitPlugin;
using std::vector;

namespace {

/** Neighbours with the class of their bond. */
typedef vector<vector<std::pair<int, int>>> BondedAtoms;

/** What the refinement knows about the stereo records of a graph. */
struct StereoKnowledge {
    vector<int> atomLabels;                     ///< 0, or 1 and 2 for the two parities of a centre
    std::map<std::pair<int, int>, int> axes;    ///< label of an axis whose end atoms are distinguished
};

BondedAtoms getBondedAtoms(const MolecularGraph& graph) {
    BondedAtoms bonded(graph.atoms.size());
    for (const GraphBond& bond : graph.bonds) {
        bonded[bond.atom1].push_back({bond.atom2, (int) bond.order});
        bonded[bond.atom2].push_back({bond.atom1, (int) bond.order});
    }
    return bonded;
}

/** Replace each atom's key by its rank among all keys; equal keys share a rank. Returns the number of ranks. */
int rankKeys(const vector<vector<int>>& keys, vector<int>& ranks) {
    vector<vector<int>> sorted(keys);
    std::sort(sorted.begin(), sorted.end());
    sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
    for (size_t i = 0; i < keys.size(); i++)
        ranks[i] = (int) (std::lower_bound(sorted.begin(), sorted.end(), keys[i]) - sorted.begin());
    return (int) sorted.size();
}

/** Refine ranks by those of the neighbours, the bonds to them and the labels of axes, until they do not change. */
void refineRanks(vector<int>& ranks, int numRanks, const BondedAtoms& bonded, const StereoKnowledge& known) {
    const int n = (int) ranks.size();
    vector<vector<int>> keys(n);
    for (int previous = 0; numRanks > previous;) {
        for (int i = 0; i < n; i++) {
            vector<std::array<int, 3>> around;
            for (const auto& [j, order] : bonded[i]) {
                const auto axis = known.axes.find(std::minmax(i, j));
                around.push_back({ranks[j], order, axis == known.axes.end() ? 0 : axis->second});
            }
            std::sort(around.begin(), around.end());
            keys[i] = {ranks[i]};
            for (const std::array<int, 3>& entry : around)
                keys[i].insert(keys[i].end(), entry.begin(), entry.end());
        }
        previous = numRanks;
        numRanks = rankKeys(keys, ranks);
    }
}

/** Rank the atoms by colour refinement. Atoms that a symmetry of the graph and the labels exchanges share a rank. */
vector<int> rankAtoms(const MolecularGraph& graph, const BondedAtoms& bonded, const StereoKnowledge& known) {
    const int n = graph.getNumAtoms();
    vector<vector<int>> keys(n);
    vector<int> ranks(n);
    for (int i = 0; i < n; i++) {
        const GraphAtom& atom = graph.atoms[i];
        keys[i] = {atom.element, atom.formalCharge, (int) atom.hybridization, atom.aromatic, (int) bonded[i].size(),
            known.atomLabels[i]};
    }
    for (const vector<int>& ring : graph.rings)
        for (int i : ring)
            keys[i].push_back((int) ring.size());
    for (vector<int>& key : keys)
        std::sort(key.begin() + 6, key.end());
    refineRanks(ranks, rankKeys(keys, ranks), bonded, known);

    // Isotopes only tell apart what is equal otherwise: the order of other atoms is that without them.

    for (int i = 0; i < n; i++)
        keys[i] = {ranks[i], graph.atoms[i].isotope};
    refineRanks(ranks, rankKeys(keys, ranks), bonded, known);
    return ranks;
}

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
