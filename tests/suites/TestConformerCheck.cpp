// SPDX-License-Identifier: MIT
// The inspection: real conformers pass, mirrored, broken, crowded and twisted ones are reported with their atoms.
#include "Golden.h"
#include "Matchers.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/ConformerCheck.h"
#include "openmmorbit/MoleculeReader.h"
#include <cmath>
#include <cstdio>
#include <gtest/gtest.h>
#include <limits>
#include <set>
#include <string>

using namespace OrbitPlugin;
using std::vector;

static const double DEGREE = std::acos(-1.0) / 180;

/** Embedded molecules with an angle or a bond that no force field corrected. */
static const std::set<std::string> CRUDE = {"C1CCC/C=C/CC1", "[N@@H+](C1CC1)(C)CC(=O)[O-]", "N12C(CN(C)C[C@@H]2C1)=O"};

static vector<MoleculeRecord> readConformers() {
    vector<MoleculeRecord> records;
    for (MoleculeRecord& record : MoleculeReader(testSupport::goldenPath("stereoConformers.sdf")).readAll())
        if (CRUDE.count(record.graph.name) == 0)
            records.push_back(std::move(record));
    return records;
}

/** Two atoms bonded at the given distance (Angstrom) along x. */
static MolecularGraph makePair(int element1, int element2) {
    MolecularGraph graph;
    graph.atoms.resize(2);
    graph.atoms[0].element = element1;
    graph.atoms[1].element = element2;
    graph.bonds.push_back({0, 1, BondOrder::Single});
    return graph;
}

TEST(ConformerCheck, acceptsRealConformers) {
    const vector<MoleculeRecord> records = readConformers();
    ASSERT_GT(records.size(), 60u);
    for (const MoleculeRecord& record : records) {
        ASSERT_EQ(record.error, "");
        const ConformerStatus status = checkConformer(record.graph, record.positions);
        EXPECT_TRUE(status.isAccepted()) << record.graph.name << ": " << status.message;
        EXPECT_EQ(status.message, "");
    }
}

TEST(ConformerCheck, rejectsMirrorImagesOfCentres) {
    int numMirrored = 0;
    for (MoleculeRecord& record : readConformers()) {
        for (size_t k = 0; k < record.positions.size(); k += 3)
            record.positions[k] *= -1;
        const ConformerStatus status = checkConformer(record.graph, record.positions);
        EXPECT_EQ(status.stereoCorrect, record.graph.tetrahedral.empty()) << record.graph.name;
        EXPECT_TRUE(status.finite && status.bondsCorrect && status.clashFree) << status.message;
        numMirrored += !record.graph.tetrahedral.empty();
    }
    EXPECT_GT(numMirrored, 40);
}

TEST(ConformerCheck, reflectsCopiesWhoseCentresAreAllInverted) {
    int numReflected = 0;
    for (const MoleculeRecord& record : readConformers()) {
        vector<double> positions = record.positions, image = record.positions;
        for (double& x : image)
            x = -x;
        EXPECT_FALSE(restoreHandedness(record.graph, positions)) << record.graph.name;
        EXPECT_EQ(restoreHandedness(record.graph, image), !record.graph.tetrahedral.empty()) << record.graph.name;
        EXPECT_TRUE(checkConformer(record.graph, image).isAccepted()) << record.graph.name;
        if (record.graph.tetrahedral.size() < 2)
            continue;

        // With one of several centres asked for the other way round, neither the copy nor its image will do.

        MolecularGraph other = record.graph;
        std::swap(other.tetrahedral[0].neighbors[0], other.tetrahedral[0].neighbors[1]);
        EXPECT_FALSE(restoreHandedness(other, positions)) << record.graph.name;
        EXPECT_EQ(positions, record.positions);
        numReflected++;
    }
    EXPECT_GT(numReflected, 10);
}

TEST(ConformerCheck, rejectsTheOtherDoubleBondIsomer) {
    int numSwapped = 0;
    for (MoleculeRecord& record : readConformers()) {
        if (record.graph.torsional.empty())
            continue;
        for (TorsionStereo& stereo : record.graph.torsional)
            stereo.kind = stereo.kind == TorsionStereoKind::Cis ? TorsionStereoKind::Trans : TorsionStereoKind::Cis;
        EXPECT_FALSE(checkConformer(record.graph, record.positions).stereoCorrect) << record.graph.name;
        numSwapped++;
    }
    EXPECT_GT(numSwapped, 10);
}

TEST(ConformerCheck, readsAtropisomersByTheSignOfTheirDihedral) {
    MolecularGraph graph;
    graph.atoms.resize(4);
    for (GraphAtom& atom : graph.atoms)
        atom.element = 6;
    graph.bonds = {{0, 1, BondOrder::Single}, {1, 2, BondOrder::Single}, {2, 3, BondOrder::Single}};
    graph.torsional.push_back({{{0, 1, 2, 3}}, TorsionStereoKind::AtropisomerPlus});

    // Looking from atom 1 along +z to atom 2, atom 3 stands clockwise of atom 0.

    vector<double> positions = {1.4, 0, -0.5, 0, 0, 0, 0, 0, 1.5, 0, 1.4, 2.0};
    EXPECT_TRUE(checkConformer(graph, positions).stereoCorrect);
    positions[10] = -1.4;
    EXPECT_FALSE(checkConformer(graph, positions).stereoCorrect);
    graph.torsional[0].kind = TorsionStereoKind::AtropisomerMinus;
    EXPECT_TRUE(checkConformer(graph, positions).stereoCorrect);
}

TEST(ConformerCheck, judgesBondsByElementsAndOrder) {
    struct Case {
        const char* smiles;
        vector<double> right, wrong; // Angstrom
    };
    const vector<Case> cases = {{"Cl", {1.22, 1.275, 1.33}, {1.05, 1.55}}, {"ClCl", {1.95, 1.99, 2.04}, {1.6, 2.4}},
            {"N#N", {1.07, 1.10, 1.13}, {0.95, 1.3}}, {"FF", {1.39, 1.42}, {1.1, 1.8}},
            {"[H][H]", {0.74, 0.78}, {0.5, 1.1}},
            {"BrBr", {2.28}, {1.9, 2.8}}, {"[C-]#[O+]", {1.11, 1.13, 1.16}, {0.95, 1.35}}, {"O=O", {1.21}, {1.0, 1.5}}};
    for (const Case& entry : cases) {
        const MolecularGraph graph = readSmiles(entry.smiles);
        for (double length : entry.right) {
            const ConformerStatus status = checkConformer(graph, {0, 0, 0, length, 0, 0});
            EXPECT_TRUE(status.isAccepted()) << entry.smiles << ": " << status.message;
        }
        for (double length : entry.wrong)
            EXPECT_FALSE(checkConformer(graph, {0, 0, 0, length, 0, 0}).bondsCorrect) << entry.smiles << " " << length;
    }
    EXPECT_EQ(checkConformer(makePair(6, 6), {0, 0, 0, 2.5, 0, 0}).message.substr(0, 58),
            "atoms 0 and 1 at 2.5 Angstrom, expected a bond of at most ");
}

TEST(ConformerCheck, judgesBondsWithoutDataByRadii) {
    // Tellurium and germanium stand in no table, plutonium has no radius of double bonds.

    const MolecularGraph graph = makePair(52, 32);
    EXPECT_TRUE(checkConformer(graph, {0, 0, 0, 2.57, 0, 0}).isAccepted());
    for (double length : {2.1, 3.1})
        EXPECT_FALSE(checkConformer(graph, {0, 0, 0, length, 0, 0}).bondsCorrect) << length;
    EXPECT_TRUE(checkConformer(makePair(94, 9), {0, 0, 0, 2.4, 0, 0}).isAccepted());
    EXPECT_FALSE(checkConformer(makePair(94, 9), {0, 0, 0, 1.4, 0, 0}).bondsCorrect);
}

TEST(ConformerCheck, acceptsMinimaOfRareMoleculesAndRefusesTheirDistortions) {
    const vector<MoleculeRecord> records = MoleculeReader(testSupport::goldenPath("rareMinima.sdf")).readAll();
    ASSERT_GT(records.size(), 50u);
    for (const MoleculeRecord& record : records) {
        const ConformerStatus status = checkConformer(record.graph, record.positions);
        EXPECT_TRUE(status.isAccepted()) << record.graph.name << ": " << status.message;
        EXPECT_LT(status.maxDeviation, 8) << record.graph.name;

        // A hydrogen too near or too far, and everything too small or too large.

        for (double scale : {0.72, 1.35}) {
            if (record.graph.getNumAtoms() == 2)
                continue;
            vector<double> positions = record.positions;
            for (double& x : positions)
                x *= scale;
            const ConformerStatus scaled = checkConformer(record.graph, positions);
            EXPECT_FALSE(scaled.bondsCorrect) << record.graph.name << " " << scale;
            EXPECT_GT(scaled.maxDeviation, status.maxDeviation) << record.graph.name;
        }
        for (const GraphBond& bond : record.graph.bonds)
            if (record.graph.atoms[bond.atom2].element == 1 && record.graph.getNumAtoms() > 2)
                for (double scale : {0.78, 1.3}) {
                    vector<double> positions = record.positions;
                    for (int k = 0; k < 3; k++)
                        positions[3 * bond.atom2 + k] = (1 - scale) * positions[3 * bond.atom1 + k] +
                            scale * positions[3 * bond.atom2 + k];
                    EXPECT_FALSE(checkConformer(record.graph, positions).bondsCorrect) << record.graph.name;
                }
    }
}

TEST(ConformerCheck, judgesAngles) {
    const MolecularGraph water = readSmiles("O");
    auto place = [](double angle, double length) {
        return vector<double>{
                0, 0, 0, length, 0, 0, length * std::cos(angle * DEGREE), length * std::sin(angle * DEGREE), 0};
    };
    EXPECT_TRUE(checkConformer(water, place(104.5, 0.957)).isAccepted());
    EXPECT_LT(checkConformer(water, place(104.5, 0.957)).maxDeviation, 3);
    EXPECT_FALSE(checkConformer(water, place(104.5, 0.72)).bondsCorrect);
    for (double angle : {60.0, 145.0, 177.0}) {
        const ConformerStatus status = checkConformer(water, place(angle, 0.957));
        EXPECT_FALSE(status.anglesCorrect) << angle;
        EXPECT_TRUE(status.bondsCorrect) << status.message;
        EXPECT_NE(status.message.find("the angle of atoms 1 (H1), 0 (O1) and 2 (H2) is "), std::string::npos)
            << status.message;
    }

    // Hydrogen cyanide is linear.

    const MolecularGraph cyanide = readSmiles("C#N");
    EXPECT_TRUE(checkConformer(cyanide, {0, 0, 0, 1.15, 0, 0, -1.065, 0, 0}).isAccepted());
    EXPECT_FALSE(checkConformer(cyanide, {0, 0, 0, 1.15, 0, 0, -0.75, 0.75, 0}).anglesCorrect);
}

TEST(ConformerCheck, judgesPlanesAndTwists) {
    // Formaldehyde: C, O, H, H. The carbon leaves the plane of its neighbours.

    const MolecularGraph formaldehyde = readSmiles("C=O");
    EXPECT_TRUE(checkConformer(formaldehyde, {0, 0, 0, 1.21, 0, 0, -0.58, 0.94, 0, -0.58, -0.94, 0}).isAccepted());
    const ConformerStatus bent =
            checkConformer(formaldehyde, {0, 0, 0.5, 1.1, 0, 0, -0.4, 0.9, 0, -0.4, -0.9, 0});
    EXPECT_FALSE(bent.planar);
    EXPECT_NE(bent.message.find("the planar atom 0 (C1) stands out of the plane"), std::string::npos) << bent.message;

    // Ethylene: its ends are turned against each other.

    const MolecularGraph ethylene = readSmiles("C=C");
    for (double angle : {0.0, 10.0, 80.0}) {
        const double y = 0.92 * std::cos(angle * DEGREE), z = 0.92 * std::sin(angle * DEGREE);
        const ConformerStatus status = checkConformer(
                ethylene, {0, 0, 0, 1.33, 0, 0, -0.57, 0.92, 0, -0.57, -0.92, 0, 1.9, y, z, 1.9, -y, -z});
        EXPECT_EQ(status.planar, angle < 20) << angle << ": " << status.message;
    }
}

TEST(ConformerCheck, judgesAllenesAndOctahedra) {
    const MolecularGraph allene = readSmiles("C=C=C");
    for (double angle : {90.0, 75.0, 20.0, 0.0}) {
        const double y = 0.93 * std::cos(angle * DEGREE), z = 0.93 * std::sin(angle * DEGREE);
        const ConformerStatus status = checkConformer(allene, {-1.31, 0, 0, 0, 0, 0, 1.31, 0, 0, -1.87, 0.93, 0, -1.87,
                -0.93, 0, 1.87, y, z, 1.87, -y, -z});
        EXPECT_EQ(status.planar, angle > 50) << angle << ": " << status.message;
    }
    const MolecularGraph fluoride = readSmiles("FS(F)(F)(F)(F)F");
    for (double angle : {90.0, 45.0}) {
        const double x = 1.58 * std::cos(angle * DEGREE), y = 1.58 * std::sin(angle * DEGREE);
        const ConformerStatus status = checkConformer(
                fluoride, {1.58, 0, 0, 0, 0, 0, -1.58, 0, 0, x, y, 0, -x, -y, 0, 0, 0, 1.58, 0, 0, -1.58});
        EXPECT_EQ(status.anglesCorrect, angle == 90) << status.message;
    }
}

TEST(ConformerCheck, seesBondsThroughRings) {
    // Benzene's carbons around a bond of a chain that begins at one of them.

    MolecularGraph graph;
    graph.atoms.resize(9);
    vector<double> positions;
    for (int i = 0; i < 9; i++)
        graph.atoms[i].element = 6;
    for (int i = 0; i < 6; i++) {
        graph.bonds.push_back({i, (i + 1) % 6, BondOrder::Aromatic});
        positions.insert(
                positions.end(), {1.4 * std::cos(60 * i * DEGREE), 1.4 * std::sin(60 * i * DEGREE), 0});
    }
    graph.rings = {{0, 1, 2, 3, 4, 5}};
    graph.bonds.push_back({0, 6, BondOrder::Single});
    graph.bonds.push_back({6, 7, BondOrder::Single});
    graph.bonds.push_back({7, 8, BondOrder::Single});
    for (double height : {0.7, 2.0}) {
        vector<double> all = positions;
        all.insert(all.end(), {1.4, 0, 1.5, 0.2, 0.1, height, -0.1, 0.2, height - 1.5});
        const ConformerStatus status = checkConformer(graph, all);
        EXPECT_EQ(status.ringsClear, height > 1.5) << status.message;
        EXPECT_EQ(status.message.find("the bond of atoms 7 and 8 passes through the ring of atoms 0, 1, 2, 3, 4, 5") !=
                std::string::npos, height < 1.5) << status.message;
    }
}

TEST(ConformerCheck, refusesCentresOutsideTheirNeighbours) {
    // Methane's carbon is pushed through the face of three hydrogens.

    const MolecularGraph methane = readSmiles("C");
    const double a = 0.63;
    vector<double> positions = {0, 0, 0, a, a, a, a, -a, -a, -a, a, -a, -a, -a, a};
    EXPECT_TRUE(checkConformer(methane, positions).isAccepted()) << checkConformer(methane, positions).message;
    for (int k = 0; k < 3; k++)
        positions[k] = -0.34 * a;
    const ConformerStatus status = checkConformer(methane, positions);
    EXPECT_FALSE(status.centersInside);
    EXPECT_NE(status.message.find("the centre 0 (C1) stands outside the tetrahedron of its neighbours"),
            std::string::npos) << status.message;
}

TEST(ConformerCheck, valuesAndLimitsInMessagesDiffer) {
    const MolecularGraph graph = readSmiles("Cl");
    double right = 1.27, wrong = 1.0;
    while (right - wrong > 1e-12) {
        const double middle = 0.5 * (right + wrong);
        (checkConformer(graph, {0, 0, 0, middle, 0, 0}).isAccepted() ? right : wrong) = middle;
    }
    const std::string message = checkConformer(graph, {0, 0, 0, wrong, 0, 0}).message;
    double value = 0, limit = 0;
    ASSERT_EQ(std::sscanf(message.c_str(),
            "atoms 0 (Cl1) and 1 (H1) at %lf Angstrom, expected a bond of at least %lf", &value, &limit), 2) << message;
    EXPECT_LT(value, limit) << message;
    EXPECT_NEAR(value, limit, 1e-8);
}

TEST(ConformerCheck, reportsClashes) {
    const MolecularGraph graph = readSmiles("CCCCCC");
    MoleculeRecord record = readConformers()[0];
    ConformerStatus status = checkConformer(record.graph, record.positions);
    ASSERT_TRUE(status.clashFree);
    const int last = record.graph.getNumAtoms() - 1;
    for (int k = 0; k < 3; k++)
        record.positions[3 * last + k] = record.positions[k] + 0.1;
    status = checkConformer(record.graph, record.positions);
    EXPECT_FALSE(status.clashFree);
    EXPECT_NE(status.message.find("expected at least"), std::string::npos) << status.message;
    EXPECT_FALSE(checkConformer(graph, vector<double>(3 * graph.getNumAtoms(), 0)).isAccepted());
}

/** Is a molecule free of clashes in which two atoms stand at a distance, and all others far from each other? */
static bool isClashFree(const std::string& smiles, int atom, double distance) {
    const MolecularGraph graph = readSmiles(smiles);
    vector<double> positions(3 * graph.getNumAtoms(), 0.0);
    for (int i = 0; i < graph.getNumAtoms(); i++)
        positions[3 * i] = 10.0 * i;
    positions[3 * atom] = distance;
    return checkConformer(graph, positions).clashFree;
}

// Atoms that can bond no further keep a larger distance than those between which bonds may form.

TEST(ConformerCheck, keepsSaturatedAtomsApart) {
    struct Contact {
        const char* smiles;
        int atom;
        double refused, accepted;
    };
    for (const Contact& contact : {
            Contact{"NCCCN", 4, 2.30, 2.40}, Contact{"OCCC=O", 4, 2.13, 2.23}, Contact{"CCCCC", 4, 2.46, 2.56},
            Contact{"FCCCF", 4, 1.83, 1.93}, Contact{"NCCCC=O", 4, 1.70, 1.80}, Contact{"NCCCC#N", 4, 1.70, 1.80},
            Contact{"NCCCS", 4, 2.07, 2.17}, Contact{"NCCN", 3, 1.60, 1.70}}) {
        EXPECT_FALSE(isClashFree(contact.smiles, contact.atom, contact.refused)) << contact.smiles;
        EXPECT_TRUE(isClashFree(contact.smiles, contact.atom, contact.accepted)) << contact.smiles;
    }
}

TEST(ConformerCheck, reportsValuesThatAreNotFinite) {
    const MolecularGraph graph = makePair(1, 1);
    for (double value : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
        const ConformerStatus status = checkConformer(graph, {0, 0, 0, value, 0, 0});
        EXPECT_FALSE(status.finite);
        EXPECT_FALSE(status.isAccepted());
        EXPECT_EQ(status.message, "atom 1 has coordinates that are not finite");
    }
}

TEST(ConformerCheck, refusesAnotherNumberOfPositions) {
    testSupport::expectThrows<ArgumentError>("checkConformer: expected 6 coordinates for the molecule \"H2\", got 3",
        [] { checkConformer(makePair(1, 1), {0, 0, 0}); });
}
