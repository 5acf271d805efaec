// SPDX-License-Identifier: MIT
// The stereoGuidance stage: votes and moves by hand, bounds and symmetries; which volumes a molecule has.
#include "KernelContext.h"
#include "Matchers.h"
#include "Models.h"
#include "ReferenceStages.h"
#include "Tolerances.h"
#include "openmmorbit/MoleculeInputs.h"
#include "openmmorbit/internal/StereoGeometry.h"

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

namespace {

const Tolerance MOVES = tolerance("samplerStep", "double");

/** Four atoms on the axes: the volume is the height h, its gradient -(h, h, 1), (h, 0, 0), (0, h, 0), (0, 0, 1). */
vector<double> makeCorner(double height) {
    return {0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, height};
}

vector<double> join(vector<double> first, const vector<double>& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

/** Separate volumes of four atoms each. */
vector<HandedVolume> makeVolumes(const vector<double>& magnitudes) {
    vector<HandedVolume> volumes;
    for (double magnitude : magnitudes) {
        const int first = 4 * (int) volumes.size();
        volumes.push_back({{{first, first + 1, first + 2, first + 3}}, magnitude});
    }
    return volumes;
}

vector<double> guide(const vector<HandedVolume>& volumes, const vector<double>& denoised, double sigma = 1e6,
        double gain = 1) {
    vector<double> guided(denoised.size(), 1e9);
    reference::stereoGuidance({(int) denoised.size() / 3, sigma, gain}, volumes, denoised, guided);
    return guided;
}

/** The signed volume (5.9) by its components. */
double findVolume(const std::array<int, 4>& atoms, const vector<double>& x) {
    auto edge = [&](int k, int c) { return x[3 * atoms[k] + c % 3] - x[3 * atoms[0] + c % 3]; };
    double sum = 0;
    for (int c = 0; c < 3; c++)
        sum += edge(1, c) * (edge(2, c + 1) * edge(3, c + 2) - edge(2, c + 2) * edge(3, c + 1));
    return sum;
}

double norm(const vector<double>& a, const vector<double>& b) {
    double squared = 0;
    for (std::size_t i = 0; i < a.size(); i++)
        squared += (a[i] - b[i]) * (a[i] - b[i]);
    return std::sqrt(squared);
}

} // namespace

TEST(StereoGuidance, movesByHand) {
    // Volumes 1/2 and -1/4 of magnitude 2: beliefs 1/2 and -1/4, odds 3 and 3/5, consensus (9/5 - 1)/(9/5 + 1) = 2/7.
    // The gradients are shorter than 2 2^(2/3).
    const vector<double> first = makeCorner(0.5), second = makeCorner(-0.25);
    const double length = 2 * std::cbrt(4.0), gain = 3, sigma = 0.6, factor = gain * 0.36 / (0.36 + 0.09);
    const double up = factor * (2.0 / 7 - 0.5) / length, down = factor * (2.0 / 7 + 0.25) / length;
    const vector<double> expected = {-0.5 * up, -0.5 * up, -up, 1 + 0.5 * up, 0, 0, 0, 1 + 0.5 * up, 0, 0, 0, 0.5 + up,
        0.25 * down, 0.25 * down, -down, 1 - 0.25 * down, 0, 0, 0, 1 - 0.25 * down, 0, 0, 0, -0.25 + down};
    expectClose("guided", guide(makeVolumes({2, 2}), join(first, second), sigma, gain), expected, MOVES);
}

TEST(StereoGuidance, theMoveIsTowardsTheOthers) {
    // Two certain volumes against one: the vote of 0.99 each way leaves one over.
    const vector<double> denoised = join(join(makeCorner(1), makeCorner(-1)), makeCorner(1));
    const vector<HandedVolume> volumes = makeVolumes({1, 1, 1});
    const vector<double> guided = guide(volumes, denoised);
    const TetrahedralStereo wrong = {0, volumes[1].atoms};
    EXPECT_GT(getSignedVolume(wrong, guided), getSignedVolume(wrong, denoised) + 0.1);
    for (int atom : {0, 1, 2, 3, 8, 9, 10, 11})
        for (int c = 0; c < 3; c++)
            EXPECT_NEAR(guided[3 * atom + c], denoised[3 * atom + c], 0.011);
}

TEST(StereoGuidance, agreementIsLeftAlone) {
    for (double sign : {1.0, -1.0}) {
        const vector<double> denoised = join(join(makeCorner(0.6 * sign), makeCorner(2 * sign)), makeCorner(sign));
        EXPECT_LT(norm(guide(makeVolumes({1, 1, 1}), denoised), denoised), 1e-5);
    }
}

TEST(StereoGuidance, oneVolumeAgreesWithItself) {
    const vector<double> denoised = makeCorner(0.3);
    expectClose("guided", guide(makeVolumes({1}), denoised), denoised, MOVES);
}

TEST(StereoGuidance, movesAreBoundedAtAnyDistance) {
    for (double scale : {0.0, 1e-3, 1.0, 1e3, 1e6}) {
        vector<double> denoised = join(makeCorner(1), makeCorner(-1));
        for (double& x : denoised)
            x *= scale;
        const vector<double> guided = guide(makeVolumes({1, 1}), denoised, 5, 3);
        expectFinite("guided", guided);
        // Each of two volumes moves by at most twice the gain.
        EXPECT_LE(norm(guided, denoised), std::sqrt(2.0) * 2 * 3 * (1 + 1e-9)) << scale;
    }
}

TEST(StereoGuidance, gradientIsThatOfTheVolume) {
    const vector<double> denoised = makeNumbers(24, 5, 2.0);
    const vector<HandedVolume> volumes = {{{{0, 1, 2, 3}}, 3}, {{{3, 4, 5, 6}}, 2}, {{{7, 0, 4, 2}}, 5}};
    const vector<double> guided = guide(volumes, denoised, 1e6, 1e-7);
    double votes = 1;
    vector<double> beliefs;
    for (const HandedVolume& volume : volumes) {
        beliefs.push_back(std::max(-1.0, std::min(1.0, findVolume(volume.atoms, denoised) / (0.5 * volume.magnitude))));
        const double vote = std::max(-0.99, std::min(0.99, beliefs.back()));
        votes *= (1 + vote) / (1 - vote);
    }
    vector<double> expected(24, 0.0);
    for (int q = 0; q < 3; q++) {
        vector<double> gradient(24);
        double squared = 0;
        for (int i = 0; i < 24; i++) {
            vector<double> plus = denoised, minus = denoised;
            plus[i] += 1e-4;
            minus[i] -= 1e-4;
            gradient[i] = (findVolume(volumes[q].atoms, plus) - findVolume(volumes[q].atoms, minus)) / 2e-4;
            squared += gradient[i] * gradient[i];
        }
        const double length = std::max(std::sqrt(squared), 2 * std::pow(volumes[q].magnitude, 2.0 / 3));
        for (int i = 0; i < 24; i++)
            expected[i] += 1e-7 * ((votes - 1) / (votes + 1) - beliefs[q]) / length * gradient[i];
    }
    for (int i = 0; i < 24; i++)
        EXPECT_NEAR(guided[i] - denoised[i], expected[i], 1e-13);
}

TEST(StereoGuidance, reflectionsAndTranslations) {
    const vector<double> denoised = makeNumbers(24, 6, 2.0);
    const vector<HandedVolume> volumes = {{{{0, 1, 2, 3}}, 30}, {{{3, 4, 5, 6}}, 200}};
    const vector<double> guided = guide(volumes, denoised);
    ASSERT_GT(norm(guided, denoised), 0.1);
    vector<double> mirrored(24), moved(24), expectedMirrored(24), expectedMoved(24);
    for (int i = 0; i < 24; i++) {
        const bool isX = i % 3 == 0;
        mirrored[i] = isX ? -denoised[i] : denoised[i];
        expectedMirrored[i] = isX ? -guided[i] : guided[i];
        moved[i] = denoised[i] + i % 3;
        expectedMoved[i] = guided[i] + i % 3;
    }
    expectClose("mirror image", guide(volumes, mirrored), expectedMirrored, tolerance("equivariance", "double"));
    expectClose("translation", guide(volumes, moved), expectedMoved, tolerance("equivariance", "double"));
    for (int c = 0; c < 3; c++) {
        double shift = 0;
        for (int i = c; i < 24; i += 3)
            shift += guided[i] - denoised[i];
        EXPECT_NEAR(shift, 0, 1e-12) << "the centroid stays";
    }
}

TEST(StereoGuidance, volumesOfAMolecule) {
    EXPECT_TRUE(findHandedVolumes(makeEthanol()).empty());
    EXPECT_TRUE(findHandedVolumes(makeBromochlorofluoromethane()).empty()) << "one centre is right after a reflection";

    // Bonds of the sums of covalent radii in the directions of a tetrahedron, C with C, F, Cl and H.

    const vector<HandedVolume> volumes = findHandedVolumes(makeDichlorodifluoroethane());
    ASSERT_EQ(volumes.size(), 2u);
    EXPECT_EQ(volumes[0].atoms, (std::array<int, 4>{{1, 2, 3, 4}}));
    const double directions[4][3] = {{1, 1, 1}, {1, -1, -1}, {-1, 1, -1}, {-1, -1, 1}};
    const double lengths[] = {1.52, 1.33, 1.78, 1.07};
    vector<double> r(12);
    for (int k = 0; k < 4; k++)
        for (int c = 0; c < 3; c++)
            r[3 * k + c] = lengths[k] * directions[k][c] / std::sqrt(3.0);
    const double volume = findVolume({{0, 1, 2, 3}}, r);
    EXPECT_NEAR(volumes[0].magnitude, std::fabs(volume), 1e-3);
    EXPECT_NEAR(volumes[1].magnitude, std::fabs(volume), 1e-3);
}

TEST(StereoGuidance, lonePairsAndAxes) {
    MolecularGraph graph = makeDichlorodifluoroethane();
    graph.tetrahedral[0].neighbors = {{2, 3, 4, -1}};
    TorsionStereo axis;
    axis.atoms = {{2, 0, 1, 5}};
    axis.kind = TorsionStereoKind::AtropisomerMinus;
    graph.torsional = {axis};
    axis.atoms = {{3, 0, 1, 5}};
    axis.kind = TorsionStereoKind::AtropisomerPlus;
    graph.torsional.push_back(axis);
    axis.kind = TorsionStereoKind::Cis;
    axis.atoms = {{2, 0, 1, 6}};
    graph.torsional.push_back(axis);
    const vector<HandedVolume> volumes = findHandedVolumes(graph);
    ASSERT_EQ(volumes.size(), 3u) << "one volume an axis, none for cis and trans";
    EXPECT_EQ(volumes[0].atoms, (std::array<int, 4>{{0, 2, 3, 4}}));
    EXPECT_NEAR(volumes[0].magnitude, 4 / (3 * std::sqrt(3.0)) * 1.33 * 1.78 * 1.07, 1e-3);

    // A dihedral of -90 degrees is what the record of the axis asks for: the volume of its atoms is positive.

    const vector<double> twisted = {0, 0, 0, 0, 0, 1.5, 1, 0, -0.5, 9, 9, 9, 9, 9, 9, 0, -1, 2};
    EXPECT_LT(getDihedral({{2, 0, 1, 5}}, twisted), 0);
    EXPECT_GT(getSignedVolume({0, volumes[2].atoms}, twisted), 0);
}

TEST(StereoGuidance, featuresHoldVolumesIfTheInputsShowNoHand) {
    const MolecularGraph graph = makeDichlorodifluoroethane();
    DenoiserModel model;
    const TokenInputs inAngstrom = describeMolecule(graph, model);
    ASSERT_EQ(inAngstrom.handedVolumes.size(), 2u);
    model.setUnitInNanometers(1.0);
    const double ratio = describeMolecule(graph, model).handedVolumes[0].magnitude /
            inAngstrom.handedVolumes[0].magnitude;
    expectClose("cubic nanometers", ratio, 1e-3, tolerance("noise", "double"));
    model.setVocabularies(getDefaultAtomVocabularies(), {{"chiralNeighbor", {0, 1, 2, 3, 4}, false}});
    model.setRotations(OrbitRotations::Proper);
    EXPECT_TRUE(describeMolecule(graph, model).handedVolumes.empty());
}

TEST(StereoGuidance, batchesGuideAllStepsButTheLast) {
    Batch batch;
    batch.plan = makeSamplerPlan(SamplerSettings());
    const DenoiserModel model = makeSmallModel();
    batch.inputs = {makeFeatures(makeEthanol(), model)};
    EXPECT_FALSE(batch.isGuided(batch.plan.getLevels(0, -1)));
    batch.inputs.push_back(makeFeatures(makeDichlorodifluoroethane(), model));
    EXPECT_TRUE(batch.isGuided(batch.plan.getLevels(0, -1)));
    EXPECT_FALSE(batch.plan.isGuided(batch.inputs[0], batch.plan.getLevels(0, -1)));
    EXPECT_TRUE(batch.isGuided(batch.plan.getLevels(batch.plan.getNumSteps() - 2, -1)));
    EXPECT_FALSE(batch.isGuided(batch.plan.getLevels(batch.plan.getNumSteps() - 1, -1)));
    batch.plan.stereoGuidance = 0;
    EXPECT_FALSE(batch.isGuided(batch.plan.getLevels(0, -1)));
}
