// SPDX-License-Identifier: MIT
// Files of molecules: a bad record is reported and the next one is read; what is no molecule is refused with the
// reason.
#include "Golden.h"
#include "Matchers.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/MoleculeReader.h"
#include <cstdio>
#include <fstream>
#include <gtest/gtest.h>

using namespace OrbitPlugin;
using std::string;
using std::vector;
using testSupport::expectThrows;

namespace {

string writeFile(const string& name, const string& content) {
    const string path = testing::TempDir() + "orbitReader" + name;
    std::ofstream(path, std::ios::binary) << content;
    return path;
}

string repeat(const string& text, int count) {
    string result;
    for (int i = 0; i < count; i++)
        result += text;
    return result;
}

const char* const METHANOL = "methanol\n  test\n\n  2  1  0  0  0  0            999 V2000\n"
    "    0.0000    0.0000    0.0000 C   0  0\n    1.4000    0.0000    0.0000 O   0  0\n  1  2  1  0\nM  END\n";

const char* const WATER_V3000 = "water\n  test\n\n  0  0  0     0  0            999 V3000\nM  V30 BEGIN CTAB\n"
                                "M  V30 COUNTS 3 2 0 0 0\nM  V30 BEGIN ATOM\nM  V30 1 H 0.9 0.2 0.3 0\nM  V30 2 O 0 0 "
                                "0 0\nM  V30 3 H -0.3 0.9 0.1 0\n"
                                "M  V30 END ATOM\nM  V30 BEGIN BOND\nM  V30 1 1 1 2\nM  V30 2 1 2 3\nM  V30 END "
                                "BOND\nM  V30 END CTAB\nM  END\n";

} // namespace

TEST(MoleculeReaderFiles, readsV2000AndV3000) {
    const MolecularGraph methanol = readMolBlock(METHANOL);
    EXPECT_EQ(methanol.name, "methanol");
    EXPECT_EQ(methanol.numAddedHydrogens, 4);
    EXPECT_TRUE(readMolBlockRecord(METHANOL).positions.empty());
    const MoleculeRecord water = readMolBlockRecord(WATER_V3000);
    EXPECT_EQ(water.graph.atoms[1].element, 8);
    EXPECT_EQ(water.positions, (vector<double>{0.9, 0.2, 0.3, 0, 0, 0, -0.3, 0.9, 0.1}));
}

TEST(MoleculeReaderFiles, aBadRecordDoesNotStopTheOthers) {
    for (const string name : {"mixed.sdf", "mixed.sdf.gz"}) {
        const string path = testSupport::goldenPath(name);
        vector<MoleculeRecord> records = MoleculeReader(path).readAll();
        ASSERT_EQ(records.size(), 4u);
        EXPECT_EQ(records[0].error, "");
        EXPECT_EQ(records[0].properties, (std::map<string, string>{{"ENERGY", "-1.5"}, {"NOTE", "two\nlines"}}));
        EXPECT_EQ(records[1].error.find("MoleculeReader::next: record 2 of \"" + path +
                          "\" (line 17, \"broken\"): readMolBlock: expected "
                          "a valid mol block, got the block titled \"broken\"; RDKit says: "),
                0u)
                << records[1].error;
        EXPECT_EQ(records[1].graph.getNumAtoms(), 0);
        EXPECT_EQ(records[2].graph.getFormula(), "CH4O");
        EXPECT_EQ(records[3].graph.getFormula(), "H2O");
        for (int i = 0; i < 4; i++)
            EXPECT_EQ(records[i].index, i);
    }
}

TEST(MoleculeReaderFiles, readsSmilesWithNamesAndHeader) {
    const string path =
            writeFile("List.smi", "SMILES name\nCCO ethanol\n\n# remark\nC1CC bad\nCCC\tpropane\r\nC.C two\n");
    vector<MoleculeRecord> records = MoleculeReader(path).readAll();
    std::remove(path.c_str());
    ASSERT_EQ(records.size(), 4u);
    EXPECT_EQ(records[0].graph.name, "ethanol");
    EXPECT_EQ(records[1].error,
            "MoleculeReader::next: record 2 of \"" + path +
                    "\" (line 5, \"C1CC\"): readSmiles: expected a valid "
                    "SMILES, got \"C1CC\"; RDKit says: unclosed ring for input: 'C1CC'");
    EXPECT_EQ(records[2].graph.name, "propane");
    EXPECT_NE(records[3].error.find("got 2 fragments \"C\" and \"C\""), string::npos);
}

TEST(MoleculeReaderFiles, reportsATruncatedFile) {
    const string content = testSupport::readGoldenText("mixed.sdf.gz");
    const string path = writeFile("Short.sdf.gz", content.substr(0, content.size() - 40));
    vector<MoleculeRecord> records = MoleculeReader(path).readAll();
    std::remove(path.c_str());
    ASSERT_FALSE(records.empty());
    EXPECT_NE(records.back().error.find("got a truncated or damaged one after record"), string::npos)
            << records.back().error;
}

TEST(MoleculeReaderFiles, refusesFilesThatItCannotRead) {
    EXPECT_THROW(MoleculeReader("/nowhere/x.sdf"), ArgumentError);
    expectThrows<ArgumentError>(
            "MoleculeReader::MoleculeReader: expected a file that ends in .sdf, .mol or .smi, with or without .gz, "
            "got \"x.pdb\"; rename or convert it",
            [] { MoleculeReader("x.pdb"); });
}

// Refusal.

TEST(MoleculeReaderFiles, refusesWhatIsNoMolecule) {
    expectThrows<ArgumentError>("readSmiles: expected a SMILES, got an empty text", [] { readSmiles(" \n"); });
    expectThrows<ArgumentError>("readMolBlock: expected a mol block, got an empty text", [] { readMolBlock(""); });
    expectThrows<ArgumentError>(
            "readSmiles: expected a valid SMILES, got \"CC(\"; RDKit says: syntax error while parsing: CC(",
            [] { readSmiles("CC("); });
    expectThrows<ArgumentError>(
            "readSmiles: expected a valid SMILES, got \"CN(C)(C)(C)C\"; RDKit says: Explicit valence for atom # 1 N, "
            "5, is greater than permitted",
            [] { readSmiles("CN(C)(C)(C)C"); });
    expectThrows<ArgumentError>(
            "readSmiles: expected elements, got a dummy or query atom at index 1 of \"C*\"; replace it with an element",
            [] { readSmiles("C*"); });
    expectThrows<ArgumentError>(
            "readSmiles: expected one connected molecule, got 2 fragments \"CC(=O)[O-]\" and \"[Na+]\"; generate "
            "each fragment on its own",
            [] { readSmiles("CC(=O)[O-].[Na+]"); });
    expectThrows<ArgumentError>("readMolBlock: expected at least one atom, got none in the block titled \"nothing\"",
        [] { readMolBlock("nothing\n\n\n  0  0  0  0  0  0            999 V2000\nM  END\n"); });
}

TEST(MoleculeReaderFiles, refusesTooManyAtoms) {
    expectThrows<ArgumentError>(
            "readSmiles: expected at most 2000 atoms, got 2102 with hydrogens; split the molecule or choose a "
            "smaller one",
            [] { readSmiles(repeat("C", 700)); });
    EXPECT_EQ(readSmiles(repeat("C", 660)).getNumAtoms(), 1982);
    EXPECT_THROW(readSmiles(repeat("C", 50000)), ArgumentError);
    EXPECT_THROW(readSmiles(repeat("C", 200000)), ArgumentError);
    ReaderOptions options;
    options.maxAtoms = 0;
    expectThrows<ArgumentError>("readSmiles: expected maxAtoms of 1 to 2000, got 0", [&] { readSmiles("C", options); });
}

TEST(MoleculeReaderFiles, refusesMissingHydrogensByOption) {
    ReaderOptions options;
    options.addHydrogens = false;
    expectThrows<ArgumentError>(
            "readSmiles: expected every hydrogen as an atom, got atom 0 (C) with 3 missing in \"CO\"; set addHydrogens "
            "or add the hydrogens",
            [&] { readSmiles("CO", options); });
    EXPECT_EQ(readSmiles("[H]O[H]", options).numAddedHydrogens, 0);
}
