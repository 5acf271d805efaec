// SPDX-License-Identifier: MIT
// The search for the symmetry group: leaf classes, colour refinement, then transversals of a chain of stabilisers.
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/Symmetry.h"
#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <numeric>

using namespace OrbitPlugin;
using std::vector;

namespace {

const long long MAX_COMPARISONS = 400000000;

/** The coloured structure in which every leaf class is one vertex. */
struct Quotient {
    int size = 0;
    vector<int> atoms;              ///< [size] an atom of every vertex
    vector<int> leafClass;          ///< [size] index of the vertex's leaf class, -1 for a single atom
    vector<int> colors;             ///< [size] refined
    vector<std::int64_t> pairs;     ///< [size][size] pair colour and bond
    vector<vector<int>> neighbors;  ///< [size]
};

bool areTwins(const vector<int>& atomColors, const vector<int>& pairColors, int u, int v) {
    const size_t n = atomColors.size();
    auto pair = [&](size_t a, size_t b) { return pairColors[a * n + b]; };
    if (atomColors[u] != atomColors[v] || pair(u, u) != pair(v, v) || pair(u, v) != pair(v, u))
        return false;
    for (int w = 0; w < (int) n; w++)
        if (w != u && w != v && (pair(u, w) != pair(v, w) || pair(w, u) != pair(w, v)))
            return false;
    return true;
}

/** Find the terminal atoms on one neighbour whose exchange changes nothing. */
vector<vector<int>> findLeafClasses(const vector<int>& atomColors, const vector<int>& pairColors,
        const vector<vector<int>>& neighbors) {
    vector<vector<int>> classes;
    for (const vector<int>& around : neighbors) {
        vector<vector<int>> local;
        for (int leaf : around) {
            if (neighbors[leaf].size() != 1)
                continue;
            auto home = std::find_if(local.begin(), local.end(),
                [&](const vector<int>& members) { return areTwins(atomColors, pairColors, members[0], leaf); });
            if (home == local.end())
                local.push_back({leaf});
            else
                home->push_back(leaf);
        }
        for (vector<int>& members : local)
            if (members.size() > 1) {
                std::sort(members.begin(), members.end());
                classes.push_back(members);
            }
    }
    return classes;
}

std::uint64_t mix(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

/**
 * Refine the vertex colours until every vertex of a colour sees the same colours. Only saves work: pairs are compared
 * later.
 */
void refine(Quotient& q) {
    size_t numColors = 0;
    while (true) {
        std::map<std::pair<int, std::uint64_t>, int> labels;
        vector<int> refined(q.size);
        for (int v = 0; v < q.size; v++) {
            std::uint64_t sum = 0;
            for (int w = 0; w < q.size; w++) {
                const std::uint64_t out = q.pairs[(size_t) v * q.size + w], in = q.pairs[(size_t) w * q.size + v];
                sum += mix(mix(mix(out + 0x9e3779b97f4a7c15ULL) + in) + (std::uint64_t) q.colors[w] +
                    (v == w ? 1u << 31 : 0));
            }
            refined[v] = labels.emplace(std::make_pair(q.colors[v], sum), (int) labels.size()).first->second;
        }
        q.colors = refined;
        if (labels.size() == numColors)
            return;
        numColors = labels.size();
    }
}

Quotient makeQuotient(const vector<int>& atomColors, const vector<int>& pairColors,
        const vector<vector<int>>& neighbors, const vector<vector<int>>& leafClasses) {
    const size_t n = atomColors.size();
    vector<int> classOf(n, -1), vertexOf(n, -1);
    for (size_t k = 0; k < leafClasses.size(); k++)
        for (int atom : leafClasses[k])
            classOf[atom] = (int) k;
    Quotient q;
    std::map<std::array<int, 3>, int> labels;
    for (size_t a = 0; a < n; a++) {
        const int k = classOf[a];
        if (k >= 0 && leafClasses[k][0] != (int) a)
            continue;
        vertexOf[a] = q.size++;
        q.atoms.push_back((int) a);
        q.leafClass.push_back(k);

        // The colour of a leaf class holds its size and the colour of its inner pairs.

        const std::array<int, 3> key = {atomColors[a], k < 0 ? 1 : (int) leafClasses[k].size(),
            k < 0 ? 0 : pairColors[a * n + leafClasses[k][1]]};
        q.colors.push_back(labels.emplace(key, (int) labels.size()).first->second);
    }
    q.neighbors.resize(q.size);
    q.pairs.resize((size_t) q.size * q.size);
    for (int v = 0; v < q.size; v++) {
        for (int w = 0; w < q.size; w++)
            q.pairs[(size_t) v * q.size + w] = (std::int64_t) pairColors[q.atoms[v] * n + q.atoms[w]] * 2;
        for (int neighbor : neighbors[q.atoms[v]])
            if (vertexOf[neighbor] >= 0) {
                q.neighbors[v].push_back(vertexOf[neighbor]);
                q.pairs[(size_t) v * q.size + vertexOf[neighbor]] |= 1;
            }
    }
    refine(q);
    return q;
}

/** Backtracking over a fixed order of the vertices, in which bonded vertices follow each other. */
class Search {
public:
    explicit Search(const Quotient& q) : q(q), image(q.size, -1), used(q.size, false), cells(q.size) {
        for (int v = 0; v < q.size; v++)
            cells[q.colors[v]].push_back(v);
        chooseOrder();
    }
    /**
     * Find one representative of every coset of stabiliser level + 1 in stabiliser level, the identity first.
     * Stabiliser `level` holds the automorphisms that fix the first `level` vertices of the order.
     */
    vector<vector<int>> findTransversal(int level) {
        std::fill(image.begin(), image.end(), -1);
        std::fill(used.begin(), used.end(), false);
        for (int k = 0; k < level; k++)
            assign(order[k], order[k]);
        vector<vector<int>> transversal;
        vector<int> identity(q.size);
        std::iota(identity.begin(), identity.end(), 0);
        transversal.push_back(identity);
        for (int candidate : getCandidates(level)) {
            if (candidate == order[level] || !fits(level, candidate))
                continue;
            assign(order[level], candidate);
            if (extend(level + 1))
                transversal.push_back(image);
            for (int k = level; k < q.size; k++)
                release(order[k]);
        }
        return transversal;
    }
    bool isExhausted() const {
        return comparisons > MAX_COMPARISONS;
    }
private:
    /**
     * Breadth first from a vertex of the smallest cell, rare colours first; parent is a bonded vertex that came
     * before.
     */
    void chooseOrder() {
        vector<bool> placed(q.size, false);
        parent.assign(q.size, -1);
        auto rarer = [&](int a, int b) {
            return std::make_pair(cells[q.colors[a]].size(), a) < std::make_pair(cells[q.colors[b]].size(), b);
        };
        vector<int> byRarity(q.size);
        std::iota(byRarity.begin(), byRarity.end(), 0);
        std::sort(byRarity.begin(), byRarity.end(), rarer);
        for (int start : byRarity) {
            if (placed[start])
                continue;
            placed[start] = true;
            order.push_back(start);
            for (size_t k = order.size() - 1; k < order.size(); k++) {
                vector<int> around = q.neighbors[order[k]];
                std::sort(around.begin(), around.end(), rarer);
                for (int v : around)
                    if (!placed[v]) {
                        placed[v] = true;
                        parent[v] = order[k];
                        order.push_back(v);
                    }
            }
        }
    }
    const vector<int>& getCandidates(int level) const {
        const int v = order[level];
        return parent[v] < 0 ? cells[q.colors[v]] : q.neighbors[image[parent[v]]];
    }
    bool fits(int level, int candidate) {
        const int v = order[level];
        if (used[candidate] || q.colors[candidate] != q.colors[v] || pair(candidate, candidate) != pair(v, v))
            return false;
        for (int k = level - 1; k >= 0; k--) {
            comparisons++;
            const int w = order[k];
            if (pair(candidate, image[w]) != pair(v, w) || pair(image[w], candidate) != pair(w, v))
                return false;
        }
        return true;
    }
    /** Complete a partial map to an automorphism; the first one that is found stays in `image`. */
    bool extend(int level) {
        // An explicit stack of candidate positions, because molecules may have thousands of atoms.

        const int first = level;
        vector<size_t> position(q.size + 1, 0);
        while (level < q.size) {
            const vector<int>& candidates = getCandidates(level);
            size_t& next = position[level];
            while (next < candidates.size() && !fits(level, candidates[next]) && !isExhausted())
                next++;
            if (isExhausted())
                return false;
            if (next < candidates.size()) {
                assign(order[level], candidates[next++]);
                position[++level] = 0;
            }
            else {
                if (level == first)
                    return false;
                release(order[--level]);
            }
        }
        return true;
    }
    std::int64_t pair(int a, int b) const {
        return q.pairs[(size_t) a * q.size + b];
    }
    void assign(int v, int target) {
        image[v] = target;
        used[target] = true;
    }
    void release(int v) {
        if (image[v] >= 0)
            used[image[v]] = false;
        image[v] = -1;
    }
    const Quotient& q;
    vector<int> order, parent, image;
    vector<bool> used;
    vector<vector<int>> cells;
    long long comparisons = 0;
};

/** List every automorphism of the quotient as a product along the stabiliser chain; empty if there are too many. */
vector<vector<int>> findQuotientGroup(const Quotient& q, int maxRepresentatives) {
    Search search(q);
    vector<vector<vector<int>>> transversals;
    double order = 1;
    for (int level = 0; level < q.size; level++) {
        transversals.push_back(search.findTransversal(level));
        order *= (double) transversals.back().size();
        if (order > maxRepresentatives || search.isExhausted())
            return {};
    }
    vector<vector<int>> elements(1, vector<int>(q.size));
    std::iota(elements[0].begin(), elements[0].end(), 0);
    for (int level = q.size - 1; level >= 0; level--) {
        const size_t numStabilizer = elements.size();
        for (size_t t = 1; t < transversals[level].size(); t++)
            for (size_t s = 0; s < numStabilizer; s++) {
                vector<int> product(q.size);
                for (int v = 0; v < q.size; v++)
                    product[v] = transversals[level][t][elements[s][v]];
                elements.push_back(std::move(product));
            }
    }
    return elements;
}

} // namespace

SymmetryGroup OrbitPlugin::findSymmetryGroup(const vector<int>& atomColors, const vector<int>& pairColors,
        const vector<vector<int>>& neighbors, int maxRepresentatives) {
    const size_t n = atomColors.size();
    if (pairColors.size() != n * n || neighbors.size() != n)
        throw ArgumentError("findSymmetryGroup: expected " + std::to_string(n * n) +
            " pair colours and neighbours of " + std::to_string(n) + " atoms, got " +
            std::to_string(pairColors.size()) + " and " + std::to_string(neighbors.size()));
    SymmetryGroup group;
    group.numAtoms = (int) n;
    group.leafClasses = findLeafClasses(atomColors, pairColors, neighbors);
    const Quotient q = makeQuotient(atomColors, pairColors, neighbors, group.leafClasses);
    vector<vector<int>> elements = findQuotientGroup(q, maxRepresentatives);
    group.complete = !elements.empty();
    if (!group.complete) {
        elements.emplace_back(q.size);
        std::iota(elements[0].begin(), elements[0].end(), 0);
    }

    // A representative maps single atoms as the quotient does, and leaf classes member by member.

    for (const vector<int>& element : elements) {
        vector<int> lifted(n);
        for (int v = 0; v < q.size; v++) {
            lifted[q.atoms[v]] = q.atoms[element[v]];
            if (q.leafClass[v] >= 0) {
                const vector<int>& from = group.leafClasses[q.leafClass[v]];
                const vector<int>& to = group.leafClasses[q.leafClass[element[v]]];
                for (size_t k = 0; k < from.size(); k++)
                    lifted[from[k]] = to[k];
            }
        }
        group.representatives.push_back(std::move(lifted));
    }
    return group;
}
