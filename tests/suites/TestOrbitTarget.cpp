// SPDX-License-Identifier: MIT
// Tests of couplings and targets: golden means, their calibration on drawn samples, unbiasedness, refusals.
#include "Golden.h"
#include "Matchers.h"
#include "Systems.h"
#include "Tolerances.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/OrbitTarget.h"
#include "openmmorbit/Symmetry.h"
#include "openmmorbit/internal/OrbitSampling.h"
#include "openmmorbit/internal/Philox.h"
#include <cmath>
#include <limits>

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

namespace {

typedef vector<std::pair<int, int>> BondList;

/** Running mean with the standard error of the mean. */
struct Statistics {
    double sum = 0, squares = 0;
    int count = 0;
    void add(double value) {
        sum += value;
        squares += value * value;
        count++;
    }
    double getMean() const {
        return sum / count;
    }
    double getError() const {
        return std::sqrt((squares / count - getMean() * getMean()) / (count - 1));
    }
};

vector<double> drawCentred(int numAtoms, unsigned sample, unsigned purpose) {
    vector<double> x(3 * numAtoms);
    double mean[3] = {0, 0, 0};
    for (int a = 0; a < numAtoms; a++) {
        const std::array<double, 4> n = philoxNormals(20261123, {sample, purpose, 0, (unsigned) a});
        for (int c = 0; c < 3; c++) {
            x[3 * a + c] = n[c];
            mean[c] += n[c] / numAtoms;
        }
    }
    for (int k = 0; k < 3 * numAtoms; k++)
        x[k] -= mean[k % 3];
    return x;
}

/** A molecule of the golden file with its group. */
struct GoldenMolecule {
    vector<double> x1;
    BondList bonds;
    vector<int> group;
    int numAtoms = 0;
    explicit GoldenMolecule(const std::string& name) {
        const nlohmann::json golden = readGolden("orbitPosterior.json");
        for (const nlohmann::json& molecule : golden["molecules"])
            if (molecule["name"] == name) {
                x1 = goldenNumbers(molecule["x1"]);
                numAtoms = (int) x1.size() / 3;
                bonds = molecule["bonds"].get<BondList>();
                group = closeGroup(molecule["generators"], numAtoms);
            }
    }
};

/** One sample of (1.1) with the gaussian prior. */
struct Draw {
    vector<double> x0, xt;
    Draw(const GoldenMolecule& molecule, double time, double sigma, OrbitCoupling coupling, unsigned number) {
        x0 = coupleNoise(drawCentred(molecule.numAtoms, number, 1), molecule.x1, molecule.group, coupling);
        const vector<double> bridge = drawCentred(molecule.numAtoms, number, 2);
        for (size_t k = 0; k < x0.size(); k++)
            xt.push_back(time * molecule.x1[k] + (1 - time) * x0[k] + sigma * std::sqrt(time * (1 - time)) * bridge[k]);
    }
};

double squaredNorm(const vector<double>& a, const vector<double>& b) {
    double sum = 0;
    for (size_t k = 0; k < a.size(); k++)
        sum += (a[k] - b[k]) * (a[k] - b[k]);
    return sum;
}

double dot(const vector<double>& a, const vector<double>& b) {
    double sum = 0;
    for (size_t k = 0; k < a.size(); k++)
        sum += a[k] * b[k];
    return sum;
}

} // namespace

TEST(OrbitTarget, meanOverReflectionsAgreesWithGoldenMolecules) {
    const nlohmann::json posterior = readGolden("orbitPosterior.json"), targets = readGolden("orbitTargets.json");
    for (size_t m = 0; m < 6; m++) {
        const nlohmann::json& molecule = posterior["molecules"][m];
        const vector<double> x1 = goldenNumbers(molecule["x1"]);
        const vector<int> group = closeGroup(molecule["generators"], (int) x1.size() / 3);
        for (size_t c = 0; c < 6; c++) {
            const nlohmann::json& entry = molecule["cases"][c];
            const nlohmann::json& expected = targets["molecules"][m]["reflections"][c];
            OrbitPosteriorSettings settings;
            settings.prior = entry["prior"];
            settings.sigma = entry["sigma"];
            settings.rotations = OrbitRotations::WithReflections;
            const OrbitPosteriorResult result = orbitPosterior(x1, goldenNumbers(entry["xt"]), entry["time"],
                molecule["bonds"], group, settings);
            expectClose("mean", result.mean, goldenNumbers(expected["mean"]), {0, entry["toleranceMean"]});
            expectClose("log evidence", result.logEvidence, goldenNumber(expected["logEvidence"]),
                {0, entry["toleranceLogEvidence"]});
        }
    }
}

TEST(OrbitTarget, kabschCouplingAgreesWithGoldenMolecules) {
    const nlohmann::json posterior = readGolden("orbitPosterior.json"), targets = readGolden("orbitTargets.json");
    int numMolecules = 0;
    for (size_t m = 0; m < 6; m++) {
        const nlohmann::json& molecule = posterior["molecules"][m];
        if (!targets["molecules"][m].contains("aligned"))
            continue;
        const nlohmann::json& aligned = targets["molecules"][m]["aligned"];
        const vector<double> x1 = goldenNumbers(molecule["x1"]);
        OrbitPosteriorSettings settings;
        settings.coupling = OrbitCoupling::Kabsch;
        settings.prior = aligned["prior"];
        settings.sigma = aligned["sigma"];
        const OrbitPosteriorResult result = orbitPosterior(x1, goldenNumbers(aligned["xt"]), aligned["time"],
            molecule["bonds"], closeGroup(molecule["generators"], (int) x1.size() / 3), settings);
        expectClose(molecule["name"], result.mean, goldenNumbers(aligned["mean"]), {0, aligned["tolerance"]});
        expectClose(molecule["name"], result.velocity, goldenNumbers(aligned["velocity"]), {0, aligned["tolerance"]});
        numMolecules++;
    }
    EXPECT_EQ(5, numMolecules) << "all but the linear one";
}

TEST(OrbitTarget, publishedEstimatorAgreesWithGoldenMolecules) {
    const nlohmann::json posterior = readGolden("orbitPosterior.json"), targets = readGolden("orbitTargets.json");
    int numCases = 0;
    for (size_t m = 0; m < 6; m++)
        for (const nlohmann::json& sampled : targets["molecules"][m]["sampled"]) {
            const nlohmann::json& entry = posterior["molecules"][m]["cases"][sampled["case"].get<size_t>()];
            const double t = entry["time"], sigma = entry["sigma"];
            EXPECT_DOUBLE_EQ(sampled["temperature"].get<double>(), getPaperTemperature(t));
            vector<double> y = goldenNumbers(entry["xt"]), mean(y.size());
            for (double& value : y)
                value *= t / ((1 - t) * (1 - t) + sigma * sigma * t * (1 - t));
            vector<int> permutations;
            for (const nlohmann::json& permutation : sampled["permutations"])
                for (int image : permutation)
                    permutations.push_back(image);
            sampledOrbitMean(goldenNumbers(sampled["x1"]), y, goldenNumbers(sampled["rotations"]), permutations,
                getPaperTemperature(t), mean);
            expectClose("paper", mean, goldenNumbers(sampled["mean"]), tolerance("orbitMean", "double"));
            numCases++;
        }
    EXPECT_EQ(18, numCases);
}

TEST(OrbitTarget, posteriorsAreCalibrated) {
    // E[x1 | xt] = A means that x1 − A is orthogonal to every function of xt: to A itself, and to xt. An A that is too
    // sharp or too flat fails the first, a wrong coupling both.

    for (const std::string name : {"acetone", "propane"}) {
        const GoldenMolecule molecule(name);
        for (OrbitCoupling coupling : {OrbitCoupling::Independent, OrbitCoupling::Kabsch})
            for (double sigma : {0.0, 0.1})
                for (double time : {0.2, 0.45}) {
                    OrbitPosteriorSettings settings;
                    settings.coupling = coupling;
                    settings.sigma = sigma;
                    Statistics overMean, overNoisy;
                    for (unsigned number = 0; number < 400; number++) {
                        const Draw draw(molecule, time, sigma, coupling, number);
                        const vector<double> mean = orbitPosterior(molecule.x1, draw.xt, time, molecule.bonds,
                            molecule.group, settings).mean;
                        vector<double> error = molecule.x1;
                        for (size_t k = 0; k < error.size(); k++)
                            error[k] -= mean[k];
                        overMean.add(dot(error, mean) / molecule.numAtoms);
                        overNoisy.add(dot(error, draw.xt) / molecule.numAtoms);
                    }
                    const std::string what = name + ", " + getName(coupling) + ", t = " + std::to_string(time) +
                        ", sigma = " + std::to_string(sigma);
                    const double rounding = 1e-10;
                    EXPECT_LT(std::abs(overMean.getMean()), 4 * overMean.getError() + rounding) << what;
                    EXPECT_LT(std::abs(overNoisy.getMean()), 4 * overNoisy.getError() + rounding) << what;
                }
    }
}

TEST(OrbitTarget, independentFormulaIsWrongForAlignedSamples) {
    // The test above can fail: the wrong coupling is far outside its limits.

    const GoldenMolecule molecule("acetone");
    Statistics overNoisy;
    for (unsigned number = 0; number < 200; number++) {
        const Draw draw(molecule, 0.2, 0.0, OrbitCoupling::Kabsch, number);
        OrbitPosteriorSettings settings;
        settings.sigma = 0;
        const vector<double> mean = orbitPosterior(molecule.x1, draw.xt, 0.2, molecule.bonds, molecule.group,
            settings).mean;
        overNoisy.add((dot(molecule.x1, draw.xt) - dot(mean, draw.xt)) / molecule.numAtoms);
    }
    EXPECT_GT(std::abs(overNoisy.getMean()), 10 * overNoisy.getError());
}

TEST(OrbitTarget, transportLeavesOnePoint) {
    const GoldenMolecule molecule("benzene");
    OrbitPosteriorSettings settings;
    settings.coupling = OrbitCoupling::OrbitOT;
    settings.sigma = 0;
    for (double time : {0.01, 0.3, 0.9}) {
        const Draw draw(molecule, time, 0.0, OrbitCoupling::OrbitOT, 7);
        const OrbitPosteriorResult result = orbitPosterior(molecule.x1, draw.xt, time, molecule.bonds, molecule.group,
            settings);
        expectClose("mean", result.mean, molecule.x1, tolerance("orbitMean", "double"));
        expectClose("noise", result.x0Mean, draw.x0, tolerance("orbitMean", "double"));
    }
}

TEST(OrbitTarget, targetsAgreeInTheMeanAndOnlyThePublishedOneDoesNot) {
    // Differences to the exact mean, projected on it: 0 within errors for the unbiased targets.

    const GoldenMolecule molecule("benzene");
    const double time = 0.25, sigma = 0.1;
    for (OrbitTarget target : {OrbitTarget::Plain, OrbitTarget::MonteCarlo, OrbitTarget::Paper}) {
        Statistics overlap, velocityOverlap;
        for (unsigned number = 0; number < 300; number++) {
            const Draw draw(molecule, time, sigma, OrbitCoupling::Independent, number);
            OrbitTargetSettings settings;
            settings.target = target;
            settings.numRotations = 20;
            settings.numAutomorphisms = 4;
            settings.seed = (int) number + 1;
            const OrbitTargetResult result =
                    orbitTarget(molecule.x1, draw.x0, draw.xt, time, {}, molecule.group, settings);
            settings.target = OrbitTarget::ExactVelocity;
            const OrbitTargetResult exact =
                    orbitTarget(molecule.x1, draw.x0, draw.xt, time, {}, molecule.group, settings);
            overlap.add(dot(result.positions, exact.positions) - dot(exact.positions, exact.positions));
            velocityOverlap.add(dot(result.velocity, exact.positions) - dot(exact.velocity, exact.positions));
        }
        if (target == OrbitTarget::Paper)
            EXPECT_GT(std::abs(overlap.getMean()), 6 * overlap.getError()) << "the published temperature is biased";
        else {
            EXPECT_LT(std::abs(overlap.getMean()), 4 * overlap.getError()) << getName(target);
            EXPECT_LT(std::abs(velocityOverlap.getMean()), 4 * velocityOverlap.getError()) << getName(target);
        }
    }
}

TEST(OrbitTarget, variancesFallFromPlainToExactVelocity) {
    // Squared distances of velocity targets to v*, whose own is 0.

    const GoldenMolecule molecule("benzene");
    const double time = 0.3, sigma = 0.1;
    double distances[6] = {};
    for (unsigned number = 0; number < 50; number++) {
        const Draw draw(molecule, time, sigma, OrbitCoupling::Independent, number);
        const vector<double> expected = orbitPosterior(molecule.x1, draw.xt, time, {}, molecule.group).velocity;
        for (int target = 0; target < 6; target++) {
            OrbitTargetSettings settings;
            settings.target = (OrbitTarget) target;
            distances[target] += squaredNorm(expected,
                orbitTarget(molecule.x1, draw.x0, draw.xt, time, {}, molecule.group, settings).velocity);
        }
    }
    EXPECT_EQ(0, distances[(int) OrbitTarget::ExactVelocity]);
    EXPECT_LT(distances[(int) OrbitTarget::Exact], distances[(int) OrbitTarget::MonteCarlo]);
    EXPECT_LT(distances[(int) OrbitTarget::MonteCarlo], distances[(int) OrbitTarget::Plain]);
}

TEST(OrbitTarget, allAutomorphismsAreDrawnFromSmallGroups) {
    const GoldenMolecule molecule("benzene");
    const vector<int> drawn = drawAutomorphisms(molecule.group, 12, 50, OrbitKey());
    EXPECT_EQ(molecule.group.size(), drawn.size());
    const vector<int> few = drawAutomorphisms(molecule.group, 12, 5, OrbitKey());
    EXPECT_EQ(5u * 12, few.size());
    for (int a = 0; a < 12; a++)
        EXPECT_EQ(a, few[a]) << "the identity comes first";
}

TEST(OrbitTarget, horizontalPartHasNoRotation) {
    const vector<double> positions = makePositions(9, 1);
    const vector<double> horizontal = projectHorizontal(makePositions(9, 2), positions);
    double momentum[3] = {0, 0, 0};
    for (int a = 0; a < 27; a += 3)
        for (int c = 0; c < 3; c++) {
            const int i = (c + 1) % 3, j = (c + 2) % 3;
            momentum[c] += positions[a + i] * horizontal[a + j] - positions[a + j] * horizontal[a + i];
        }
    expectClose("angular momentum", vector<double>(momentum, momentum + 3), vector<double>(3, 0.0),
        tolerance("interpolant", "double"));
    expectClose("idempotent", projectHorizontal(horizontal, positions), horizontal, tolerance("interpolant", "double"));
    const vector<double> rod = {-1, 0, 0, 0, 0, 0, 1, 0, 0}, along = {-1, 0, 0, 0, 0, 0, 1, 0, 0};
    expectClose("stretching of a rod", projectHorizontal(along, rod), along, tolerance("interpolant", "double"));
    expectFinite("a single atom", projectHorizontal({0, 0, 0}, {0, 0, 0}));
}

TEST(OrbitTarget, namesAreReadAndWritten) {
    for (int k = 0; k < 6; k++)
        EXPECT_EQ(k, (int) parseOrbitTarget(getName((OrbitTarget) k)));
    for (int k = 0; k < 3; k++)
        EXPECT_EQ(k, (int) parseOrbitCoupling(getName((OrbitCoupling) k)));
    expectThrows<ArgumentError>("parseOrbitTarget: expected one of plain, monteCarlo, paper, exact, exactVelocity, "
        "quotient, got \"precise\"", [] { parseOrbitTarget("precise"); });
    expectThrows<ArgumentError>("parseOrbitCoupling: expected one of independent, kabsch, orbitOT, got \"\"",
        [] { parseOrbitCoupling(""); });
}

TEST(OrbitTarget, refusesWhatDoesNotBelongTogether) {
    const vector<double> x1 = makePositions(3, 1), x0 = makePositions(3, 2), xt = makePositions(3, 3);
    auto expectRefusal = [&](const std::string& text, const OrbitTargetSettings& settings) {
        expectThrows<ArgumentError>(text, [&] { orbitTarget(x1, x0, xt, 0.5, {}, {}, settings); });
    };
    OrbitTargetSettings settings;
    settings.target = OrbitTarget::MonteCarlo;
    settings.posterior.coupling = OrbitCoupling::Kabsch;
    expectRefusal("orbitTarget: expected the independent coupling for monteCarlo, whose rotations an aligned posterior "
        "does not have, got monteCarlo with the coupling kabsch; use exact", settings);
    settings.target = OrbitTarget::Paper;
    settings.posterior.coupling = OrbitCoupling::OrbitOT;
    expectRefusal("orbitTarget: expected the coupling independent or kabsch for paper, got paper with the coupling "
        "orbitOT; use exact", settings);
    settings.target = OrbitTarget::Exact;
    expectRefusal(
            "orbitPosterior: expected sigma = 0 for the coupling orbitOT, whose posterior is one point only then, "
            "got 0.1",
            settings);
    settings.posterior.coupling = OrbitCoupling::Kabsch;
    settings.posterior.rotations = OrbitRotations::WithReflections;
    expectRefusal("orbitPosterior: expected proper rotations for an aligned coupling, got reflections; use the "
        "independent coupling", settings);
    settings.posterior.coupling = OrbitCoupling::Independent;
    settings.target = OrbitTarget::Plain;
    expectRefusal("orbitTarget: expected the target exact or exactVelocity for a mean over reflections, got plain",
        settings);
    settings = OrbitTargetSettings();
    settings.numRotations = 0;
    expectRefusal("orbitTarget: expected at least 1 rotation, got 0", settings);
    settings = OrbitTargetSettings();
    settings.numAutomorphisms = 0;
    expectRefusal("orbitTarget: expected at least 1 automorphism, got 0", settings);
    expectThrows<ArgumentError>("orbitTarget: expected x0 to hold 9 values as x1 does, got 3 values",
        [&] { orbitTarget(x1, {0, 0, 0}, xt, 0.5, {}, {}); });
    OrbitPosteriorSettings kabsch;
    kabsch.coupling = OrbitCoupling::Kabsch;
    expectThrows<ArgumentError>("orbitPosterior: expected a molecule that is not linear for the coupling kabsch, got a "
        "linear one; use the independent coupling",
        [&] { orbitPosterior({-1, 0, 0, 0, 0, 0, 1, 0, 0}, xt, 0.5, {}, {}, kabsch); });
}
