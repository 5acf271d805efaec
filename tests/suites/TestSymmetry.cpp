// SPDX-License-Identifier: MIT
// Tests of symmetry groups: brute force over all permutations, golden orders, limits, refusals.
#include "Golden.h"
#include "Matchers.h"
#include "Systems.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/Symmetry.h"
#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <set>

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

namespace {

/** The inputs of findSymmetryGroup(). */
struct ColoredGraph {
    vector<int> atomColors, pairColors;
    vector<vector<int>> neighbors;

    explicit ColoredGraph(int numAtoms) : atomColors(numAtoms, 0), pairColors(numAtoms * numAtoms, 0),
        neighbors(numAtoms) {
    }
    int size() const {
        return (int) atomColors.size();
    }
    void addBond(int a, int b, int color = 1) {
        neighbors[a].push_back(b);
        neighbors[b].push_back(a);
        pairColors[a * size() + b] = pairColors[b * size() + a] = color;
    }
    bool isSymmetry(const int* permutation) const {
        for (int a = 0; a < size(); a++) {
            if (atomColors[permutation[a]] != atomColors[a])
                return false;
            for (int b = 0; b < size(); b++)
                if (pairColors[permutation[a] * size() + permutation[b]] != pairColors[a * size() + b])
                    return false;
        }
        return true;
    }
    SymmetryGroup find(int maxRepresentatives = 100000) const {
        return findSymmetryGroup(atomColors, pairColors, neighbors, maxRepresentatives);
    }
};

/** Append a methyl group to an atom. Returns the next free index. */
int addMethyl(ColoredGraph& graph, int parent, int next) {
    graph.addBond(parent, next);
    for (int k = 1; k <= 3; k++)
        graph.addBond(next, next + k);
    return next + 4;
}

std::set<vector<int>> split(const vector<int>& flat, int numAtoms) {
    std::set<vector<int>> elements;
    for (size_t k = 0; k < flat.size(); k += numAtoms)
        elements.insert(vector<int>(flat.begin() + k, flat.begin() + k + numAtoms));
    return elements;
}

std::set<vector<int>> findByBruteForce(const ColoredGraph& graph) {
    std::set<vector<int>> elements;
    vector<int> permutation(graph.size());
    std::iota(permutation.begin(), permutation.end(), 0);
    do {
        if (graph.isSymmetry(permutation.data()))
            elements.insert(permutation);
    } while (std::next_permutation(permutation.begin(), permutation.end()));
    return elements;
}

} // namespace

TEST(Symmetry, agreesWithBruteForceOnRandomGraphs) {
    int numSymmetric = 0;
    for (int trial = 0; trial < 400; trial++) {
        const vector<double> numbers = makeNumbers(200, 1000 + trial);
        const int numAtoms = 2 + trial % 6;
        ColoredGraph graph(numAtoms);
        int next = 0;
        for (int a = 0; a < numAtoms; a++) {
            graph.atomColors[a] = numbers[next++] > 0.7;
            for (int b = 0; b < a; b++) {
                const double number = numbers[next++];
                if (number > (trial % 3 == 0 ? -0.2 : 0.3))
                    graph.addBond(a, b, number > 0.85 ? 2 : 1);
            }
        }
        if (trial % 5 == 0 && numAtoms > 2 && !graph.neighbors[0].empty())
            graph.pairColors[graph.neighbors[0][0]] = 7; // one directed label
        const SymmetryGroup group = graph.find();
        ASSERT_TRUE(group.complete);
        const vector<int> flat = group.enumerate();
        ASSERT_EQ(group.getOrder() * numAtoms, flat.size());
        ASSERT_TRUE(std::is_sorted(flat.begin(), flat.begin() + numAtoms)) << "the identity stands first";
        const std::set<vector<int>> elements = split(flat, numAtoms);
        ASSERT_EQ(group.getOrder(), elements.size()) << "no element twice";
        ASSERT_EQ(findByBruteForce(graph), elements) << "trial " << trial;
        numSymmetric += elements.size() > 2;
    }
    EXPECT_GT(numSymmetric, 50);
}

TEST(Symmetry, agreesWithGoldenGroups) {
    const nlohmann::json golden = readGolden("orbitPosterior.json");
    for (const nlohmann::json& molecule : golden["molecules"]) {
        const vector<int> colors = molecule["colors"];
        const int numAtoms = (int) colors.size();
        ColoredGraph graph(numAtoms);
        graph.atomColors = colors;
        for (const auto& bond : molecule["bonds"])
            graph.addBond(bond[0], bond[1]);
        const SymmetryGroup group = graph.find();
        EXPECT_EQ(molecule["order"].get<double>(), group.getOrder()) << molecule["name"];
        EXPECT_EQ(molecule["quotientOrder"].get<size_t>(), group.representatives.size()) << molecule["name"];
        const vector<vector<int>> leafClasses = molecule["leafClasses"];
        EXPECT_EQ(std::set<vector<int>>(leafClasses.begin(), leafClasses.end()),
            std::set<vector<int>>(group.leafClasses.begin(), group.leafClasses.end())) << molecule["name"];
        EXPECT_EQ(split(closeGroup(molecule["generators"], numAtoms), numAtoms), split(group.enumerate(), numAtoms))
            << molecule["name"];
    }
}

TEST(Symmetry, isClosedAndPreservesColors) {
    // 1,3,5-tri-tert-butylbenzene: the ring, its hydrogens, three tert-butyl groups.

    ColoredGraph graph(6 + 3 + 3 * 13);
    int next = 9;
    for (int k = 0; k < 6; k++)
        graph.addBond(k, (k + 1) % 6, 4);
    for (int k = 0; k < 3; k++) {
        graph.addBond(2 * k, 6 + k);
        const int center = next++;
        graph.addBond(2 * k + 1, center);
        for (int m = 0; m < 3; m++)
            next = addMethyl(graph, center, next);
    }
    ASSERT_EQ(graph.size(), next);
    for (int a = 0; a < graph.size(); a++)
        graph.atomColors[a] = graph.neighbors[a].size() == 1 ? 1 : 6;
    const SymmetryGroup group = graph.find();
    EXPECT_EQ(1296u, group.representatives.size());
    EXPECT_EQ(9u, group.leafClasses.size());
    EXPECT_DOUBLE_EQ(1296.0 * std::pow(6.0, 9), group.getOrder());
    const std::set<vector<int>> elements(group.representatives.begin(), group.representatives.end());
    EXPECT_EQ(1296u, elements.size());
    for (const vector<int>& element : elements)
        ASSERT_TRUE(graph.isSymmetry(element.data()));
    for (size_t k = 1; k < 1296; k += 101) {
        vector<int> product(graph.size());
        for (int a = 0; a < graph.size(); a++)
            product[a] = group.representatives[k][group.representatives[1296 - k][a]];
        EXPECT_TRUE(elements.count(product));
    }
    expectThrows<ArgumentError>("SymmetryGroup::enumerate: expected at most 5000 permutations, got 13060694016; use "
        "leafClasses and representatives, or raise maxOrder", [&] { group.enumerate(); });
}

TEST(Symmetry, stopsAtTheLimitOfRepresentatives) {
    // A star of twelve methyl groups has 12! cosets.

    ColoredGraph graph(1 + 12 * 4);
    int next = 1;
    for (int k = 0; k < 12; k++)
        next = addMethyl(graph, 0, next);
    const SymmetryGroup group = graph.find();
    EXPECT_FALSE(group.complete);
    EXPECT_EQ(1u, group.representatives.size()) << "leaf exchanges alone still form a group";
    EXPECT_EQ(12u, group.leafClasses.size());
    expectThrows<ArgumentError>(
            "SymmetryGroup::enumerate: expected a completely known group, got one whose search stopped "
            "at its limit; use leafClasses and representatives",
            [&] { group.enumerate(); });

    ColoredGraph star(1 + 3 * 4);
    next = 1;
    for (int k = 0; k < 3; k++)
        next = addMethyl(star, 0, next);
    EXPECT_FALSE(star.find(5).complete);
    EXPECT_TRUE(star.find(6).complete);
    EXPECT_EQ(6u, star.find(6).representatives.size());
}

TEST(Symmetry, diatomicsAndSingleAtoms) {
    ColoredGraph hydrogen(2);
    hydrogen.addBond(0, 1);
    EXPECT_EQ((vector<int>{0, 1, 1, 0}), hydrogen.find().enumerate());
    EXPECT_EQ((vector<int>{0}), ColoredGraph(1).find().enumerate());
}

TEST(Symmetry, isQuickForAHundredAtoms) {
    // A ring of 50 CH2 groups: order 2 · 50 · 2^50, leaf exchanges included.

    ColoredGraph graph(150);
    for (int k = 0; k < 50; k++) {
        graph.addBond(k, (k + 1) % 50);
        graph.addBond(k, 50 + 2 * k);
        graph.addBond(k, 51 + 2 * k);
    }
    const auto start = std::chrono::steady_clock::now();
    const SymmetryGroup group = graph.find();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    EXPECT_EQ(100u, group.representatives.size());
    EXPECT_DOUBLE_EQ(100 * std::pow(2.0, 50), group.getOrder());
    EXPECT_LT(seconds.count(), 1.0);
}

TEST(Symmetry, closesGenerators) {
    EXPECT_EQ(24u * 4, closeGroup({{1, 2, 3, 0}, {1, 0, 2, 3}}, 4).size());
    EXPECT_EQ((vector<int>{0, 1, 2}), closeGroup({}, 3));
    expectThrows<ArgumentError>("closeGroup: expected a group of at most 23 permutations, got a larger one; list the "
        "elements of a subgroup instead", [] { closeGroup({{1, 2, 3, 0}, {1, 0, 2, 3}}, 4, 23); });
    expectThrows<ArgumentError>("closeGroup: expected generator 0 to have 3 entries, got 2",
        [] { closeGroup({{1, 0}}, 3); });
    expectThrows<ArgumentError>(
            "closeGroup: expected generator 1 to be a permutation of 0 to 1, got 1 outside the range or "
            "twice",
            [] {
                closeGroup({{1, 0}, {1, 1}}, 2);
            });
    expectThrows<ArgumentError>("closeGroup: expected at least 1 atom, got 0", [] { closeGroup({}, 0); });
}

TEST(Symmetry, refusesSizesThatDisagree) {
    expectThrows<ArgumentError>("findSymmetryGroup: expected 4 pair colours and neighbours of 2 atoms, got 3 and 2",
        [] { findSymmetryGroup({0, 0}, {0, 0, 0}, {{1}, {0}}); });
}
