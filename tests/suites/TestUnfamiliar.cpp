// SPDX-License-Identifier: MIT
// Tests of the training counts: kinds of atoms and bonds, what is unfamiliar, their text and their place in the file.
#include "Matchers.h"
#include "Models.h"
#include "Systems.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/ConformerGenerator.h"
#include "openmmorbit/Shard.h"
#include <gtest/gtest.h>
#include <cstdio>
#include <fstream>
#include <unistd.h>

using namespace OrbitPlugin;
using namespace testSupport;
using std::string;
using std::vector;

namespace {

/** A chain of heavy atoms whose hydrogens are left out. */
MolecularGraph makeChain(const vector<int>& elements) {
    vector<std::pair<int, int>> bonds;
    for (int i = 0; i + 1 < (int) elements.size(); i++)
        bonds.emplace_back(i, i + 1);
    return makeGraph("chain", elements, bonds);
}

/** Ten molecules with a chain of carbon and oxygen, and one with selenium. */
TrainingCounts makeCounts() {
    TrainingCounts counts;
    for (int k = 0; k < 10; k++)
        counts.addMolecule(makeChain({6, 6, 6, 8, 6, 6}));
    counts.addMolecule(makeChain({6, 6, 34, 6, 6, 6}));
    return counts;
}

string join(const vector<string>& phrases) {
    string text;
    for (const string& phrase : phrases)
        text += phrase + "\n";
    return text;
}

} // namespace

TEST(TestUnfamiliar, kindsAreThoseOfAChemist) {
    TrainingCounts counts;
    counts.addMolecule(makeEthanol());
    counts.addMolecule(makeBenzene());
    EXPECT_EQ(counts.getNumMolecules(), 2);
    EXPECT_EQ(counts.getAtoms().at("C with 4 single bonds, 3 to H"), 1);
    EXPECT_EQ(counts.getAtoms().at("O with 2 single bonds, 1 to H"), 1);
    EXPECT_EQ(counts.getAtoms().at("C with 1 single, 2 aromatic bonds, 1 to H"), 1);
    EXPECT_EQ(counts.getAtoms().at("H with 1 single bond"), 2);
    EXPECT_EQ(counts.getBonds().at("C and O, single"), 1);
    EXPECT_EQ(counts.getBonds().at("C and C, aromatic"), 1);
    EXPECT_EQ(counts.getRings().at(6), 1);
    EXPECT_EQ(counts.getHeavyAtoms().at(3), 1);
    EXPECT_EQ(counts.getAllAtoms().at(12), 1);
}

TEST(TestUnfamiliar, chargesAndSingleAtomsAreKinds) {
    MolecularGraph ion = makeGraph("ion", {17}, {});
    ion.atoms[0].formalCharge = -1;
    MolecularGraph oxide = makeChain({7, 8});
    oxide.atoms[0].formalCharge = 1;
    oxide.atoms[1].formalCharge = -2;
    TrainingCounts counts;
    counts.addMolecule(ion);
    counts.addMolecule(oxide);
    EXPECT_EQ(counts.getAtoms().count("Cl- without bonds"), 1u);
    EXPECT_EQ(counts.getAtoms().count("N+ with 1 single bond"), 1u);
    EXPECT_EQ(counts.getBonds().count("N+ and O2-, single"), 1u);
}

TEST(TestUnfamiliar, aMoleculeCountsOnce) {
    TrainingCounts counts;
    for (const char* key : {"CCO", "CCO", "OCC", "", ""})
        counts.addMolecule(makeEthanol(), key);
    EXPECT_EQ(counts.getNumMolecules(), 4);
    EXPECT_EQ(counts.getBonds().at("C and O, single"), 4);
}

TEST(TestUnfamiliar, whatFewMoleculesHaveIsListed) {
    const TrainingCounts counts = makeCounts();
    EXPECT_EQ(join(counts.findUnfamiliar(makeChain({6, 6, 6, 8, 6, 6}))), "");
    EXPECT_EQ(join(counts.findUnfamiliar(makeChain({6, 6, 6, 34, 6, 6}))),
        "Se with 2 single bonds (in 1 training molecule)\nC and Se, single bond (in 1 training molecule)\n");
    EXPECT_EQ(join(counts.findUnfamiliar(makeChain({6, 6, 6, 34, 6, 6}), 1)), "");
    EXPECT_EQ(join(counts.findUnfamiliar(makeChain({6, 6, 6, 16, 6, 6}))),
        "S with 2 single bonds (in no training molecule)\nC and S, single bond (in no training molecule)\n");
    EXPECT_EQ(join(TrainingCounts().findUnfamiliar(makeChain({34}))), "");
}

TEST(TestUnfamiliar, sizesAndRingsAreListed) {
    const TrainingCounts counts = makeCounts();
    const string large = join(counts.findUnfamiliar(makeChain({6, 6, 6, 8, 6, 6, 6})));
    EXPECT_EQ(large, "7 heavy atoms (the training molecules have at most 6, and 0 of them so many)\n"
        "7 atoms (the training molecules have at most 6, and 0 of them so many)\n");
    const string small = join(counts.findUnfamiliar(makeChain({6, 6, 8, 6})));
    EXPECT_EQ(small, "4 heavy atoms (the training molecules have at least 6, and 0 of them so few)\n"
        "4 atoms (the training molecules have at least 6, and 0 of them so few)\n");
    EXPECT_NE(join(counts.findUnfamiliar(makeBenzene())).find("a ring of 6 atoms (in no training molecule)"),
        string::npos);
}

TEST(TestUnfamiliar, aSmallMoleculeThatWasTrainedOnIsFamiliar) {
    TrainingCounts counts = makeCounts();
    EXPECT_NE(join(counts.findUnfamiliar(makeWater())), "");
    counts.addMolecule(makeWater());
    EXPECT_EQ(join(counts.findUnfamiliar(makeWater())), "");
    EXPECT_NE(join(counts.findUnfamiliar(makeEthanol())), "");
}

TEST(TestUnfamiliar, earlierTrainingsAreKept) {
    TrainingCounts counts = makeCounts(), other;
    other.addMolecule(makeChain({6, 6, 6, 16, 6, 6}));
    other.addMolecule(makeWater());
    counts.include(other);
    EXPECT_EQ(counts.getAtoms().at("O with 2 single bonds"), 10);
    EXPECT_EQ(counts.getAtoms().at("S with 2 single bonds"), 1);
    EXPECT_EQ(counts.getNumMolecules(), 11);
    EXPECT_EQ(join(counts.findUnfamiliar(makeWater())), "");
}

TEST(TestUnfamiliar, textComesBack) {
    TrainingCounts counts = makeCounts();
    counts.addMolecule(makeBenzene());
    counts.addMolecule(makeWater());
    const TrainingCounts read = TrainingCounts::fromJson(counts.toJson());
    EXPECT_EQ(read.toJson(), counts.toJson());
    EXPECT_EQ(read.getRings(), counts.getRings());
    EXPECT_EQ(join(read.findUnfamiliar(makeWater())), "");
}

TEST(TestUnfamiliar, otherTextsAreRefused) {
    const string right = makeCounts().toJson();
    auto replace = [&](const string& from, const string& to) {
        string text = right;
        const size_t place = text.find(from);
        EXPECT_NE(place, string::npos) << from;
        return text.replace(place, from.size(), to);
    };
    for (const string& text : {string("7"), string("{}"), string("[]"), replace("\"molecules\":11", "\"molecules\":-1"),
             replace("\"molecules\":11", "\"molecules\":1e300"), replace("\"6\":11", "\"six\":11"),
             replace("\"6\":11", "\"6666666666666\":11"), replace("\"small\":[]", "\"small\":[1]"),
             replace("\"small\":[]", "\"small\":{}"), replace("\"rings\":{}", "\"rings\":[]")})
        try {
            TrainingCounts::fromJson(text);
            ADD_FAILURE() << text;
        }
        catch (const ArgumentError& error) {
            EXPECT_EQ(string(error.what()).find("TrainingCounts::fromJson: expected "), 0u) << error.what();
        }
}

TEST(TestUnfamiliar, modelFilesHoldTheCounts) {
    DenoiserModel model = makeSmallModel();
    EXPECT_EQ(model.toBytes().find("trainingCounts"), string::npos);
    model.setTrainingCounts(makeCounts());
    const DenoiserModel read = DenoiserModel::fromBytes(model.toBytes());
    EXPECT_EQ(read.getTrainingCounts().toJson(), makeCounts().toJson());
    EXPECT_EQ(read.getAllMetadata(), model.getAllMetadata());
    EXPECT_NE(join(ConformerGenerator(read).findUnfamiliar(makeWater())), "");
    EXPECT_EQ(join(ConformerGenerator(makeSmallModel()).findUnfamiliar(makeWater())), "");
}

TEST(TestUnfamiliar, shardsAreCounted) {
    const string path = testing::TempDir() + "counts-" + std::to_string(getpid()) + ".shard";
    {
        ShardWriter writer(path);
        ShardRecord record;
        record.graph = makeWater();
        record.condition = "GFN2-xTB";
        record.positions = {0, 0, 0, 1, 0, 0, 0, 1, 0};
        for (const char* key : {"O", "O", "other"}) {
            record.flatSmiles = key;
            writer.add(record);
        }
    }
    EXPECT_EQ(countTraining({path, path}).getNumMolecules(), 2);
    std::remove(path.c_str());
    EXPECT_THROW(countTraining({path}), ArgumentError);
}
