// SPDX-License-Identifier: MIT
// Tests of which stereo labels are kept, which say nothing, and which are refused, with the atom and the reason.
#include "Matchers.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/MoleculeReader.h"
#include <cstdlib>
#include <gtest/gtest.h>
#include <set>

using namespace OrbitPlugin;
using namespace testSupport;
using std::string;
using std::vector;

namespace {

struct Case {
    const char* smiles;
    int numCenters, numAxes;
};

int countAxes(const MolecularGraph& graph) {
    std::set<std::pair<int, int>> axes;
    for (const TorsionStereo& axis : graph.torsional)
        axes.insert(std::minmax(axis.atoms[1], axis.atoms[2]));
    return (int) axes.size();
}

void expectCounts(const Case& expected) {
    const MolecularGraph graph = readSmiles(expected.smiles);
    EXPECT_EQ(expected.numCenters, (int) graph.tetrahedral.size()) << expected.smiles;
    EXPECT_EQ(expected.numAxes, countAxes(graph)) << expected.smiles;

    // The SMILES that we write says the same.

    const MolecularGraph again = readSmiles(graph.smiles);
    EXPECT_EQ(expected.numCenters, (int) again.tetrahedral.size()) << graph.smiles;
    EXPECT_EQ(expected.numAxes, countAxes(again)) << graph.smiles;
}

const vector<Case> KEPT = {{"OC(=O)/C=C1/CC[C@@H](C)CC1", 1, 1}, {"CC/C=C1/C[C@H](O)C1", 1, 1},
        {"O[C@H]1CC[C@]2(CC1)CC[C@@H](O)CC2", 3, 0}, {"C[S@](CC)=NC(C)=O", 1, 0}, {"C[P@](CC)c1ccccc1", 1, 0},
        {"C[S@](=O)CC", 1, 0}, {"C[S@@+](CC)c1ccccc1", 1, 0}, {"C[Se@](=O)CC", 1, 0}, {"C[Si@H](CC)c1ccccc1", 1, 0},
        {"C[N@@]1C[C@H]1C", 2, 0}, {"C[N@+](CC)(CCC)c1ccccc1", 1, 0}, {"CC/C=N/O", 0, 1}, {"C/N=N\\C", 0, 1},
        {"[H]/N=C(/C)CC", 0, 1}, {"C[C@@H]1CC[C@@H](C)CC1", 2, 0}, {"C1CCC/C=C/CC1", 0, 1},
        {"C[C@@H]1C[C@@H]2CC[C@@H]1C2", 3, 0}, {"C[C@H](O)[C@H](O)[C@@H](C)O", 3, 0}, {"F/C=C/C=C\\F", 0, 2},
        {"C[C@H]1[C@@H]2[C@@H]1[C@H]1[C@H]3C[N@]1[C@H]32", 7, 0}};

const vector<Case> SAYING_NOTHING = {{"C[C@H](C)O", 0, 0}, {"C/C=C(/C)C", 0, 0}, {"C1CC/C=C\\C1", 0, 0},
        {"C[C@]1(O)CCCCC1", 0, 0}, {"C=[C@]=CC", 0, 0}, {"C[N@](C)CC", 0, 0}, {"C[C@H]1CCC(C)CC1", 0, 0},
        {"O[C@]1(CC2)CCC2CC1", 0, 0}};

/** Directions at a double bond of a small ring that stand there for the bonds beside it. */
const vector<Case> BESIDE_RING_BONDS = {{"COC(=O)/C=C/C1=C(/C=C/C#N)CCCC1", 0, 2},
        {"COC(=O)/C=C/C1=C(\\C=C\\C#N)CCCC1", 0, 2}, {"C/C=C/C1=C(/C=C/C)CC1", 0, 2},
        {"C/C=C/C1=C(/C=C\\C)CCCCC1", 0, 2}, {"C/C=C\\C1=C(/C=C\\C)CCC1", 0, 2},
        {"O=C1C=CC(=O)C(/C=C/C)=C1/C=C/C", 0, 2}, {"C/C=C/C1=C(/C=C/C)C=CC=C1", 0, 2},
        {"C/C=C/C1=C(/C=C/C)CCCCCCC1", 0, 3}};

} // namespace

TEST(StereoPerception, keepsWhatSaysSomething) {
    for (const Case& kept : KEPT)
        expectCounts(kept);
}

TEST(StereoPerception, dropsWhatSaysNothing) {
    for (const Case& empty : SAYING_NOTHING)
        expectCounts(empty);
}

TEST(StereoPerception, dropsWhatIsSaidOfTheBondsBesideARing) {
    for (const Case& beside : BESIDE_RING_BONDS)
        expectCounts(beside);
}

TEST(StereoPerception, doesNotFollowTheSettingsOfTheProcess) {
    const char* const variable = "RDK_USE_LEGACY_STEREO_PERCEPTION";
    const char* before = std::getenv(variable);
    const string kept = before == nullptr ? "" : before;
    for (const char* value : {"0", "1"}) {
        setenv(variable, value, 1);
        for (const Case& entry : KEPT)
            expectCounts(entry);
        EXPECT_EQ(value, string(std::getenv(variable)));
    }
    if (before == nullptr)
        unsetenv(variable);
    else
        setenv(variable, kept.c_str(), 1);
}

TEST(StereoPerception, refusesWhatItCannotKeep) {
    const vector<std::pair<string, string>> refused = {
            {"CC=[C@]=CC", "a label on atom 2 (C) in \"CC=[C@]=CC\": the handedness of cumulated double bonds"},
            {"FC(Cl)=[C@AL1]=C(F)Cl", "a label on atom 3 (C)"},
            {"C/C=C=C=C/C", "directions at atom 1 (C) and atom 4 (C)"},
            {"C[N@](CC)CCC", "a label on atom 1 (N) in \"C[N@](CC)CCC\": a nitrogen atom of three neighbours inverts"},
            {"C1CC/C=C/C1", "the double bond of atom 3 (C) and atom 4 (C) in \"C1CC/C=C/C1\": a ring of 6 atoms"},
            {"C/C=C/C1=C(/F)CCC1", "the double bond of atom 3 (C) and atom 4 (C)"},
            {"F[Co@OH3](Cl)(Br)(I)(C)S", "a label on atom 1 (Co)"}, {"C[As@TB1](F)(Cl)(Br)N", "a label on atom 1 (As)"},
            {"C[Pt@SP1](F)(Cl)Br", "a label on atom 1 (Pt)"},
            {"C/C(F)=[C@](Cl)/C", "is no tetrahedral centre; remove it"}};
    for (const auto& [smiles, text] : refused)
        for (const string& words : {string("readSmiles: expected stereochemistry that can be kept, got "), text})
            expectMentions<ArgumentError>(words, [smiles = smiles] { readSmiles(smiles); });
}

TEST(StereoPerception, readsTheExtensionsOfASmiles) {
    EXPECT_EQ("ethane", readSmiles("CC |$a;b$,(0,0,;1.5,0,)| ethane").name);
    EXPECT_EQ(1, (int) readSmiles("C[C@H](O)CC |a:1|").tetrahedral.size());
    for (const char* part : {"&1:1", "o1:1", "r", "wU:1.0", "wD:1.0,2.3", "w:1.0", "ctu:1", "c:1", "t:1", "^1:0",
                 "C:1.0", "Sg:n:1::ht", "m:0:1.2", "unheardOf:3"}) {
        const string smiles = string("C[C@H](O)CC |$a;b;;;$,") + part + "| name";
        expectMentions<ArgumentError>(string("readSmiles: expected a SMILES whose extensions can be kept, got \"") +
                        part + "\" behind \"C[C@H](O)CC\": ",
                [&] { readSmiles(smiles); });
    }
}

TEST(StereoPerception, refusesRacematesOfMolBlocks) {
    const string block =
            "\n  test\n\n  0  0  0     0  0            999 V3000\nM  V30 BEGIN CTAB\nM  V30 COUNTS 4 3 0 0 0\n"
            "M  V30 BEGIN ATOM\nM  V30 1 C 0 0 0 0\nM  V30 2 F 1 0 0 0 CFG=1\nM  V30 3 Cl 0 1 0 0\nM  V30 4 Br -1 0 0 "
            "0\n"
            "M  V30 END ATOM\nM  V30 BEGIN BOND\nM  V30 1 1 1 2 CFG=1\nM  V30 2 1 1 3\nM  V30 3 1 1 4\nM  V30 END "
            "BOND\n"
            "M  V30 BEGIN COLLECTION\nM  V30 MDLV30/STERAC1 ATOMS=(1 1)\nM  V30 END COLLECTION\nM  V30 END CTAB\nM  "
            "END\n";
    expectMentions<ArgumentError>(
            "a group of relative or racemic centres with atom 0 (C)", [&] { readMolBlock(block); });
    string absolute = block;
    absolute.replace(absolute.find("STERAC1"), 7, "STEABS");
    EXPECT_EQ(1, (int) readMolBlock(absolute).tetrahedral.size());
}
