// SPDX-License-Identifier: MIT
// Mol blocks and SD records that are written read back as the same molecule, conformer and data.
#include "Golden.h"
#include "Matchers.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/MoleculeReader.h"
#include "openmmorbit/MoleculeWriter.h"
#include <cmath>
#include <cstdio>
#include <fstream>
#include <gtest/gtest.h>

using namespace OrbitPlugin;
using std::string;
using std::vector;

TEST(MoleculeWriter, roundTripKeepsMoleculeAndPositions) {
    int numStereo = 0;
    for (const MoleculeRecord& record : MoleculeReader(testSupport::goldenPath("stereoConformers.sdf")).readAll()) {
        const MoleculeRecord copy = readMolBlockRecord(writeMolBlock(record.graph, record.positions));
        EXPECT_EQ(copy.graph.smiles, record.graph.smiles);
        EXPECT_EQ(copy.graph.name, record.graph.name);
        ASSERT_EQ(copy.graph.getNumAtoms(), record.graph.getNumAtoms());
        for (int i = 0; i < copy.graph.getNumAtoms(); i++) {
            EXPECT_EQ(copy.graph.atoms[i].element, record.graph.atoms[i].element);
            EXPECT_EQ(copy.graph.atoms[i].formalCharge, record.graph.atoms[i].formalCharge);
            EXPECT_EQ(copy.graph.atoms[i].aromatic, record.graph.atoms[i].aromatic);
        }
        testSupport::expectClose("positions", copy.positions, record.positions, {0, 1e-4});
        ASSERT_EQ(copy.graph.tetrahedral.size(), record.graph.tetrahedral.size()) << record.graph.name;
        for (size_t k = 0; k < copy.graph.tetrahedral.size(); k++)
            EXPECT_EQ(copy.graph.tetrahedral[k].neighbors, record.graph.tetrahedral[k].neighbors);
        EXPECT_EQ(copy.graph.torsional.size(), record.graph.torsional.size());
        numStereo += (int) copy.graph.tetrahedral.size();
    }
    EXPECT_GT(numStereo, 80);
}

TEST(MoleculeWriter, marksOnlyOpenDoubleBonds) {
    const auto isMarked = [](const string& smiles) {
        const MolecularGraph graph = readSmiles(smiles);
        vector<double> positions;
        for (int i = 0; i < 3 * graph.getNumAtoms(); i++)
            positions.push_back(std::sin(1.0 + i));
        return writeMolBlock(graph, positions).find("  2  3\n") != string::npos;
    };

    // No two configurations: two like substituents at one end.

    for (const char* smiles : {"C=C", "C=CCO", "ClC(Cl)=CC", "N#CC(C#N)=Cc1ccccc1", "O=C1CCCC1=C1CCCC1", "C=CC/C=C/C"})
        EXPECT_FALSE(isMarked(smiles)) << smiles;
    for (const char* smiles : {"CC=CC", "CC=NO"})
        EXPECT_TRUE(isMarked(smiles)) << smiles;
}

TEST(MoleculeWriter, writesLargeMoleculesAsV3000) {
    const MolecularGraph graph = readSmiles("C" + string(350, 'C') + " long");
    vector<double> positions;
    for (int i = 0; i < 3 * graph.getNumAtoms(); i++)
        positions.push_back(0.37 * i);
    const string block = writeMolBlock(graph, positions);
    EXPECT_NE(block.find("V3000"), string::npos);
    const MoleculeRecord copy = readMolBlockRecord(block);
    EXPECT_EQ(copy.graph.smiles, graph.smiles);
    testSupport::expectClose("positions", copy.positions, positions, {0, 1e-4});
}

TEST(MoleculeWriter, recordsHoldDataItems) {
    const MolecularGraph graph = readSmiles("O water");
    const vector<double> positions = {0, 0, 0, 0.9, 0.1, 0.2, -0.3, 0.9, 0.1};
    const std::map<string, string> properties = {{"ENERGY", "-1.25"}, {"NOTE", "two\nlines"}};
    const string path = testing::TempDir() + "orbitWriter.sdf";
    std::ofstream(path) << writeStructureRecord(graph, positions, properties) << writeStructureRecord(graph, positions);
    const vector<MoleculeRecord> records = MoleculeReader(path).readAll();
    std::remove(path.c_str());
    ASSERT_EQ(records.size(), 2u);
    EXPECT_EQ(records[0].error + records[1].error, "");
    EXPECT_EQ(records[0].properties, properties);
    EXPECT_TRUE(records[1].properties.empty());
}

TEST(MoleculeWriter, namesAndItemsOfTheMoleculeReadBack) {
    typedef vector<std::pair<string, string>> Items;
    MolecularGraph graph = readSmiles("O");
    const vector<double> positions = {0, 0, 0, 0.9, 0.1, 0.2, -0.3, 0.9, 0.1};
    const string path = testing::TempDir() + "orbitWriterNames.sdf";
    const Items items = {{"Z", "1"}, {"A", ">10 uM"}, {"NOTE", "one\n\nthree"}, {"ORBIT_SEED", "7"}, {"SMILES", "old"}};
    const vector<string> names = {"$$$$", "M  END", ">  <x>", "> <x>", "a\nb\rc", "$$$$x", "V2000", "\x01", "é"};
    graph.properties = items;
    std::ofstream file(path);
    for (const string& name : names) {
        graph.name = name;
        file << writeStructureRecord(graph, positions, {{"SMILES", "O"}, {"ORBIT_SEED", "9"}});
    }
    graph.properties = {{"a<b>\n", "$$$$\n> <x>\r\n\n>y\n"}, {"", "z"}};
    file << writeStructureRecord(graph, positions);
    file.close();
    const vector<MoleculeRecord> records = MoleculeReader(path).readAll();
    std::remove(path.c_str());
    ASSERT_EQ(records.size(), names.size() + 1);
    for (size_t k = 0; k < names.size(); k++) {
        EXPECT_EQ(records[k].error, "") << names[k];
        EXPECT_EQ(records[k].graph.name, names[k] == "a\nb\rc" ? "a b c" : names[k] == "\x01" ? "" : names[k]);
        EXPECT_EQ(records[k].graph.properties,
                (Items{items[0], items[1], items[2], {"ORBIT_SEED", "9"}, {"SMILES", "O"}}));
    }
    EXPECT_EQ(records.back().error, "");
    EXPECT_EQ(records.back().graph.properties, (Items{{"a(b) ", " $$$$\n > <x>\n\n >y"}, {"unnamed", "z"}}));
}

TEST(MoleculeWriter, refusesWhatAFileCannotHold) {
    const MolecularGraph graph = readSmiles("[H][H]");
    const vector<double> positions(6, 0);
    testSupport::expectThrows<ArgumentError>("writeMolBlock: expected 6 coordinates for the molecule \"[H][H]\", got 3",
        [&] { writeMolBlock(graph, {0, 0, 0}); });
    testSupport::expectThrows<ArgumentError>(
            "writeMolBlock: expected finite coordinates below 10000 Angstrom, got nan at atom 1 of the "
            "molecule \"[H][H]\"",
            [&] {
                writeMolBlock(graph, {0, 0, 0, 0, std::nan(""), 0});
            });
    EXPECT_THROW(writeStructureRecord(graph, positions, {{"a>b", "x"}}), ArgumentError);
    EXPECT_THROW(writeStructureRecord(graph, positions, {{"a", "x\n\ny"}}), ArgumentError);
    EXPECT_THROW(writeStructureRecord(graph, positions, {{"a", "$$$$"}}), ArgumentError);
}
