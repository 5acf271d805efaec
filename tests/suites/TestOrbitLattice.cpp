// SPDX-License-Identifier: MIT
// Tests of the lattice rule for large groups: sums over exchanges against lists, means against lists, unbiasedness.
#include "../../openmmapi/src/orbit/ExchangeSum.h"
#include "Matchers.h"
#include "Systems.h"
#include "Tolerances.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/OrbitPosterior.h"
#include "openmmorbit/internal/OrbitLattice.h"
#include "openmmorbit/internal/OrbitMean.h"
#include "openmmorbit/internal/Philox.h"
#include <cmath>
#include <map>

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

namespace {

/** A graph whose atoms are coloured by their number of neighbours. */
struct BranchedGraph {
    vector<vector<int>> neighbors;
    vector<std::pair<int, int>> bonds;
    int addAtom(int parent) {
        neighbors.emplace_back();
        if (parent >= 0)
            addBond(parent, (int) neighbors.size() - 1);
        return (int) neighbors.size() - 1;
    }
    void addBond(int a, int b) {
        neighbors[a].push_back(b);
        neighbors[b].push_back(a);
        bonds.emplace_back(a, b);
    }
    int addCarbon(int parent, int numHydrogens) {
        const int carbon = addAtom(parent);
        for (int k = 0; k < numHydrogens; k++)
            addAtom(carbon);
        return carbon;
    }
    int size() const {
        return (int) neighbors.size();
    }
    SymmetryGroup findGroup() const {
        vector<int> colors(size()), pairs((size_t) size() * size(), 0);
        for (int a = 0; a < size(); a++)
            colors[a] = (int) neighbors[a].size();
        for (const auto& [a, b] : bonds)
            pairs[(size_t) a * size() + b] = pairs[(size_t) b * size() + a] = 1;
        return findSymmetryGroup(colors, pairs, neighbors);
    }
};

BranchedGraph makeNeopentane() {
    BranchedGraph graph;
    const int center = graph.addAtom(-1);
    for (int k = 0; k < 4; k++)
        graph.addCarbon(center, 3);
    return graph;
}

/** Isobutane with a chain: two methyl groups on one carbon, a CH2, an OH. Order 2 · 36 · 2. */
BranchedGraph makeIsobutanol() {
    BranchedGraph graph;
    const int center = graph.addCarbon(-1, 1);
    graph.addCarbon(center, 3);
    graph.addCarbon(center, 3);
    graph.addAtom(graph.addAtom(graph.addCarbon(center, 2)));
    return graph;
}

BranchedGraph makeTriButylBenzene() {
    BranchedGraph graph;
    for (int k = 0; k < 6; k++)
        graph.addAtom(k - 1);
    graph.addBond(5, 0);
    for (int k = 0; k < 6; k += 2) {
        const int center = graph.addAtom(k);
        for (int branch = 0; branch < 3; branch++)
            graph.addCarbon(center, 3);
        graph.addAtom(k + 1);
    }
    return graph;
}

/** tr(Fᵀ R) of a permutation. */
double getOverlap(const vector<double>& y, const vector<double>& rotated, const int* permutation) {
    double sum = 0;
    for (size_t a = 0; a < y.size() / 3; a++)
        for (int c = 0; c < 3; c++)
            sum += y[3 * a + c] * rotated[3 * permutation[a] + c];
    return sum;
}

double getDistance(const vector<double>& a, const vector<double>& b) {
    double sum = 0;
    for (size_t k = 0; k < a.size(); k++)
        sum += (a[k] - b[k]) * (a[k] - b[k]);
    return std::sqrt(3 * sum / (double) a.size());
}

/** Compare the sum over strata and exchanges with the sum over the list, for one rotation. */
void expectSameSums(const BranchedGraph& graph, int maxStrata, size_t numStrata) {
    const SymmetryGroup group = graph.findGroup();
    const LatticeGroup lattice = makeLatticeGroup(group, graph.neighbors, maxStrata);
    EXPECT_EQ(numStrata, lattice.strata.size());
    EXPECT_NEAR(std::log(group.getOrder()), lattice.getLogOrder(), 1e-9);
    const int n = graph.size();
    const vector<double> y = makePositions(n, 1, 1.0), x = rotate(makePositions(n, 2), makeRotation(3));
    const vector<int> list = group.enumerate(100000);
    double sum = 0, latticeSum = 0;
    vector<double> mean(3 * n, 0.0), latticeMean(3 * n, 0.0);
    for (size_t first = 0; first < list.size(); first += n) {
        const double weight = std::exp(getOverlap(y, x, list.data() + first));
        sum += weight;
        for (int a = 0; a < n; a++)
            for (int c = 0; c < 3; c++)
                mean[3 * a + c] += weight * x[3 * list[first + a] + c];
    }
    for (const vector<int>& stratum : lattice.strata) {
        vector<double> placed(3 * n), sums(3 * n, 0.0);
        for (int a = 0; a < n; a++)
            for (int c = 0; c < 3; c++)
                placed[3 * a + c] = x[3 * stratum[a] + c];
        const ExchangeSum<1> exchange(y.data(), placed.data(), placed.data(), sums.data());
        const double logSum = exchange.getLogSum(lattice)[0];
        exchange.accumulate(lattice, {std::exp(logSum)});
        latticeSum += std::exp(logSum);
        for (int k = 0; k < 3 * n; k++)
            latticeMean[k] += sums[k];
    }
    expectClose("sum", std::log(latticeSum), std::log(sum), tolerance("logNormalizer", "double"));
    for (int k = 0; k < 3 * n; k++) {
        mean[k] /= sum;
        latticeMean[k] /= latticeSum;
    }
    expectClose("mean", latticeMean, mean, tolerance("meanRotation", "double"));
}

} // namespace

TEST(OrbitLattice, exponentialIsAccurate) {
    for (double x = 0; x > -690; x = 1.01 * x - 0.013)
        expectClose("exp", expNegative(x), std::exp(x), tolerance("roundTrip", "double"));
    EXPECT_EQ(0.0, expNegative(-1e5));
    EXPECT_EQ(1.0, expNegative(0.0));
}

TEST(OrbitLattice, sumsOverExchangesAgreeWithLists) {
    expectSameSums(makeIsobutanol(), 64, 2);
    expectSameSums(makeIsobutanol(), 1, 1);
    expectSameSums(makeNeopentane(), 64, 24);
    expectSameSums(makeNeopentane(), 1, 1);
}

TEST(OrbitLattice, nestedBranchesReduceTheSkeleton) {
    const BranchedGraph graph = makeTriButylBenzene();
    const SymmetryGroup group = graph.findGroup();
    EXPECT_EQ(1296u, group.representatives.size());
    const LatticeGroup lattice = makeLatticeGroup(group, graph.neighbors);
    EXPECT_EQ(6u, lattice.strata.size());
    EXPECT_EQ(3u, lattice.classes.size());
    EXPECT_EQ(3u, lattice.classes[0].members.size());
    EXPECT_EQ(4u, lattice.classes[0].members[0].size());
    EXPECT_EQ(1u, lattice.classes[0].inner.size());
    EXPECT_NEAR(std::log(13060694016.0), lattice.getLogOrder(), 1e-9);
}

TEST(OrbitLattice, meanAgreesWithLists) {
    // Random positions have more modes than molecules: at 128 points errors of a tenth of their size of 2 remain, which
    // fall at least as fast as the number of points rises.

    for (const BranchedGraph& graph : {makeIsobutanol(), makeNeopentane()}) {
        const SymmetryGroup group = graph.findGroup();
        const int n = graph.size();
        const vector<double> x1 = makePositions(n, 4);
        for (double scale : {0.2, 2.0, 20.0}) {
            vector<double> y = rotate(x1, makeRotation(5)), expected(3 * n), mean(3 * n);
            const vector<double> noise = makePositions(n, 6);
            for (int k = 0; k < 3 * n; k++)
                y[k] = scale * (y[k] + noise[k] / std::sqrt(scale));
            OrbitMeanWorkspace listWorkspace;
            const double logEvidence = orbitMean(x1, y, group.enumerate(40000), expected, listWorkspace);
            for (int maxStrata : {1, 64})
                for (int numPoints : {128, 4096}) {
                    LatticeRule rule;
                    rule.numPoints = numPoints;
                    rule.pinned = false;
                    LatticeWorkspace workspace;
                    const double estimate = orbitMeanLattice(x1, y, makeLatticeGroup(group, graph.neighbors, maxStrata),
                        rule, mean, workspace);
                    const double limit = numPoints == 128 ? 0.4 : 0.025;
                    EXPECT_LT(getDistance(mean, expected), limit) << n << " atoms, scale " << scale;
                    EXPECT_LT(std::abs(estimate - logEvidence), limit);
                }
        }
    }
}

TEST(OrbitLattice, pinnedMeanIsUnbiased) {
    // Over samples whose true element is the identity, (Â − A)·A and (Â − A)·y have the mean 0, even for 8 points.

    const BranchedGraph graph = makeIsobutanol();
    const SymmetryGroup group = graph.findGroup();
    const LatticeGroup lattice = makeLatticeGroup(group, graph.neighbors);
    const vector<int> list = group.enumerate();
    const int n = graph.size(), numSamples = 1500;
    const vector<double> x1 = makePositions(n, 4);
    OrbitMeanWorkspace listWorkspace;
    LatticeWorkspace workspace;
    double sums[2] = {0, 0}, squares[2] = {0, 0}, error = 0;
    for (unsigned sample = 0; sample < numSamples; sample++) {
        vector<double> y(3 * n), exact(3 * n), mean(3 * n);
        const double sigma = 0.9;
        for (int a = 0; a < n; a++) {
            const std::array<double, 4> noise = philoxNormals(11, {sample, 0, 0, (unsigned) a});
            for (int c = 0; c < 3; c++)
                y[3 * a + c] = (x1[3 * a + c] + sigma * noise[c]) / (sigma * sigma);
        }
        orbitMean(x1, y, list, exact, listWorkspace);
        LatticeRule rule;
        rule.numPoints = 8;
        rule.key.seed = 5;
        rule.key.sample[0] = sample;
        orbitMeanLattice(x1, y, lattice, rule, mean, workspace);
        double overlaps[2] = {0, 0};
        for (int k = 0; k < 3 * n; k++) {
            overlaps[0] += (mean[k] - exact[k]) * exact[k] / n;
            overlaps[1] += (mean[k] - exact[k]) * y[k] / n;
        }
        for (int k = 0; k < 2; k++) {
            sums[k] += overlaps[k] / numSamples;
            squares[k] += overlaps[k] * overlaps[k] / numSamples;
        }
        error += getDistance(mean, exact) / numSamples;
    }
    EXPECT_GT(error, 0.02) << "8 points are few: otherwise this tests nothing";
    for (int k = 0; k < 2; k++)
        EXPECT_LT(std::abs(sums[k]), 4 * std::sqrt((squares[k] - sums[k] * sums[k]) / numSamples));
}

TEST(OrbitLattice, randomElementsCoverTheGroupEvenly) {
    const BranchedGraph graph = makeIsobutanol();
    const SymmetryGroup group = graph.findGroup();
    const int n = graph.size(), count = 14400;
    for (int maxStrata : {1, 64}) {
        const LatticeGroup lattice = makeLatticeGroup(group, graph.neighbors, maxStrata);
        const vector<int> drawn = drawAutomorphisms(lattice, count, OrbitKey());
        std::map<vector<int>, int> counts;
        for (int k = 0; k < count; k++)
            counts[vector<int>(drawn.begin() + (size_t) k * n, drawn.begin() + (size_t) (k + 1) * n)]++;
        ASSERT_EQ(144u, counts.size());
        double chiSquared = 0;
        for (const auto& [element, number] : counts)
            chiSquared += (number - 100.0) * (number - 100.0) / 100.0;
        EXPECT_LT(chiSquared, 143 + 5 * std::sqrt(2.0 * 143));
    }
}

TEST(OrbitLattice, doesNotDependOnTheLabelling) {
    // Unpinned, the rule sees the orbit only: permuting x1 by an exchange changes nothing but rounding.

    const BranchedGraph graph = makeNeopentane();
    const SymmetryGroup group = graph.findGroup();
    const int n = graph.size();
    const vector<double> x1 = makePositions(n, 4), xt = makePositions(n, 5);
    vector<double> exchanged = x1;
    for (int c = 0; c < 3; c++)
        std::swap(exchanged[3 * 2 + c], exchanged[3 * 3 + c]);
    OrbitLatticeSettings settings;
    settings.maxOrder = 1;
    settings.numPoints = 64;
    const OrbitPosteriorSettings posterior;
    const OrbitPosteriorResult plain = orbitPosterior(x1, xt, 0.4, graph.bonds, group, posterior, settings);
    expectClose("mean", orbitPosterior(exchanged, xt, 0.4, graph.bonds, group, posterior, settings).mean, plain.mean,
        tolerance("equivariance", "double"));
}

TEST(OrbitLattice, reflectionsAgreeWithLists) {
    const BranchedGraph graph = makeIsobutanol();
    const SymmetryGroup group = graph.findGroup();
    const vector<double> x1 = makePositions(graph.size(), 4), xt = makePositions(graph.size(), 5);
    OrbitPosteriorSettings posterior;
    posterior.rotations = OrbitRotations::WithReflections;
    OrbitLatticeSettings settings;
    settings.numPoints = 4096;
    const OrbitPosteriorResult listed = orbitPosterior(x1, xt, 0.4, graph.bonds, group, posterior, settings);
    settings.maxOrder = 1;
    const OrbitPosteriorResult estimate = orbitPosterior(x1, xt, 0.4, graph.bonds, group, posterior, settings);
    EXPECT_LT(getDistance(estimate.mean, listed.mean), 0.025);
    EXPECT_LT(std::abs(estimate.logEvidence - listed.logEvidence), 0.025);
    posterior.rotations = OrbitRotations::Proper;
    EXPECT_GT(getDistance(orbitPosterior(x1, xt, 0.4, graph.bonds, group, posterior, settings).mean, listed.mean), 0.1);
}

TEST(OrbitLattice, manyStrataAreDrawnAtRandom) {
    const BranchedGraph graph = makeNeopentane();
    LatticeGroup lattice = makeLatticeGroup(graph.findGroup(), graph.neighbors);
    const vector<double> x1 = makePositions(graph.size(), 4), y = makePositions(graph.size(), 5);
    LatticeRule rule;
    rule.maxStrata = 5;
    vector<double> first(x1.size()), second(x1.size()), again(x1.size());
    LatticeWorkspace workspace;
    orbitMeanLattice(x1, y, lattice, rule, first, workspace);
    rule.key.sample[0] = 1;
    orbitMeanLattice(x1, y, lattice, rule, second, workspace);
    rule.key.sample[0] = 0;
    orbitMeanLattice(x1, y, lattice, rule, again, workspace);
    EXPECT_EQ(first, again);
    EXPECT_GT(getDistance(first, second), 1e-3);
}

TEST(OrbitLattice, refusesWrongArguments) {
    const BranchedGraph graph = makeIsobutanol();
    const SymmetryGroup group = graph.findGroup();
    const vector<double> x1 = makePositions(graph.size(), 1), xt = makePositions(graph.size(), 2);
    OrbitLatticeSettings settings;
    settings.maxOrder = 1;
    settings.numPoints = 100;
    auto call = [&](const OrbitPosteriorSettings& posterior) {
        orbitPosterior(x1, xt, 0.5, graph.bonds, group, posterior, settings);
    };
    expectThrows<ArgumentError>("orbitMeanLattice: expected a power of 2 from 8 on as number of points, got 100",
        [&] { call(OrbitPosteriorSettings()); });
    OrbitPosteriorSettings kabsch;
    kabsch.coupling = OrbitCoupling::Kabsch;
    expectThrows<ArgumentError>("orbitPosterior: expected the independent coupling for a group too large to list, "
        "got 144 permutations; raise maxOrder", [&] { call(kabsch); });
    settings.numPoints = 128;
    expectThrows<ArgumentError>("orbitPosterior: expected a group of 2 atoms, got one of 15 atoms and 2 cosets",
        [&] { orbitPosterior({0, 0, 0, 1, 0, 0}, {0, 0, 0, 1, 0, 0}, 0.5, {}, group, kabsch, settings); });
}
