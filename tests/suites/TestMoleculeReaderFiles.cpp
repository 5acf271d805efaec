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
using std::literals::string_literals::operator""s;

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

typedef vector<std::pair<string, string>> Items;

static vector<MoleculeRecord> readText(const string& name, const string& content) {
    const string path = writeFile(name, content);
    vector<MoleculeRecord> records = MoleculeReader(path).readAll();
    std::remove(path.c_str());
    return records;
}

TEST(MoleculeReaderFiles, linesEndInEveryWay) {
    for (const string end : {"\n", "\r\n", "\r", "\r\r\n"}) {
        string table = "CCO a" + end + end + "CCN b" + end, structure;
        for (char c : METHANOL + string("> <ID>\n7\n\n$$$$\n") + METHANOL)
            structure += c == '\n' ? end : string(1, c);
        const vector<MoleculeRecord> lines = readText("Ends.smi", table), blocks = readText("Ends.sdf", structure);
        ASSERT_EQ(lines.size(), 2u);
        EXPECT_EQ(lines[0].graph.name + lines[1].graph.name + lines[1].graph.smiles, "abCCN");
        ASSERT_EQ(blocks.size(), 2u);
        EXPECT_EQ(blocks[0].error + blocks[1].error, "");
        EXPECT_EQ(blocks[0].graph.properties, (Items{{"ID", "7"}}));
        EXPECT_EQ(blocks[1].graph.name, "methanol");
    }
    const vector<MoleculeRecord> mixed = readText("Mixed.smi", "C a\rCC b\nCCC c\r\nCCCC d");
    ASSERT_EQ(mixed.size(), 4u);
    EXPECT_EQ(mixed[3].graph.name, "d");
}

TEST(MoleculeReaderFiles, textThatIsNotUtf8IsRepaired) {
    const vector<MoleculeRecord> records = readText("Latin.smi",
            "\xef\xbb\xbf"
            "C caf\xe9\nCC na\xc3\xafve \x80\nCC\0O x\nCCO a\0b\nCCC\n"s);
    ASSERT_EQ(records.size(), 5u);
    EXPECT_EQ(records[0].graph.name, "café");
    EXPECT_EQ(records[1].graph.name, "naïve €");
    EXPECT_NE(records[2].error, "");
    EXPECT_EQ(records[3].graph.name,
            "a\xef\xbf\xbd"
            "b");
    EXPECT_EQ(records[4].error, "");
    const vector<MoleculeRecord> titled = readText("Latin.sdf",
            "caf\xe9" + string(METHANOL + 8) +
                    "> <\xb5>\n\xb1"
                    "1\n");
    EXPECT_EQ(titled[0].graph.name, "café");
    EXPECT_EQ(titled[0].graph.properties, (Items{{"µ", "±1"}}));
}

TEST(MoleculeReaderFiles, foreignFilesAreRefusedByName) {
    const vector<std::pair<string, string>> files = {{"\xff\xfe"
                                                      "C\0\n\0"s,
                                                             "UTF-16"},
            {"C\0C\0\n\0"s, "UTF-16"}, {"\0C\0C\0\n"s, "UTF-16"}, {"PK\x03\x04xx", "a zip archive"}, {"BZh91", "bzip2"},
            {"\xfd"
             "7zXZ",
                    "xz"}};
    for (const auto& [content, kind] : files) {
        const string path = writeFile("Foreign.smi", content);
        try {
            MoleculeReader reader(path);
            FAIL() << kind;
        }
        catch (const ArgumentError& error) {
            EXPECT_NE(string(error.what()).find(path + "\", which is "), string::npos);
            EXPECT_NE(string(error.what()).find(kind), string::npos) << error.what();
        }
        std::remove(path.c_str());
    }
}

TEST(MoleculeReaderFiles, compressionIsSeenWhateverTheName) {
    const string packed = testSupport::readGoldenText("mixed.sdf.gz"), plain = testSupport::readGoldenText("mixed.sdf");
    EXPECT_EQ(readText("Packed.sdf", packed).size(), 4u);
    EXPECT_EQ(readText("PLAIN.SDF.GZ", plain).size(), 4u);
    EXPECT_EQ(readText("Twice.sdf.gz", packed + packed).size(), 7u); // The last record has no "$$$$".
}

TEST(MoleculeReaderFiles, aFileWithoutRecordsSaysSo) {
    for (const string content : {"\n\n", "# remark\n", "smiles name\n", "\xef\xbb\xbf\n"}) {
        const vector<MoleculeRecord> records = readText("Blank.smi", content);
        ASSERT_EQ(records.size(), 1u);
        EXPECT_NE(records[0].error.find("expected at least one record, got none in"), string::npos) << records[0].error;
    }
    EXPECT_EQ(readText("Blank.sdf", " \n\n").size(), 1u);
}

TEST(MoleculeReaderFiles, columnsOfSmilesFiles) {
    MoleculeRecord record = readText("Plain.smi", "CCO acetic acid 3\n")[0];
    EXPECT_EQ(record.graph.name, "acetic acid 3");
    record = readText("Tabs.smi", "CCO\tacetic acid\t3\t\tx y\n")[0];
    EXPECT_EQ(record.graph.name, "acetic acid");
    EXPECT_EQ(record.graph.properties, (Items{{"COLUMN_3", "3"}, {"COLUMN_5", "x y"}}));
    record = readText("Header.smi", "SMILES\tpIC50\tChEMBL_ID\nCCO\t6.5\tC1\n")[0];
    EXPECT_EQ(record.graph.name, "C1");
    EXPECT_EQ(record.graph.properties, (Items{{"pIC50", "6.5"}}));
    record = readText("Words.smi", "canonical_smiles name dose\nCCO C1 7\n")[0];
    EXPECT_EQ(record.graph.name, "C1");
    EXPECT_EQ(record.graph.properties, (Items{{"dose", "7"}}));
}

TEST(MoleculeReaderFiles, valuesOfDataItemsAreKept) {
    const string data = ">  <IC50>  (1)\n>10 uM\n\n> <NOTE>\none\n\nthree\n\n> <EMPTY>\n\n> <IC50>\nagain\n";
    const vector<MoleculeRecord> records = readText("Items.sdf", METHANOL + data + "$$$$\n" + METHANOL);
    ASSERT_EQ(records.size(), 2u);
    EXPECT_EQ(records[0].graph.properties, (Items{{"IC50", ">10 uM\nagain"}, {"NOTE", "one\n\nthree"}, {"EMPTY", ""}}));
    EXPECT_TRUE(records[1].graph.properties.empty());
}

TEST(MoleculeReaderFiles, longLinesAreOneBadRecord) {
    const vector<MoleculeRecord> records =
            readText("Long.smi", "C " + repeat("n", 300000) + "\n" + repeat("C", 17 << 20) + "\nCC b\n");
    ASSERT_EQ(records.size(), 3u);
    EXPECT_EQ(records[0].graph.name.size(), 300000u);
    EXPECT_NE(records[1].error.find("expected records of at most 16777216 bytes"), string::npos);
    EXPECT_LT(records[1].error.size(), 500u);
    EXPECT_EQ(records[2].graph.name, "b");
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
            "readSmiles: expected ASCII characters in a SMILES, got \"CC?O\" with others in the place of \"?\"",
            [] { readSmiles("CC\0O"s); });
    EXPECT_THROW(readSmiles("CCéO"), ArgumentError);
    EXPECT_THROW(readSmiles("CCc1n#cncn1"), ArgumentError);
    expectThrows<ArgumentError>(
            "readSmiles: expected elements, got a dummy or query atom at index 1 of \"C*\"; replace it with an element",
            [] { readSmiles("C*"); });
    expectThrows<ArgumentError>(
            "readSmiles: expected one connected molecule, got 2 fragments \"CC(=O)[O-]\" and \"[Na+]\"; keep the "
            "largest one (fragments=\"largest\"), or all of them, apart (fragments=\"apart\")",
            [] { readSmiles("CC(=O)[O-].[Na+]"); });
    expectThrows<ArgumentError>("readMolBlock: expected at least one atom, got none in the block titled \"nothing\"",
        [] { readMolBlock("nothing\n\n\n  0  0  0  0  0  0            999 V2000\nM  END\n"); });
}

TEST(MoleculeReaderFiles, keepsTheLargestFragment) {
    ReaderOptions options;
    options.keepLargestFragment = true;
    const auto read = [&](const std::string& smiles) { return readSmiles(smiles, options); };
    EXPECT_EQ(read("[Na+].CC(=O)[O-] acetate").smiles, "CC(=O)[O-]");
    EXPECT_EQ(read("[Na+].CC(=O)[O-] acetate").name, "acetate");
    EXPECT_EQ(read("C[NH3+].F[P-](F)(F)(F)(F)F").smiles, "C[NH3+]");
    EXPECT_EQ(read("[Na+].F[P-](F)(F)(F)(F)F").smiles, "F[P-](F)(F)(F)(F)F");
    EXPECT_EQ(read("CCO.CCN").smiles, "CCO");
    EXPECT_EQ(read("CC[C@H](C)O.CC[C@@H](C)O").smiles, read("CC[C@@H](C)O.CC[C@H](C)O").smiles);
    EXPECT_EQ(read("C1.C1O").smiles, "CCO");
    EXPECT_EQ(read("Cl.C[C@H](N)C(=O)O").smiles, readSmiles("C[C@H](N)C(=O)O").smiles);
    EXPECT_EQ(read("O.F/C=C/F").smiles, readSmiles("F/C=C/F").smiles);
}

TEST(MoleculeReaderFiles, keepsAllFragments) {
    ReaderOptions options;
    options.keepAllFragments = true;
    const MolecularGraph graph = readSmiles("[Na+].C[C@H](F)C(=O)[O-] salt", options);
    EXPECT_EQ(graph.name, "salt");
    EXPECT_EQ(graph.getNumAtoms(), 11);
    EXPECT_EQ(graph.getNumBonds(), 9);
    EXPECT_EQ(graph.atoms[0].element, 11);
    ASSERT_EQ(graph.tetrahedral.size(), 1u);
    EXPECT_EQ(graph.tetrahedral[0].center, 2);
    EXPECT_EQ(graph.smiles, readSmiles("C[C@H](F)C(=O)[O-]").smiles + ".[Na+]");
    EXPECT_THROW(graph.validate(), ArgumentError);
    EXPECT_NO_THROW(readSmiles("C1.C1O", options).validate());
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
