// SPDX-License-Identifier: MIT
// Colour refinement of the atoms of a graph.
#include "AtomRanks.h"
#include <algorithm>
#include <array>

using namespace OrbitPlugin;
using std::vector;

BondedAtoms OrbitPlugin::getBondedAtoms(const MolecularGraph& graph) {
    BondedAtoms bonded(graph.atoms.size());
    for (const GraphBond& bond : graph.bonds) {
        bonded[bond.atom1].push_back({bond.atom2, (int) bond.order});
        bonded[bond.atom2].push_back({bond.atom1, (int) bond.order});
    }
    return bonded;
}

/** Replace each atom's key by its rank among all keys; equal keys share a rank. Returns the number of ranks. */
static int rankKeys(const vector<vector<int>>& keys, vector<int>& ranks) {
    vector<vector<int>> sorted(keys);
    std::sort(sorted.begin(), sorted.end());
    sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
    for (size_t i = 0; i < keys.size(); i++)
        ranks[i] = (int) (std::lower_bound(sorted.begin(), sorted.end(), keys[i]) - sorted.begin());
    return (int) sorted.size();
}

/** Refine ranks by those of the neighbours, the bonds to them and the labels of axes, until they do not change. */
static void refineRanks(vector<int>& ranks, int numRanks, const BondedAtoms& bonded, const StereoKnowledge& known) {
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

vector<int> OrbitPlugin::rankAtoms(
        const MolecularGraph& graph, const BondedAtoms& bonded, const StereoKnowledge& known) {
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
