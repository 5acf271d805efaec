// SPDX-License-Identifier: MIT
// The reading room: graphs from SMILES and mol blocks, handedness against coordinates, files with bad records,
// refusals.
#include "Golden.h"
#include "Matchers.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/MoleculeReader.h"
#include "openmmorbit/internal/MoleculeFeatures.h"
#include "openmmorbit/internal/StereoGeometry.h"
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <gtest/gtest.h>
#include <set>

using namespace OrbitPlugin;
using std::string;
using std::vector;
using testSupport::expectThrows;

/** A file in the test's folder that is removed at the end. */
class TemporaryFile {
public:
    TemporaryFile(const string& name, const string& content) : path(testing::TempDir() + "orbit" + name) {
        std::ofstream(path, std::ios::binary) << content;
    }
    ~TemporaryFile() {
        std::remove(path.c_str());
    }
    const string path;
};

static string readFirstBlock() {
    const string text = testSupport::readGoldenText("stereoConformers.sdf");
    return text.substr(0, text.find("$$$$"));
}

// Definition.

TEST(MoleculeReader, describesAspirin) {
    const MolecularGraph graph = readSmiles("CC(=O)Oc1ccccc1C(=O)O");
    EXPECT_EQ(graph.getFormula(), "C9H8O4");
    EXPECT_EQ(graph.smiles, "CC(=O)Oc1ccccc1C(=O)O");
    EXPECT_EQ(graph.numAddedHydrogens, 8);
    EXPECT_EQ(graph.getNumBonds(), 21);
    ASSERT_EQ(graph.rings.size(), 1u);
    EXPECT_EQ(graph.rings[0].size(), 6u);
    const vector<int> elements = {6, 6, 8, 8, 6, 6, 6, 6, 6, 6, 6, 8, 8};
    for (int i = 0; i < graph.getNumAtoms(); i++) {
        EXPECT_EQ(graph.atoms[i].element, i < 13 ? elements[i] : 1);
        EXPECT_EQ(graph.atoms[i].aromatic, i >= 4 && i <= 9);
    }
    EXPECT_EQ(graph.atoms[0].hybridization, Hybridization::SP3);
    EXPECT_EQ(graph.atoms[1].hybridization, Hybridization::SP2);
    EXPECT_EQ(graph.atoms[0].name, "C1");
    EXPECT_EQ(graph.atoms[2].name, "O1");
    EXPECT_EQ(graph.atoms[20].name, "H8");
    int numAromatic = 0, numDouble = 0;
    for (const GraphBond& bond : graph.bonds) {
        numAromatic += bond.order == BondOrder::Aromatic;
        numDouble += bond.order == BondOrder::Double;
    }
    EXPECT_EQ(numAromatic, 6);
    EXPECT_EQ(numDouble, 2);
}

/** The network's inputs in an order that does not depend on the numbering: one list for each pair of atoms. */
static vector<vector<int>> sortInputs(const MolecularGraph& graph) {
    const TokenInputs features = computeFeatures(graph, getDefaultAtomVocabularies(), getDefaultPairVocabularies());
    vector<vector<int>> rows;
    for (int i = 0; i < features.numTokens; i++)
        for (int j = 0; j < features.numTokens; j++) {
            vector<int> row;
            for (int atom : {i, j})
                for (int f = 0; f < features.numTokenFeatures; f++)
                    row.push_back(features.tokenFeatures[atom * features.numTokenFeatures + f]);
            for (int f = 0; f < features.numPairFeatures; f++)
                row.push_back(features.pairFeatures[(i * features.numTokens + j) * features.numPairFeatures + f]);
            rows.push_back(row);
        }
    std::sort(rows.begin(), rows.end());
    return rows;
}

TEST(MoleculeReader, inputsDoNotDependOnTheWriting) {
    // Hydrogens of a mol block, hydrogens added to a SMILES.

    vector<MoleculeRecord> records = MoleculeReader(testSupport::goldenPath("stereoConformers.sdf")).readAll();
    ASSERT_GT(records.size(), 60u);
    for (const MoleculeRecord& record : records) {
        const MolecularGraph graph = readSmiles(record.graph.smiles);
        ASSERT_EQ(graph.getNumAtoms(), record.graph.getNumAtoms());
        EXPECT_EQ(sortInputs(graph), sortInputs(record.graph)) << record.graph.smiles;
    }
    EXPECT_EQ(readSmiles("[H]O[H]").atoms[0].hybridization, Hybridization::S);
}

TEST(MoleculeReader, keepsChargesIsotopesAndNames) {
    const MolecularGraph graph = readSmiles("[13CH3][NH2+][C@@H](C)C(=O)[O-] zwitterion of something");
    EXPECT_EQ(graph.name, "zwitterion of something");
    EXPECT_EQ(graph.atoms[0].isotope, 13);
    EXPECT_EQ(graph.atoms[1].formalCharge, 1);
    EXPECT_EQ(graph.atoms[6].formalCharge, -1);
    EXPECT_EQ(flatSmiles(graph), "C[NH2+]C(C)C(=O)[O-]");
    EXPECT_EQ(readSmiles("CC |$a;b$| ethane").name, "ethane");
    EXPECT_EQ(readSmiles("CC |$a;b$|").name, "");
}

TEST(MoleculeReader, keepsHydrogensThatAreWrittenAsAtoms) {
    const MolecularGraph graph = readSmiles("[H]OC([2H])C");
    EXPECT_EQ(graph.atoms[0].element, 1);
    EXPECT_EQ(graph.atoms[3].isotope, 2);
    EXPECT_EQ(graph.numAddedHydrogens, 4);
    EXPECT_EQ(readSmiles("[H][H]").getNumAtoms(), 2);
    EXPECT_EQ(readSmiles("[H][H]").numAddedHydrogens, 0);
}

TEST(MoleculeReader, readsElementsOfTheReadingRoom) {
    for (const char* smiles : {"B(C)(C)C", "CF", "C[SiH3]", "CP", "CS", "CCl", "C[SeH]", "CBr", "CI", "N", "O"})
        EXPECT_NO_THROW(readSmiles(smiles)) << smiles;
}

// Handedness: SMILES on one side, coordinates that another program made from the same SMILES on the other.

TEST(MoleculeReader, handednessAgreesWithCoordinates) {
    int numCentres = 0, numWithLonePair = 0, numTorsions = 0;
    for (const MoleculeRecord& record : MoleculeReader(testSupport::goldenPath("stereoConformers.sdf")).readAll()) {
        ASSERT_EQ(record.error, "");
        for (const MolecularGraph& graph : {readSmiles(record.graph.name), record.graph}) {
            ASSERT_EQ(graph.getNumAtoms(), record.graph.getNumAtoms()) << record.graph.name;
            for (const TetrahedralStereo& stereo : graph.tetrahedral) {
                EXPECT_GT(getSignedVolume(stereo, record.positions), 0.2)
                        << record.graph.name << " centre " << stereo.center;
                numCentres++;
                numWithLonePair += stereo.neighbors[3] < 0;
            }
            for (const TorsionStereo& stereo : graph.torsional) {
                const double cosine = std::cos(getDihedral(stereo.atoms, record.positions));
                EXPECT_GT(stereo.kind == TorsionStereoKind::Cis ? cosine : -cosine, 0.8) << record.graph.name;
                numTorsions++;
            }
        }
        EXPECT_EQ(readSmiles(record.graph.name).smiles, record.graph.smiles);
        EXPECT_EQ(readSmiles(record.graph.name).tetrahedral.size(), record.graph.tetrahedral.size())
                << record.graph.name;
    }
    EXPECT_GT(numCentres, 150);
    EXPECT_GT(numWithLonePair, 20);
    EXPECT_GT(numTorsions, 60);
}

TEST(MoleculeReader, labelsEveryPairOfEndAtomsOfADoubleBond) {
    const MolecularGraph graph = readSmiles("F/C=C/Cl");
    ASSERT_EQ(graph.torsional.size(), 4u);
    for (const TorsionStereo& stereo : graph.torsional) {
        const bool bothHeavy = graph.atoms[stereo.atoms[0]].element > 1 && graph.atoms[stereo.atoms[3]].element > 1;
        const bool noneHeavy = graph.atoms[stereo.atoms[0]].element == 1 && graph.atoms[stereo.atoms[3]].element == 1;
        EXPECT_EQ(stereo.kind, bothHeavy || noneHeavy ? TorsionStereoKind::Trans : TorsionStereoKind::Cis);
    }
    EXPECT_EQ(readSmiles("C/C=N/O").torsional.size(), 2u);
    EXPECT_EQ(readSmiles("C/N=N/C").torsional.size(), 1u);
    EXPECT_EQ(readSmiles("FC=CCl").torsional.size(), 0u);
}

TEST(MoleculeReader, labelsSpecifiedCentresOnly) {
    EXPECT_EQ(readSmiles("CC(N)C(=O)O").tetrahedral.size(), 0u);
    EXPECT_EQ(readSmiles("C[C@H](N)C(=O)O").tetrahedral.size(), 1u);
    EXPECT_EQ(readSmiles("C[C@H](C)C(=O)O").tetrahedral.size(), 0u);
    EXPECT_EQ(readSmiles("C[C@H]1CC[C@@H](C)CC1").tetrahedral.size(), 2u);
    EXPECT_EQ(readSmiles("C[S@](=O)CC").tetrahedral[0].neighbors[3], -1);
}

TEST(MoleculeReader, labelsAtropisomersFromCoordinates) {
    const string text = testSupport::readGoldenText("atropisomer.sdf");
    MoleculeRecord record = readMolBlockRecord(text);
    ASSERT_EQ(record.graph.torsional.size(), 4u);
    std::set<TorsionStereoKind> kinds;
    for (const TorsionStereo& stereo : record.graph.torsional) {
        EXPECT_EQ(stereo.kind == TorsionStereoKind::AtropisomerPlus, getDihedral(stereo.atoms, record.positions) > 0);
        kinds.insert(stereo.kind);
    }
    EXPECT_EQ(kinds,
            (std::set<TorsionStereoKind>{TorsionStereoKind::AtropisomerMinus, TorsionStereoKind::AtropisomerPlus}));
    ReaderOptions options;
    options.stereoFrom3D = false;
    EXPECT_EQ(readMolBlock(text, options).torsional.size(), 0u);
    EXPECT_EQ(readSmiles(record.graph.smiles).torsional.size(), 0u);
}

TEST(MoleculeReader, stereoFromCoordinatesCanBeDropped) {
    const MoleculeRecord with = readMolBlockRecord(readFirstBlock());
    ReaderOptions options;
    options.stereoFrom3D = false;
    const MoleculeRecord without = readMolBlockRecord(readFirstBlock(), options);
    EXPECT_EQ(with.graph.tetrahedral.size(), 1u);
    EXPECT_EQ(without.graph.tetrahedral.size(), 0u);
    EXPECT_EQ(with.positions, without.positions);
}

// Agreement with the SMILES that the validation lists were made with.

TEST(MoleculeReader, flatSmilesAgreesWithTheLists) {
    const string text = testSupport::readGoldenText("flatSmiles.smi");
    const TemporaryFile file("Flat.smi", text);
    int numRecords = 0;
    MoleculeReader reader(file.path);
    for (MoleculeRecord record; reader.next(record); numRecords++) {
        ASSERT_EQ(record.error, "");
        EXPECT_EQ(flatSmiles(record.graph), record.graph.name) << record.graph.smiles;
    }
    EXPECT_EQ(numRecords, 400);
}

// Property: the order of the atoms in the text changes the numbering, nothing else.

TEST(MoleculeReader, equivalentTextsGiveOneMolecule) {
    const vector<vector<string>> groups = {
            {"N[C@@H](C)C(=O)O", "C[C@H](N)C(=O)O", "OC(=O)[C@@H](N)C", "[H][C@@](C)(N)C(=O)O"},
            {"C[S@](=O)CC", "O=[S@](CC)C", "CC[S@](C)=O"},
            {"F/C=C\\Cl", "Cl/C=C\\F", "C(\\F)=C\\Cl", "[H]/C(F)=C([H])/Cl"}};
    for (const vector<string>& group : groups)
        for (const string& smiles : group) {
            EXPECT_EQ(readSmiles(smiles).smiles, readSmiles(group[0]).smiles) << smiles;
            EXPECT_EQ(readSmiles(smiles).tetrahedral.size(), readSmiles(group[0]).tetrahedral.size()) << smiles;
            EXPECT_EQ(readSmiles(smiles).torsional.size(), readSmiles(group[0]).torsional.size()) << smiles;
        }
    EXPECT_NE(readSmiles("N[C@@H](C)C(=O)O").smiles, readSmiles("N[C@H](C)C(=O)O").smiles);
}

TEST(MoleculeReader, molBlockKeepsOrderAndCoordinates) {
    const string block = readFirstBlock();
    const MoleculeRecord record = readMolBlockRecord(block);
    EXPECT_EQ(record.graph.numAddedHydrogens, 0);
    EXPECT_EQ(record.positions.size(), 3u * record.graph.getNumAtoms());
    EXPECT_EQ(readMolBlock(block).smiles, record.graph.smiles);
    EXPECT_EQ(record.graph.atoms[1].element, 16);
    EXPECT_NE(block.find(std::to_string(record.positions[0]).substr(0, 6)), string::npos);
}
