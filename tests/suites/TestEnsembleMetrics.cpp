// SPDX-License-Identifier: MIT
// Comparison of ensembles: symmetric RMSD and coverage.
#include "Matchers.h"
#include "Systems.h"
#include "Tolerances.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/EnsembleMetrics.h"
#include <algorithm>
#include <cmath>

using namespace OrbitPlugin;
using namespace testSupport;

namespace {

/** Write positions with atoms i and j exchanged. */
std::vector<double> exchange(std::vector<double> positions, int i, int j) {
    for (int c = 0; c < 3; c++)
        std::swap(positions[3 * i + c], positions[3 * j + c]);
    return positions;
}

/** Difluoromethane without hydrogens: F-C-F. */
MolecularGraph makeFCF() {
    return makeGraph("F-C-F", {9, 6, 9}, {{0, 1}, {1, 2}});
}

} // namespace

TEST(EnsembleMetrics, rmsdOfTwoAtomsIsHalfTheDifferenceOfLengths) {
    const MolecularGraph graph = makeGraph("CO", {6, 8}, {{0, 1}});
    const std::vector<double> longer = {0, 0, 0, 1.5, 0, 0}, shorter = {3, 1, 2, 3, 2, 2};
    expectClose("rmsd", computeSymmetricRmsd(graph, longer, shorter), std::vector<double>{0.25},
            tolerance("geometry", "double"));
}

TEST(EnsembleMetrics, rotationsTranslationsAndExchangesDoNotMatter) {
    const MolecularGraph graph = makeFCF();
    const std::vector<double> x = makePositions(3, 5);
    std::vector<double> y = rotate(exchange(x, 0, 2), makeRotation(7));
    for (double& value : y)
        value += 4;
    EXPECT_LT(computeSymmetricRmsd(graph, x, y)[0], 1e-6);
    EXPECT_GT(computeSymmetricRmsd(graph, x, exchange(x, 0, 1))[0], 0.05);
}

TEST(EnsembleMetrics, mirrorImagesDiffer) {
    const MolecularGraph graph = makeGraph("CFClBr", {6, 9, 17, 35}, {{0, 1}, {0, 2}, {0, 3}});
    const std::vector<double> x = makePositions(4, 5);
    std::vector<double> mirrored = x;
    for (std::size_t i = 0; i < x.size(); i += 3)
        mirrored[i] = -mirrored[i];
    EXPECT_GT(computeSymmetricRmsd(graph, x, mirrored)[0], 0.1);
}

TEST(EnsembleMetrics, hydrogensAreNotLookedAt) {
    const MolecularGraph graph = makeEthanol();
    std::vector<double> x = makePositions(graph.getNumAtoms(), 5), y = x;
    for (int i = 0; i < graph.getNumAtoms(); i++)
        if (graph.atoms[i].element == 1)
            y[3 * i] += 1;
    EXPECT_LT(computeSymmetricRmsd(graph, x, y)[0], 1e-6);
}

TEST(EnsembleMetrics, everyRenumberingIsTried) {
    // Neopentane without hydrogens: of the 24 renumberings the best one is found, and with fewer the RMSD is larger.

    const MolecularGraph graph = makeGraph("neopentane", {6, 6, 6, 6, 6}, {{0, 1}, {0, 2}, {0, 3}, {0, 4}});
    const std::vector<double> x = makePositions(5, 8), y = makePositions(5, 9);
    const double all = computeSymmetricRmsd(graph, x, y)[0];
    double least = 1e9;
    std::vector<int> order = {1, 2, 3, 4};
    MolecularGraph numbered = graph;
    for (int i = 0; i < 5; i++)
        numbered.atoms[i].isotope = 1 + i;
    do {
        std::vector<double> renumbered = x;
        for (int i = 0; i < 4; i++)
            for (int c = 0; c < 3; c++)
                renumbered[3 * (i + 1) + c] = x[3 * order[i] + c];
        least = std::min(least, computeSymmetricRmsd(numbered, renumbered, y)[0]);
    } while (std::next_permutation(order.begin(), order.end()));
    EXPECT_NEAR(all, least, 1e-12);
    EXPECT_GT(computeSymmetricRmsd(graph, x, y, 1)[0], all + 1e-3);
}

TEST(EnsembleMetrics, coverageCountsBothWays) {
    // One copy equals a reference, one is far from both.

    const MolecularGraph graph = makeGraph("CO", {6, 8}, {{0, 1}});
    const std::vector<double> copies = {0, 0, 0, 1.4, 0, 0, 0, 0, 0, 9, 0, 0},
                              references = {0, 0, 0, 0, 1.4, 0, 0, 0, 0, 0, 0, 2.0};
    const EnsembleMetrics metrics = compareEnsembles(graph, copies, references);
    EXPECT_NEAR(metrics.coverageRecall01, 0.5, 1e-9);
    EXPECT_NEAR(metrics.coverageRecall05, 1, 1e-9);
    EXPECT_NEAR(metrics.coveragePrecision01, 0.5, 1e-9);
    EXPECT_NEAR(metrics.recall, (0 + 0.3) / 2, 1e-6);
    EXPECT_NEAR(metrics.precision, (0 + 3.5) / 2, 1e-6);
    EXPECT_NEAR(metrics.stereoCorrect, 1, 1e-9);
    EXPECT_NEAR(metrics.accepted, 0.5, 1e-9);
    const EnsembleMetrics mean = averageMetrics({metrics, metrics});
    EXPECT_EQ(mean.numMolecules, 2);
    EXPECT_NEAR(mean.precision, metrics.precision, 1e-12);
}

TEST(EnsembleMetrics, copiesThatAreNotFiniteCoverNothing) {
    const MolecularGraph graph = makeGraph("CO", {6, 8}, {{0, 1}});
    const EnsembleMetrics metrics = compareEnsembles(graph, {0, 0, 0, NAN, 0, 0}, {0, 0, 0, 0, 1, 0});
    EXPECT_EQ(metrics.coverageRecall05, 0);
    EXPECT_EQ(metrics.stereoCorrect, 0);
    EXPECT_GT(metrics.precision, 5);
}

TEST(EnsembleMetrics, wrongNumbersAreRefused) {
    EXPECT_THROW(computeSymmetricRmsd(makeWater(), {1, 2, 3}, {}), ArgumentError);
    EXPECT_THROW(compareEnsembles(makeWater(), {}, makePositions(3, 1)), ArgumentError);
}
