// SPDX-License-Identifier: MIT
// Conformers with a core or ranges of torsions: where they are, which hand they show, and what is refused.
#include "ConstrainedConformers.h"
#include "openmmorbit/internal/FixedCore.h"
#include "openmmorbit/internal/StereoGeometry.h"
#include <cmath>

using namespace OpenMM;
using namespace OrbitPlugin;
using namespace testSupport;
using std::string;
using std::vector;

namespace {

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

TEST(ConformerConstraints, whatHangsOnOneFixedAtomMovesAsOneBody) {
    // A ring with ethyl, carboxyl and a spiro ring. All bodies hang on one atom each; hydrogens of the ring do too.

    const MolecularGraph graph = readSmiles("CCC1CC(C(=O)O)CC2(CC2)C1");
    const vector<int> expected = {2, 2, 2, 3, 4, 4, 4, 4, 8, 9, 9, 9, 12};
    vector<char> fixed(graph.getNumAtoms(), 0);
    for (int atom : {2, 3, 4, 8, 9, 12})
        fixed[atom] = 1;
    vector<int> leaders = listLeaders(graph, fixed);
    EXPECT_EQ(expected, vector<int>(leaders.begin(), leaders.begin() + 13));
    for (const GraphBond& bond : graph.bonds)
        if (bond.atom2 > 12) {
            EXPECT_EQ(leaders[bond.atom1], leaders[bond.atom2]);
        }

    // With less of the ring, the rest of it hangs on two atoms, and each of its atoms moves on its own.

    fixed[12] = 0;
    leaders = listLeaders(graph, fixed);
    EXPECT_EQ(expected, vector<int>(leaders.begin(), leaders.begin() + 13));
    for (const GraphBond& bond : graph.bonds)
        if (bond.atom1 == 12 && bond.atom2 > 12) {
            EXPECT_EQ(bond.atom2, leaders[bond.atom2]);
        }
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

TEST(ConformerConstraints, aVariedConformerKeepsItsHand) {
    // Of this molecule, the start alone says which hand a copy has. None is turned over at the end.

    const MolecularGraph graph = readSmiles("C[C@H](O)CC"), other = readSmiles("C[C@@H](O)CC");
    const auto generator = makeGenerator();
    ConformerConstraints start;
    const vector<Vec3> known = generator->generate(graph, 1, 5).getPositions(0);
    for (const Vec3& x : known)
        start.start.positions.insert(start.start.positions.end(), {x[0], x[1], x[2]});
    for (double level : {0.3, 3.0}) {
        start.start.level = level;
        const Ensemble near = generator->generate(graph, numCopies(), 7, 0, nullptr, start);
        ASSERT_EQ(near.getNumConformers(), numCopies()) << near.getMessage();
        for (int k = 0; k < near.getNumConformers(); k++)
            EXPECT_FALSE(near.getProvenance(k).mirrored);
    }
    expectMentions<ArgumentError>("expected a start that is an isomer of \"CC[C@@H](C)O\", got one in which the "
                                  "tetrahedral centre 1 (C2)",
        [&] { generator->generate(other, 1, 7, 0, nullptr, start); });
}

namespace {

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
