// SPDX-License-Identifier: MIT
// Times the orbit posterior: lists per automorphism beside plain enumeration, and the lattice rule of large groups.
#include "Matchers.h"
#include "Systems.h"
#include "Tolerances.h"
#include "openmmorbit/OrbitPosterior.h"
#include "openmmorbit/Symmetry.h"
#include "openmmorbit/internal/OrbitLattice.h"
#include "openmmorbit/internal/OrbitMean.h"
#include <benchmark/benchmark.h>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <stdexcept>

using namespace OrbitPlugin;
using std::vector;

namespace {

/** Generators of the symmetric (or, with one generator, cyclic) group on size atoms from first on. */
void addFactor(vector<vector<int>>& generators, const vector<int>& identity, int first, int size, bool symmetric) {
    vector<int> cycle = identity, swap = identity;
    for (int k = 0; k < size; k++)
        cycle[first + k] = first + (k + 1) % size;
    std::swap(swap[first], swap[first + 1]);
    generators.push_back(cycle);
    if (symmetric)
        generators.push_back(swap);
}

vector<int> makeGroup(int numAtoms, int order) {
    vector<vector<int>> generators;
    vector<int> identity(numAtoms);
    for (int a = 0; a < numAtoms; a++)
        identity[a] = a;
    if (order == 12) {
        addFactor(generators, identity, 0, 3, true);
        addFactor(generators, identity, 3, 2, true);
    }
    else if (order > 12) {
        addFactor(generators, identity, 0, 3, false);
        addFactor(generators, identity, 3, 4, true);
        if (order > 72)
            addFactor(generators, identity, 7, 4, true);
    }
    const vector<int> group = closeGroup(generators, numAtoms);
    if ((int) group.size() != order * numAtoms)
        throw std::logic_error("makeGroup: expected order " + std::to_string(order));
    return group;
}

/** One sample of the interpolant (gaussian prior, σ = 0.1) in units of which a molecule has the size 2. */
struct Sample {
    vector<double> x1, xt, y;
    vector<int> group;
    Sample(int numAtoms, int order, double time) : x1(testSupport::makePositions(numAtoms, 1)),
            group(makeGroup(numAtoms, order)) {
        const vector<double> x0 = testSupport::makePositions(numAtoms, 2, 1.7);
        const double precision = time / ((1 - time) * (1 - time) + 0.01 * time * (1 - time));
        for (size_t k = 0; k < x1.size(); k++) {
            xt.push_back(time * x1[k] + (1 - time) * x0[k]);
            y.push_back(precision * xt[k]);
        }
    }
};

/** Every permutation by itself: (2.1), matrixFisher(), then (2.7). */
double enumeratePlainly(const Sample& sample, vector<double>& mean) {
    const size_t n = sample.x1.size() / 3, order = sample.group.size() / n;
    vector<double> logC(order), E(9 * order);
    for (size_t p = 0; p < order; p++) {
        double F[9] = {};
        for (size_t a = 0; a < n; a++)
            for (int i = 0; i < 3; i++)
                for (int j = 0; j < 3; j++)
                    F[3 * i + j] += sample.y[3 * a + i] * sample.x1[3 * sample.group[p * n + a] + j];
        logC[p] = matrixFisher(F, &E[9 * p]);
    }
    const double largest = *std::max_element(logC.begin(), logC.end());
    double sum = 0;
    for (double value : logC)
        sum += std::exp(value - largest);
    std::fill(mean.begin(), mean.end(), 0.0);
    for (size_t p = 0; p < order; p++) {
        const double weight = std::exp(logC[p] - largest) / sum;
        for (size_t a = 0; a < n; a++)
            for (int i = 0; i < 3; i++)
                for (int j = 0; j < 3; j++)
                    mean[3 * a + i] += weight * E[9 * p + 3 * i + j] * sample.x1[3 * sample.group[p * n + a] + j];
    }
    return largest + std::log(sum / (double) order);
}

template <class Call>
double measureMicroseconds(Call&& call, int repeats) {
    double best = 1e30;
    for (int k = 0; k < repeats; k++) {
        const auto start = std::chrono::steady_clock::now();
        call();
        const std::chrono::duration<double, std::micro> elapsed = std::chrono::steady_clock::now() - start;
        best = std::min(best, elapsed.count());
    }
    return best;
}

void benchOrbitMean(benchmark::State& state) {
    const int numAtoms = (int) state.range(0), order = (int) state.range(1);
    const Sample sample(numAtoms, order, state.range(2) / 100.0);
    vector<double> mean(sample.x1.size()), plainMean(sample.x1.size());
    OrbitMeanWorkspace workspace;
    const double logEvidence = orbitMean(sample.x1, sample.y, sample.group, mean, workspace);
    const double plainLogEvidence = enumeratePlainly(sample, plainMean);
    if (!testSupport::isClose("mean", mean, plainMean, testSupport::tolerance("orbitMean", "double")) ||
            !testSupport::isClose("log evidence", logEvidence, plainLogEvidence,
                testSupport::tolerance("orbitMean", "double"))) {
        state.SkipWithError("the pruned and the plain mean disagree");
        return;
    }
    for (auto _ : state)
        benchmark::DoNotOptimize(orbitMean(sample.x1, sample.y, sample.group, mean, workspace));
    const int repeats = 20 + 20000 / order;
    const double plain = measureMicroseconds([&] { enumeratePlainly(sample, plainMean); }, repeats);
    const double pruned = measureMicroseconds([&] { orbitMean(sample.x1, sample.y, sample.group, mean, workspace); },
        repeats);
    state.counters["us_per_automorphism"] = pruned / order;
    state.counters["plain_us_per_automorphism"] = plain / order;
    state.counters["plain_over_pruned"] = plain / pruned;
}

void benchOrbitPosterior(benchmark::State& state) {
    const int numAtoms = (int) state.range(0), order = (int) state.range(1);
    const Sample sample(numAtoms, order, 0.3);
    for (auto _ : state)
        benchmark::DoNotOptimize(orbitPosterior(sample.x1, sample.xt, 0.3, {}, sample.group));
}

/** A chain of as many atoms as there are classes, with three exchangeable leaves on each. */
void benchOrbitLattice(benchmark::State& state) {
    const int numClasses = (int) state.range(0), numAtoms = 4 * numClasses;
    SymmetryGroup group;
    group.numAtoms = numAtoms;
    vector<vector<int>> neighbors(numAtoms);
    auto bond = [&](int a, int b) {
        neighbors[a].push_back(b);
        neighbors[b].push_back(a);
    };
    group.representatives.emplace_back();
    for (int a = 0; a < numAtoms; a++)
        group.representatives[0].push_back(a);
    for (int k = 0; k < numClasses; k++) {
        if (k > 0)
            bond(4 * k - 4, 4 * k);
        group.leafClasses.push_back({4 * k + 1, 4 * k + 2, 4 * k + 3});
        for (int leaf : group.leafClasses.back())
            bond(4 * k, leaf);
    }
    const LatticeGroup lattice = makeLatticeGroup(group, neighbors);
    const Sample sample(numAtoms, 1, state.range(2) / 100.0);
    LatticeRule rule;
    rule.numPoints = (int) state.range(1);
    LatticeWorkspace workspace;
    vector<double> mean(sample.x1.size());
    for (auto _ : state)
        benchmark::DoNotOptimize(orbitMeanLattice(sample.x1, sample.y, lattice, rule, mean, workspace));
    state.counters["log10_order"] = lattice.getLogOrder() / std::log(10.0);
}

void benchMatrixFisher(benchmark::State& state) {
    const vector<double> F = testSupport::makeNumbers(9 * 64, 3, 40.0);
    double E[9];
    int k = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(matrixFisher(F.data() + 9 * k, E));
        k = (k + 1) % 64;
    }
}

} // namespace

// Atoms, order of the group, time in hundredths.
BENCHMARK(benchOrbitMean)->ArgNames({"atoms", "order", "time"})
    ->ArgsProduct({{12, 44}, {1, 12, 72, 1728}, {10, 50, 90}});
BENCHMARK(benchOrbitPosterior)->ArgNames({"atoms", "order"})->ArgsProduct({{12, 44}, {1, 12, 72, 1728}});
BENCHMARK(benchOrbitLattice)->ArgNames({"classes", "points", "time"})->ArgsProduct({{4, 11}, {128, 512}, {10, 50, 90}});
BENCHMARK(benchMatrixFisher);
