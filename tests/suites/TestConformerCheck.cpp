// SPDX-License-Identifier: MIT
// The inspection: real conformers pass, mirrored, broken, crowded and twisted ones are reported with their atoms.
#include "Golden.h"
#include "Matchers.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/ConformerCheck.h"
#include "openmmorbit/MoleculeReader.h"
#include <cmath>
#include <gtest/gtest.h>
#include <limits>

using namespace OrbitPlugin;
using std::vector;

static vector<MoleculeRecord> readConformers() {
    return MoleculeReader(testSupport::goldenPath("stereoConformers.sdf")).readAll();
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

TEST(ConformerCheck, judgesBondsByCovalentRadii) {
    const MolecularGraph graph = makePair(6, 6);
    for (double ratio : {0.71, 1.0, 1.29})
        EXPECT_TRUE(checkConformer(graph, {0, 0, 0, ratio * 1.52, 0, 0}).isAccepted()) << ratio;
    for (double ratio : {0.0, 0.69, 1.31, 10.0}) {
        const ConformerStatus status = checkConformer(graph, {0, 0, 0, ratio * 1.52, 0, 0});
        EXPECT_FALSE(status.bondsCorrect) << ratio;
        EXPECT_TRUE(status.clashFree);
    }
    EXPECT_EQ(checkConformer(graph, {0, 0, 0, 2.5, 0, 0}).message,
            "atoms 0 and 1 at 2.5 Angstrom, expected a bond of at most 1.98");
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
