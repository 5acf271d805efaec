// SPDX-License-Identifier: MIT
// Tests of the orbit posterior: golden molecules, the plain sum, symmetries, refusals.
#include "Golden.h"
#include "Matchers.h"
#include "Systems.h"
#include "Tolerances.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/OrbitPosterior.h"
#include "openmmorbit/Symmetry.h"
#include "openmmorbit/internal/OrbitMean.h"
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

namespace {

typedef vector<std::pair<int, int>> BondList;

const BondList PROPANE_BONDS = {{0, 1}, {1, 2}, {0, 3}, {0, 4}, {0, 5}, {1, 6}, {1, 7}, {2, 8}, {2, 9}, {2, 10}};

vector<int> getPropaneGroup() {
    return closeGroup({{0, 1, 2, 4, 3, 5, 6, 7, 8, 9, 10}, {0, 1, 2, 4, 5, 3, 6, 7, 8, 9, 10},
        {0, 1, 2, 3, 4, 5, 7, 6, 8, 9, 10},
        {2, 1, 0, 8, 9, 10, 6, 7, 3, 4, 5}}, 11);
}

OrbitPosteriorSettings makeSettings(const std::string& prior, double sigma = 0.1) {
    OrbitPosteriorSettings settings;
    settings.prior = prior;
    settings.sigma = sigma;
    return settings;
}

vector<double> permute(const vector<double>& x, const int* permutation) {
    vector<double> result(x.size());
    for (size_t a = 0; a < x.size() / 3; a++)
        for (int c = 0; c < 3; c++)
            result[3 * a + c] = x[3 * permutation[a] + c];
    return result;
}

void expectSame(const std::string& what, const OrbitPosteriorResult& actual, const OrbitPosteriorResult& expected) {
    const Tolerance limit = tolerance("orbitMean", "double");
    expectClose(what + ", mean", actual.mean, expected.mean, limit);
    expectClose(what + ", x0Mean", actual.x0Mean, expected.x0Mean, limit);
    expectClose(what + ", velocity", actual.velocity, expected.velocity, limit);
    expectClose(what + ", logEvidence", actual.logEvidence, expected.logEvidence, limit);
}

} // namespace

TEST(OrbitPosterior, agreesWithGoldenMolecules) {
    const nlohmann::json golden = readGolden("orbitPosterior.json");
    ASSERT_EQ(6u, golden["molecules"].size());
    for (const nlohmann::json& molecule : golden["molecules"]) {
        const vector<double> x1 = goldenNumbers(molecule["x1"]);
        const int numAtoms = (int) x1.size() / 3;
        const vector<int> group = closeGroup(molecule["generators"], numAtoms);
        EXPECT_EQ(molecule["order"].get<size_t>(), group.size() / numAtoms);
        ASSERT_EQ(6u, molecule["cases"].size());
        for (const nlohmann::json& entry : molecule["cases"]) {
            const OrbitPosteriorResult result = orbitPosterior(x1, goldenNumbers(entry["xt"]), entry["time"],
                molecule["bonds"], group, makeSettings(entry["prior"], entry["sigma"]));
            const std::string what = molecule["name"].get<std::string>() + ", " + entry["prior"].get<std::string>();
            const Tolerance limit = {0, entry["toleranceMean"]};
            expectClose(what + ", mean", result.mean, goldenNumbers(entry["mean"]), limit);
            expectClose(what + ", x0Mean", result.x0Mean, goldenNumbers(entry["x0Mean"]),
                tolerance("orbitMean", "double"));
            expectClose(what + ", velocity", result.velocity, goldenNumbers(entry["velocity"]),
                tolerance("orbitMean", "double"));
            expectClose(what + ", logEvidence", result.logEvidence, goldenNumber(entry["logEvidence"]),
                {0, entry["toleranceLogEvidence"]});
        }
    }
}

TEST(OrbitPosterior, sumsPlainlyOverTheGroup) {
    // The definition without bounds and lanes: one distribution a permutation, (2.1), (2.2), (2.7) and (2.10).

    const vector<int> group = getPropaneGroup();
    const int numAtoms = 11, order = (int) group.size() / numAtoms;
    ASSERT_EQ(144, order);
    for (double scale : {0.01, 1.0, 20.0}) {
        const vector<double> x1 = makePositions(numAtoms, 1), y = makePositions(numAtoms, 2, scale);
        vector<double> logC(order), E(9 * order), expected(3 * numAtoms, 0.0), mean(3 * numAtoms);
        for (int p = 0; p < order; p++) {
            vector<double> F(9, 0.0);
            for (int a = 0; a < numAtoms; a++)
                for (int i = 0; i < 3; i++)
                    for (int j = 0; j < 3; j++)
                        F[3 * i + j] += y[3 * a + i] * x1[3 * group[p * numAtoms + a] + j];
            logC[p] = matrixFisher(F.data(), E.data() + 9 * p);
        }
        const double largest = *std::max_element(logC.begin(), logC.end());
        double sum = 0;
        for (double value : logC)
            sum += std::exp(value - largest);
        for (int p = 0; p < order; p++)
            for (int a = 0; a < numAtoms; a++)
                for (int i = 0; i < 3; i++)
                    for (int j = 0; j < 3; j++)
                        expected[3 * a + i] += std::exp(logC[p] - largest) / sum * E[9 * p + 3 * i + j] *
                            x1[3 * group[p * numAtoms + a] + j];
        OrbitMeanWorkspace workspace;
        const double logEvidence = orbitMean(x1, y, group, mean, workspace);
        expectClose("mean", mean, expected, tolerance("meanRotation", "double"));
        expectClose("log evidence", logEvidence, largest + std::log(sum / order), tolerance("logNormalizer", "double"));
    }
}

TEST(OrbitPosterior, isEquivariantUnderRotationsAndTranslations) {
    const vector<int> group = getPropaneGroup();
    const vector<double> x1 = makePositions(11, 3), xt = makePositions(11, 4);
    for (const std::string prior : {"gaussian", "harmonic"}) {
        const OrbitPosteriorResult plain = orbitPosterior(x1, xt, 0.6, PROPANE_BONDS, group, makeSettings(prior));

        // The data's own orientation and position do not matter.

        vector<double> moved = rotate(x1, makeRotation(5));
        for (size_t k = 0; k < moved.size(); k++)
            moved[k] += 3.0 * (k % 3) - 1.0;
        expectSame(prior + ", moved x1", orbitPosterior(moved, xt, 0.6, PROPANE_BONDS, group, makeSettings(prior)),
            plain);

        // The result turns with the noisy positions.

        OrbitPosteriorResult turned = plain;
        for (vector<double>* vectors : {&turned.mean, &turned.velocity, &turned.x0Mean})
            *vectors = rotate(*vectors, makeRotation(6));
        moved = rotate(xt, makeRotation(6));
        for (size_t k = 0; k < moved.size(); k++)
            moved[k] += 0.5 * (k % 3);
        expectSame(prior + ", turned xt", orbitPosterior(x1, moved, 0.6, PROPANE_BONDS, group, makeSettings(prior)),
            turned);
    }
}

TEST(OrbitPosterior, isEquivariantUnderItsPermutations) {
    const vector<int> group = getPropaneGroup();
    const vector<double> x1 = makePositions(11, 7), xt = makePositions(11, 8);
    for (const std::string prior : {"gaussian", "harmonic"})
        for (int p : {1, 17, 100, 143}) {
            const int* permutation = group.data() + 11 * p;
            const OrbitPosteriorResult plain = orbitPosterior(x1, xt, 0.3, PROPANE_BONDS, group, makeSettings(prior));
            expectSame("permuted x1",
                orbitPosterior(permute(x1, permutation), xt, 0.3, PROPANE_BONDS, group, makeSettings(prior)), plain);
            OrbitPosteriorResult permuted = plain;
            for (vector<double>* vectors : {&permuted.mean, &permuted.velocity, &permuted.x0Mean})
                *vectors = permute(*vectors, permutation);
            expectSame("permuted xt",
                orbitPosterior(x1, permute(xt, permutation), 0.3, PROPANE_BONDS, group, makeSettings(prior)), permuted);
        }
}

TEST(OrbitPosterior, findsTheCleanPositionsAtTheEnd) {
    // Close to t = 1 the posterior is one point of the orbit: the one that made xt.

    const vector<int> group = getPropaneGroup();
    const vector<double> x1 = makePositions(11, 9);
    const vector<double> image = rotate(permute(x1, group.data() + 11 * 77), makeRotation(10));
    for (const std::string prior : {"gaussian", "harmonic"})
        expectClose(prior, orbitPosterior(x1, image, 1 - 1e-5, PROPANE_BONDS, group, makeSettings(prior)).mean, image,
            tolerance("positions", "single"));
}

TEST(OrbitPosterior, knowsNothingAtTheStart) {
    const vector<int> group = getPropaneGroup();
    const OrbitPosteriorResult result = orbitPosterior(makePositions(11, 11), makePositions(11, 12), 1e-9, {}, group);
    expectClose("mean", result.mean, vector<double>(33, 0.0), tolerance("positions", "single"));
    expectClose("log evidence", result.logEvidence, 0.0, tolerance("positions", "single"));
}

TEST(OrbitPosterior, interpolantHolds) {
    // Without bridge noise xt = t x1 + (1 − t) x0 holds for the means, and the velocity is their difference.

    const vector<int> group = getPropaneGroup();
    const vector<double> x1 = makePositions(11, 13), xt = makePositions(11, 14);
    for (const std::string prior : {"gaussian", "harmonic"}) {
        OrbitPosteriorSettings settings = makeSettings(prior, 0.0);
        settings.priorScale = 1.7;
        const OrbitPosteriorResult result = orbitPosterior(x1, xt, 0.4, PROPANE_BONDS, group, settings);
        vector<double> interpolated(33), difference(33);
        for (int k = 0; k < 33; k++) {
            interpolated[k] = 0.4 * result.mean[k] + 0.6 * result.x0Mean[k];
            difference[k] = result.mean[k] - result.x0Mean[k];
        }
        expectClose("interpolant", interpolated, xt, tolerance("interpolant", "double"));
        expectClose("velocity", result.velocity, difference, tolerance("interpolant", "double"));
    }
}

TEST(OrbitPosterior, acceptsEdgeCases) {
    const OrbitPosteriorResult atom = orbitPosterior({1, 2, 3}, {4, 5, 6}, 0.5, {}, {}, makeSettings("harmonic"));
    expectClose("single atom", atom.mean, vector<double>(3, 0.0), tolerance("orbitMean", "double"));
    expectClose("single atom, log evidence", atom.logEvidence, 0.0, tolerance("orbitMean", "double"));
    vector<int> identity(11);
    std::iota(identity.begin(), identity.end(), 0);
    const vector<double> x1 = makePositions(11, 15), xt = makePositions(11, 16);
    expectSame("empty list", orbitPosterior(x1, xt, 0.5, {}, {}), orbitPosterior(x1, xt, 0.5, {}, identity));
    for (const std::string prior : {"gaussian", "harmonic"})
        for (double time : {1e-12, 1 - 1e-12}) {
            const OrbitPosteriorResult extreme = orbitPosterior(x1, xt, time, PROPANE_BONDS, getPropaneGroup(),
                makeSettings(prior));
            expectFinite("mean", extreme.mean);
            expectFinite("velocity", extreme.velocity);
            expectFinite("logEvidence", extreme.logEvidence);
        }
}

TEST(OrbitPosterior, refusesWrongArguments) {
    const vector<double> x1 = makePositions(3, 1), xt = makePositions(3, 2);
    const BondList bonds = {{0, 1}, {0, 2}};
    const double infinity = std::numeric_limits<double>::infinity();
    auto expectRefusal = [&](const std::string& text, auto&& call) {
        expectThrows<ArgumentError>("orbitPosterior: expected " + text, call);
    };
    auto changed = [](vector<double> values, int index, double value) {
        values[index] = value;
        return values;
    };
    expectRefusal("x1 to hold 3 values an atom for at least 1 atom, got 0 values",
        [&] { orbitPosterior({}, {}, 0.5, bonds, {}); });
    expectRefusal("xt to hold 9 values as x1 does, got 3 values",
        [&] { orbitPosterior(x1, {1, 2, 3}, 0.5, bonds, {}); });
    expectRefusal("finite values in x1, got inf at atom 1",
        [&] { orbitPosterior(changed(x1, 4, infinity), xt, 0.5, bonds, {}); });
    expectRefusal("finite values in xt, got nan at atom 2",
        [&] { orbitPosterior(x1, changed(xt, 8, std::numeric_limits<double>::quiet_NaN()), 0.5, bonds, {}); });
    expectRefusal("a time between 0 and 1, both excluded, got 0", [&] { orbitPosterior(x1, xt, 0, bonds, {}); });
    expectRefusal("a time between 0 and 1, both excluded, got 1", [&] { orbitPosterior(x1, xt, 1, bonds, {}); });
    expectRefusal("a finite sigma of at least 0, got -0.1",
        [&] { orbitPosterior(x1, xt, 0.5, bonds, {}, makeSettings("gaussian", -0.1)); });
    expectRefusal("the prior \"gaussian\" or \"harmonic\", got \"uniform\"",
        [&] { orbitPosterior(x1, xt, 0.5, bonds, {}, makeSettings("uniform")); });
    OrbitPosteriorSettings settings;
    settings.priorScale = 0;
    expectRefusal("a finite priorScale above 0, got 0", [&] { orbitPosterior(x1, xt, 0.5, bonds, {}, settings); });
    expectRefusal("automorphisms of 3 entries each, got 4 entries in all",
        [&] { orbitPosterior(x1, xt, 0.5, bonds, {0, 1, 2, 0}); });
    expectRefusal("automorphism 1 to be a permutation of 0 to 2, got 2 outside the range or twice",
        [&] { orbitPosterior(x1, xt, 0.5, bonds, {0, 1, 2, 0, 2, 2}); });
    expectRefusal("automorphism 0 to be a permutation of 0 to 2, got 3 outside the range or twice",
        [&] { orbitPosterior(x1, xt, 0.5, bonds, {0, 1, 3}); });
    expectRefusal("every automorphism of a group, got a list without the identity",
        [&] { orbitPosterior(x1, xt, 0.5, bonds, {0, 2, 1}); });
}

TEST(OrbitPosterior, refusesWrongBondsOfTheHarmonicPrior) {
    const vector<double> x1 = makePositions(3, 1), xt = makePositions(3, 2);
    auto expectRefusal = [&](const std::string& text, const BondList& bonds, const vector<int>& automorphisms) {
        expectThrows<ArgumentError>("orbitPosterior: expected " + text,
            [&] { orbitPosterior(x1, xt, 0.5, bonds, automorphisms, makeSettings("harmonic")); });
    };
    expectRefusal(
            "a connected molecule for the harmonic prior, got atom 2 without a path to atom 0; use the gaussian prior",
            {{0, 1}}, {});
    expectRefusal("bonds between two different atoms from 0 to 2, got 0-3", {{0, 3}}, {});
    expectRefusal("every bond once, got bond 1-0 twice", {{0, 1}, {1, 0}}, {});
    expectRefusal("automorphisms that keep the bonds, got automorphism 1 that moves the bond 0-2 off the bonds",
        {{0, 1}, {0, 2}}, {0, 1, 2, 1, 0, 2});
    EXPECT_NO_THROW(orbitPosterior(x1, xt, 0.5, {{0, 1}}, {}));
}
