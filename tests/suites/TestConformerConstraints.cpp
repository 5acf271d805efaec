// SPDX-License-Identifier: MIT
// Conformers with a core or ranges of torsions: where they are, which hand they show, and what is refused.
#include "Matchers.h"
#include "Models.h"
#include "Options.h"
#include "Systems.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/ConformerCheck.h"
#include "openmmorbit/ConformerGenerator.h"
#include "openmmorbit/MoleculeReader.h"
#include "openmmorbit/internal/StereoGeometry.h"
#include <gtest/gtest.h>
#include <cmath>

using namespace OpenMM;
using namespace OrbitPlugin;
using namespace testSupport;
using std::string;
using std::vector;

namespace {

const string PACKAGED_MODEL = string(ORBIT_TEST_PLUGIN_DIR) + "/../models/conformer.safetensors";

/** The Reference platform is the definition, not fast. */
int numCopies() {
    return platformName() == "CPU" ? 8 : platformName() == "Reference" ? 1 : 2;
}

std::unique_ptr<ConformerGenerator> makeGenerator() {
    auto generator = std::make_unique<ConformerGenerator>(PACKAGED_MODEL);
    generator->setPlatformName(platformName());
    return generator;
}

/** Take some atoms of a conformer as a core that lies somewhere, nm; nothing is known of the others. */
ConformerConstraints makeCore(const vector<Vec3>& positions, const vector<int>& atoms) {
    ConformerConstraints constraints;
    constraints.start.positions.assign(3 * positions.size(), std::nan(""));
    constraints.start.fixed = atoms;
    for (int atom : atoms)
        for (int k = 0; k < 3; k++)
            constraints.start.positions[3 * atom + k] = positions[atom][k] + 2.5 - k;
    return constraints;
}

/** Expect copies that the inspection accepts, with the core where it is given. */
void expectCore(const Ensemble& ensemble, const ConformerConstraints& constraints, int number) {
    EXPECT_EQ(ensemble.getNumConformers(), number) << ensemble.getMessage();
    for (int k = 0; k < ensemble.getNumConformers(); k++) {
        vector<double> inAngstrom;
        for (const Vec3& x : ensemble.getPositions(k))
            inAngstrom.insert(inAngstrom.end(), {10 * x[0], 10 * x[1], 10 * x[2]});
        EXPECT_EQ(checkConformer(ensemble.getGraph(), inAngstrom).message, "");
        for (int atom : constraints.start.fixed)
            for (int i = 0; i < 3; i++)
                EXPECT_NEAR(inAngstrom[3 * atom + i], 10 * constraints.start.positions[3 * atom + i], 1e-4);
    }
}

/** Generate around a core of a conformer of the molecule itself. */
void checkOwnCore(const string& smiles, const vector<int>& atoms) {
    const MolecularGraph graph = readSmiles(smiles);
    const auto generator = makeGenerator();
    const ConformerConstraints core = makeCore(generator->generate(graph, 1, 5).getPositions(0), atoms);
    expectCore(generator->generate(graph, numCopies(), 7, 0, nullptr, core), core, numCopies());
}

/** A flat regular phenyl ring, nm. */
vector<Vec3> makeRing(int numAtoms, int first) {
    vector<Vec3> positions(numAtoms);
    for (int k = 0; k < 6; k++)
        positions[first + k] = Vec3(0.1394 * std::cos(M_PI * k / 3), 0, 0.1394 * std::sin(M_PI * k / 3));
    return positions;
}

} // namespace

TEST(ConformerConstraints, aChiralCoreDecidesTheHandOfTheRest) {
    // The core is the ring of proline with its centre; the other centre is free. And a core with neither centre.

    checkOwnCore("OC(=O)[C@@H]1CCCN1C(=O)[C@H](C)Cl", {3, 4, 5, 6, 7, 1});
    checkOwnCore("C[C@H](O)[C@@H](N)CCCC", {5, 6, 7, 8, 4});
}

TEST(ConformerConstraints, aFlatCoreAllowsReflections) {
    const auto generator = makeGenerator();
    for (const char* smiles : {"C[C@H](N)c1ccccc1", "C[C@@H](N)c1ccccc1"}) {
        const MolecularGraph graph = readSmiles(smiles);
        const ConformerConstraints core = makeCore(makeRing(graph.getNumAtoms(), 3), {3, 4, 5, 6, 7, 8});
        const Ensemble ensemble = generator->generate(graph, numCopies(), 3, 0, nullptr, core);
        expectCore(ensemble, core, numCopies());
    }
}

TEST(ConformerConstraints, anAlmostFlatCoreIsNotReflected) {
    const auto generator = makeGenerator();
    const MolecularGraph graph = readSmiles("C[C@H](N)c1ccccc1");
    vector<Vec3> ring = makeRing(graph.getNumAtoms(), 3);
    ring[3][1] += 0.001;
    const ConformerConstraints core = makeCore(ring, {3, 4, 5, 6, 7, 8});
    const Ensemble ensemble = generator->generate(graph, numCopies(), 3, 0, nullptr, core);
    expectCore(ensemble, core, numCopies());
    for (int k = 0; k < ensemble.getNumConformers(); k++)
        EXPECT_FALSE(ensemble.getProvenance(k).mirrored);
}

TEST(ConformerConstraints, oneAtomOrALineWillDo) {
    checkOwnCore("C[C@H](O)C#CC", {2});
    checkOwnCore("C[C@H](O)C#CC", {1, 2});
    checkOwnCore("C[C@H](O)C#CC", {3, 4});
}

TEST(ConformerConstraints, copiesDependOnTheirOwnCoreOnly) {
    const MolecularGraph first = readSmiles("CCCCO"), second = readSmiles("CC(=O)NC");
    const auto generator = makeGenerator();
    vector<ConformerConstraints> cores = {makeCore(generator->generate(first, 1, 5).getPositions(0), {0, 1, 2}),
        ConformerConstraints()};
    const vector<Ensemble> together = generator->generateBatch({first, second}, {1, 1}, 7, 3, nullptr, cores);
    EXPECT_EQ(
        together[0].getPositionArray(), generator->generate(first, 1, 7, 3, nullptr, cores[0]).getPositionArray());
    EXPECT_EQ(together[1].getPositionArray(), generator->generate(second, 1, 7, 4).getPositionArray());

    // Places of free atoms are not looked at. What is wrong with one molecule is its message.

    ConformerConstraints other = cores[0];
    for (double& x : other.start.positions)
        if (std::isnan(x))
            x = 77;
    EXPECT_EQ(together[0].getPositionArray(), generator->generate(first, 1, 7, 3, nullptr, other).getPositionArray());
    cores[0].start.fixed.push_back(99);
    const vector<Ensemble> half = generator->generateBatch({first, second}, {1, 1}, 7, 3, nullptr, cores);
    EXPECT_EQ(half[0].getNumConformers(), 0);
    EXPECT_NE(half[0].getMessage().find("fixed atoms below 15, each once, got 99"), string::npos)
        << half[0].getMessage();
    EXPECT_EQ(half[1].getPositionArray(), together[1].getPositionArray());
}

TEST(ConformerConstraints, aConformerIsVariedAtALevel) {
    const MolecularGraph graph = readSmiles("CCCCCO");
    const auto generator = makeGenerator();
    ConformerConstraints start;
    const vector<Vec3> known = generator->generate(graph, 1, 5).getPositions(0);
    for (const Vec3& x : known)
        start.start.positions.insert(start.start.positions.end(), {x[0] + 1, x[1], x[2]});
    start.start.level = 0.3;
    const Ensemble near = generator->generate(graph, numCopies(), 7, 0, nullptr, start);
    ASSERT_EQ(near.getNumConformers(), numCopies());
    for (int k = 0; k < near.getNumConformers(); k++)
        for (int i = 0; i < graph.getNumAtoms(); i++) {
            const Vec3 moved = near.getPositions(k)[i] - known[i] - Vec3(1, 0, 0);
            EXPECT_LT(std::sqrt(moved.dot(moved)), 0.15) << "a level of 0.3 Angstrom leaves the conformer as it is";
        }
}

namespace {

/** Expect a refusal of bromochlorofluoromethane, or of another molecule, with a core. */
void expectRefusal(const string& words, const ConformerConstraints& constraints,
        const MolecularGraph& graph = makeBromochlorofluoromethane(), bool check = true) {
    ConformerGenerator generator(makeSmallModel());
    generator.setPlatformName(platformName());
    generator.setCheckConformers(check);
    expectMentions<ArgumentError>(words, [&] { generator.generate(graph, 1, 1, 0, nullptr, constraints); });
}

/** A centre with bonds of the right lengths to F, Cl and Br, and to H; the positions of the record's hand. */
vector<Vec3> makeCenter() {
    const double lengths[] = {0.136, 0.177, 0.194, 0.109};
    const Vec3 arms[] = {Vec3(1, 1, 1), Vec3(-1, 1, -1), Vec3(1, -1, -1), Vec3(-1, -1, 1)};
    vector<Vec3> positions(5);
    for (int k = 0; k < 4; k++)
        positions[k + 1] = arms[k] * (lengths[k] / std::sqrt(3.0));
    return positions;
}

} // namespace

TEST(ConformerConstraints, refusesWhatIsNoCore) {
    const ConformerConstraints good = makeCore(makeCenter(), {0, 1, 2});
    ConformerConstraints bad = good;
    bad.start.fixed = {0, 5};
    expectRefusal("ConformerGenerator::generate: expected fixed atoms below 5, each once, got 5", bad);
    bad.start.fixed = {0, -1};
    expectRefusal("expected fixed atoms below 5, each once, got -1", bad);
    bad.start.fixed = {0, 1, 0};
    expectRefusal("expected fixed atoms below 5, each once, got 0", bad);
    bad.start.fixed = {0, 3};
    expectRefusal("expected finite positions to start from, got others for atom 3", bad);
    bad = makeCore(makeCenter(), {0, 1, 2, 3, 4});
    expectRefusal("expected an atom that is not fixed, got all 5 atoms as fixed", bad);
    bad = good;
    bad.start.positions.pop_back();
    expectRefusal("expected positions of 5 atoms to start from, got 14 coordinates", bad);
    bad = good;
    bad.start.level = 3;
    expectRefusal("expected finite positions to start from, got others for atom 3", bad);
    bad.start.level = -1;
    expectRefusal("a level to start at", bad);
    bad = ConformerConstraints();
    bad.start.level = 3;
    expectRefusal("expected positions to start from beside a level", bad);
    ConformerGenerator generator(makeSmallModel());
    expectMentions<ArgumentError>("generateBatch: expected 1 constraints, one for each molecule, got 2",
        [&] { generator.generateBatch({makeWater()}, {1}, 1, 0, nullptr, {good, good}); });
    expectMentions<ArgumentError>("generateBatch: expected starts of one level, got 0.0",
        [&] { generator.generateBatch({makeWater(), makeWater()}, {1, 1}, 1, 0, nullptr, {good, bad}); });
}

TEST(ConformerConstraints, refusesCoresThatTheMoleculeCannotHave) {
    // A bond of 3 Angstrom; then the other hand, with all neighbours, with three of them, and flat.

    vector<Vec3> positions = makeCenter();
    positions[1] = positions[1] * (0.3 / 0.136);
    expectRefusal("expected fixed atoms as conformers of \"bromochlorofluoromethane\" have them, got atoms 0 (A1) and "
        "1 (A2) at 3 Angstrom, expected a bond of at most", makeCore(positions, {0, 1}));
    MolecularGraph other = makeBromochlorofluoromethane();
    std::swap(other.tetrahedral[0].neighbors[0], other.tetrahedral[0].neighbors[1]);
    for (const vector<int>& atoms : {vector<int>{1, 2, 3, 4}, {0, 1, 2, 3}, {0, 2, 3, 4}}) {
        for (bool check : {true, false})
            expectRefusal("the tetrahedral centre 0 (A1)", makeCore(makeCenter(), atoms), other, check);
        ConformerGenerator generator(makeSmallModel());
        generator.setPlatformName(platformName());
        generator.setCheckConformers(false);
        const ConformerConstraints core = makeCore(makeCenter(), atoms);
        EXPECT_EQ(generator.generate(makeBromochlorofluoromethane(), 1, 1, 0, nullptr, core).getNumConformers(), 1);
    }
    positions = makeCenter();
    for (Vec3& x : positions)
        x[2] = 0;
    expectRefusal("flat", makeCore(positions, {0, 1, 2, 3}), other, false);
}

namespace {

const double DEGREE = M_PI / 180;

ConformerConstraints makeTorsion(const std::array<int, 4>& atoms, double lower, double upper) {
    ConformerConstraints constraints;
    constraints.torsions = {{atoms, lower * DEGREE, upper * DEGREE}};
    return constraints;
}

/** Generate with a torsion in a range, and expect it there in copies that the inspection accepts. */
void checkTorsion(const string& smiles, const std::array<int, 4>& atoms, double lower, double upper) {
    const auto generator = makeGenerator();
    const Ensemble ensemble = generator->generate(
        readSmiles(smiles), numCopies(), 7, 0, nullptr, makeTorsion(atoms, lower, upper));
    EXPECT_EQ(ensemble.getNumConformers(), numCopies()) << ensemble.getMessage();
    for (int k = 0; k < ensemble.getNumConformers(); k++) {
        vector<double> inAngstrom;
        for (const Vec3& x : ensemble.getPositions(k))
            inAngstrom.insert(inAngstrom.end(), {10 * x[0], 10 * x[1], 10 * x[2]});
        EXPECT_EQ(checkConformer(ensemble.getGraph(), inAngstrom).message, "");
        const double above = getDihedral(atoms, inAngstrom) / DEGREE - lower;
        EXPECT_LE(above - 360 * std::floor(above / 360), upper - lower) << smiles;
        EXPECT_LE(ensemble.getProvenance(k).numResamplings, 5) << smiles;
    }
}

} // namespace

TEST(ConformerConstraints, torsionsLieInTheirRangesWithTheirSign) {
    checkTorsion("CCCCO", {0, 1, 2, 3}, 50, 75);
    checkTorsion("CCCCO", {0, 1, 2, 3}, -75, -50);
    checkTorsion("C[C@H](O)CC", {0, 1, 3, 4}, 170, 190);
    checkTorsion("C[C@H](O)[C@@H](N)CO", {0, 1, 3, 5}, -70, -60);
    checkTorsion("C1CCCCC1", {0, 1, 2, 3}, 40, 70);
}

TEST(ConformerConstraints, torsionsOutsideAreNamed) {
    // No ring of four has one that is trans.

    const MolecularGraph graph = readSmiles("C1CCC1");
    auto generator = makeGenerator();
    generator->setMaxRedraws(0);
    expectMentions<ConformerGenerationError>("the torsion of atoms 0 (C1), 1 (C2), 2 (C3) and 3 (C4) is ",
        [&] { generator->generate(graph, 1, 7, 0, nullptr, makeTorsion({0, 1, 2, 3}, 150, 210)); });
}

TEST(ConformerConstraints, aCoreKeepsItsPlaceWhileATorsionIsTurned) {
    const MolecularGraph graph = readSmiles("C[C@H](O)c1ccccc1");
    const auto generator = makeGenerator();
    ConformerConstraints both = makeCore(generator->generate(graph, 1, 5).getPositions(0), {3, 4, 5, 6, 7, 8});
    both.torsions = makeTorsion({0, 1, 3, 4}, 80, 100).torsions;
    const Ensemble ensemble = generator->generate(graph, numCopies(), 7, 0, nullptr, both);
    expectCore(ensemble, both, numCopies());
    for (int k = 0; k < ensemble.getNumConformers(); k++) {
        vector<double> positions;
        for (const Vec3& x : ensemble.getPositions(k))
            positions.insert(positions.end(), {x[0], x[1], x[2]});
        EXPECT_NEAR(getDihedral({{0, 1, 3, 4}}, positions) / DEGREE, 90, 10);
    }
}

TEST(ConformerConstraints, refusesRangesThatAreNone) {
    const MolecularGraph ethanol = makeEthanol();
    expectRefusal("expected atoms of torsions below 9, got 9", makeTorsion({3, 0, 1, 9}, 0, 60), ethanol);
    expectRefusal("expected a torsion along bonds, got none between atoms 0 (A1) and 2 (A3)",
        makeTorsion({3, 0, 2, 8}, 0, 60), ethanol);
    expectRefusal("expected four different atoms of a torsion, got 0 (A1) twice", makeTorsion({0, 1, 0, 3}, 0, 60),
        ethanol);
    for (double upper : {0.0, 360.0, std::nan("")})
        expectRefusal("by less than a full turn, got 0 to", makeTorsion({3, 0, 1, 2}, 0, upper), ethanol);
    const MolecularGraph butyne = readSmiles("CC#CC");
    expectRefusal("got the linear atom 1 (C2)", makeTorsion({0, 1, 2, 3}, 0, 60), butyne);
    const MolecularGraph butane = readSmiles("CCCC");
    ConformerConstraints both = makeCore(makeGenerator()->generate(butane, 1, 5).getPositions(0), {0, 1, 2, 3});
    vector<double> positions = both.start.positions;
    const double angle = getDihedral({{0, 1, 2, 3}}, positions) / DEGREE;
    both.torsions = makeTorsion({0, 1, 2, 3}, angle + 10, angle + 20).torsions;
    expectRefusal("expected fixed atoms with torsions in their ranges, got others: the torsion of atoms", both, butane);
}

TEST(ConformerConstraints, refusesRangesThatHaveNoAngleInCommon) {
    const MolecularGraph butane = readSmiles("CCCC");
    ConformerConstraints both = makeTorsion({0, 1, 2, 3}, 0, 10);
    for (const std::array<int, 4>& atoms : {std::array<int, 4>{0, 1, 2, 3}, std::array<int, 4>{3, 2, 1, 0}})
        for (double turn : {-360.0, 0.0, 360.0}) {
            both.torsions.resize(1);
            both.torsions.push_back(makeTorsion(atoms, 100 + turn, 110 + turn).torsions[0]);
            expectRefusal("expected ranges of the torsion of atoms 0 (C1), 1 (C2), 2 (C3) and 3 (C4) that have angles "
                          "in common, got 0 to 10 and ", both, butane);
        }

    // Across the end of a turn two ranges may meet.

    both = makeTorsion({0, 1, 2, 3}, 170, 200);
    both.torsions.push_back(makeTorsion({3, 2, 1, 0}, -190, -165).torsions[0]);
    const Ensemble ensemble = makeGenerator()->generate(butane, 1, 7, 0, nullptr, both);
    EXPECT_EQ(ensemble.getNumConformers(), 1) << ensemble.getMessage();
}

namespace {

/** The carbon atoms 0 to 2 of pentane are fixed, and an atom of the pocket stands near the place of carbon 4. */
ConformerConstraints makePocket(const Ensemble& free) {
    const vector<Vec3> positions = free.getPositions(0);
    ConformerConstraints constraints;
    for (const Vec3& x : positions)
        constraints.start.positions.insert(constraints.start.positions.end(), {x[0], x[1], x[2]});
    constraints.start.fixed = {0, 1, 2};
    constraints.pocket.positions = {positions[4][0], positions[4][1], positions[4][2] + 0.02};
    constraints.pocket.radii = {0.12};
    constraints.pocket.atomRadii.assign(positions.size(), 0);
    std::fill_n(constraints.pocket.atomRadii.begin(), 5, 0.12);
    return constraints;
}

} // namespace

TEST(ConformerConstraints, copiesLeaveThePlaceOfAPocket) {
    // The same noise without the pocket ends 0.02 nm away from it; 0.24 is wanted.

    const MolecularGraph graph = readSmiles("CCCCC");
    const auto generator = makeGenerator();
    ConformerConstraints constraints = makePocket(generator->generate(graph, 1, 5));
    const Pocket pocket = constraints.pocket;
    constraints.pocket = Pocket();
    const Ensemble free = generator->generate(graph, 1, 7, 0, nullptr, constraints);
    constraints.pocket = pocket;
    for (int k = 0; k < 3; k++)
        constraints.pocket.positions[k] = free.getPositions(0)[4][k] + (k == 2 ? 0.02 : 0);
    const Ensemble guided = generator->generate(graph, 1, 7, 0, nullptr, constraints);
    expectCore(guided, constraints, 1);
    const vector<double>& place = constraints.pocket.positions;
    const Vec3 away = guided.getPositions(0)[4] - Vec3(place[0], place[1], place[2]);
    EXPECT_GT(std::sqrt(away.dot(away)), 0.2);
}

TEST(ConformerConstraints, refusesWhatIsNoPocket) {
    const MolecularGraph graph = readSmiles("CCCCC");
    const ConformerConstraints good = makePocket(makeGenerator()->generate(graph, 1, 5));
    ConformerConstraints bad = good;
    bad.start = GenerationStart();
    expectRefusal("expected a start beside a pocket, which says where in it the molecule is, got none", bad, graph);
    bad = good;
    bad.pocket.positions.pop_back();
    expectRefusal("expected a pocket of 1 positions and 17 radii of the molecule, got 2 coordinates", bad, graph);
    bad = good;
    bad.pocket.atomRadii.pop_back();
    expectRefusal("got 3 coordinates and 16 radii", bad, graph);
    bad = good;
    bad.pocket.radii[0] = -1;
    expectRefusal("none of them negative, got -1", bad, graph);
    bad = good;
    bad.pocket.positions[2] = std::nan("");
    expectRefusal("expected finite positions and radii of a pocket", bad, graph);
}
