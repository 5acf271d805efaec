// SPDX-License-Identifier: MIT
// What molecules leave open, the isomers that coordinates show, and all isomers.
#include "Matchers.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/MoleculeReader.h"
#include "openmmorbit/OpenStereo.h"
#include "openmmorbit/internal/StereoGeometry.h"
#include <gtest/gtest.h>
#include <random>
#include <set>

using namespace OrbitPlugin;
using std::string;
using std::vector;

typedef std::pair<int, int> Pair;

static vector<Pair> getOpen(const string& smiles) {
    vector<Pair> result;
    for (const OpenStereo& open : findOpenStereo(readSmiles(smiles)))
        result.emplace_back(open.atom1, open.atom2);
    return result;
}

/** Get the centre that a molecule specifies, -1 if there is none. */
static int getCenter(const MolecularGraph& graph) {
    return graph.tetrahedral.empty() ? -1 : graph.tetrahedral[0].center;
}

TEST(OpenStereo, equalHydrogensLeaveNothingOpen) {
    for (const char* smiles : {"P", "CP", "C[SiH3]", "CPC"})
        EXPECT_TRUE(findOpenStereo(readSmiles(smiles)).empty()) << smiles;
    EXPECT_EQ(1u, findOpenStereo(readSmiles("CPCC")).size());
}

TEST(OpenStereo, centresAndDoubleBonds) {
    const vector<std::pair<string, vector<Pair>>> cases = {{"CC(C)Cc1ccc(cc1)C(C)C(=O)O", {{10, -1}}},
            {"CC=CC", {{1, 2}}}, {"CC=NO", {{1, 2}}}, {"CN=NC", {{1, 2}}}, {"CS(=O)CC", {{1, -1}}},
            {"C[C@H](O)C(O)C", {{3, -1}}}, {"CC1CCC(C)CC1", {{1, -1}, {4, -1}}}, {"[H]C([2H])(C)O", {{1, -1}}},
            {"C[C@@H](N)C(=O)O", {}}, {"C/C=C/C", {}}, {"CN(C)CC", {}}, {"CN1CC1C", {{3, -1}}},
            {"O=C1C[C@H]2CN12", {}}, {"CC[N+](C)(CO)CCC", {{2, -1}}}, {"C1=CCCCC1", {}}, {"NC(N)=NC", {}},
            {"CC(C)=NC", {}}, {"CC(=O)NC", {}}, {"c1ccccc1", {}}, {"CC=C=CC", {}}, {"C=CC", {}},
            // Cages hold their corners, and fused rings do not.
            {"C1C2CC3CC1CC(C2)C3", {}}, {"NC12CC3CC(CC(C3)C1)C2", {}}, {"C1CN2CCC1CC2", {}}, {"C1CC2CCC1C2", {}},
            {"C12C3C4C1C5C2C3C45", {}}, {"OC1C2CC3CC(C2)CC1C3", {}},
            {"OC1CN2CCC1CC2", {{1, -1}}}, {"C1CCC2CCCCC2C1", {{3, -1}, {8, -1}}},
            {"CC1(C)C2CCC1(C)C(=O)C2", {{3, -1}, {6, -1}}}};
    for (const auto& [smiles, expected] : cases)
        EXPECT_EQ(getOpen(smiles), expected) << smiles;
}

TEST(OpenStereo, allIsomers) {
    const vector<std::pair<string, std::set<string>>> cases = {
            {"CC(O)C(O)C",
                    {"C[C@@H](O)[C@@H](C)O", "C[C@@H](O)[C@H](C)O", "C[C@H](O)[C@@H](C)O", "C[C@H](O)[C@H](C)O"}},
            {"CC=CCC=CC", {"C/C=C/C/C=C/C", "C/C=C\\C/C=C/C", "C/C=C/C/C=C\\C", "C/C=C\\C/C=C\\C"}},
            {"C[C@H](O)C(O)C", {"C[C@H](O)[C@@H](C)O", "C[C@H](O)[C@H](C)O"}}, {"CCO", {"CCO"}}};
    for (const auto& [smiles, expected] : cases) {
        std::set<string> wanted, found;
        for (const string& isomer : expected)
            wanted.insert(readSmiles(isomer).smiles);
        for (const MolecularGraph& isomer : enumerateStereo(readSmiles(smiles), 32)) {
            EXPECT_TRUE(findOpenStereo(isomer).empty()) << isomer.smiles;
            EXPECT_TRUE(found.insert(isomer.smiles).second) << isomer.smiles;
        }
        EXPECT_EQ(found, wanted) << smiles;
    }
    EXPECT_EQ(enumerateStereo(readSmiles("CC(O)C(O)C(O)C(O)C(O)C"), 5).size(), 5u);
}

TEST(OpenStereo, coordinatesShowTheIsomer) {
    std::mt19937 random(7);
    std::normal_distribution<double> normal;
    for (const string smiles : {"CC(O)C(F)C=CC", "CP(CC)c1ccccc1", "CC(F)=NO", "C[C@H](O)C(F)Cl"}) {
        const MolecularGraph graph = readSmiles(smiles);
        const vector<OpenStereo> open = findOpenStereo(graph);
        std::set<string> seen, all;
        for (int i = 0; i < 60; i++) {
            vector<double> positions;
            for (int k = 0; k < 3 * graph.getNumAtoms(); k++)
                positions.push_back(normal(random));
            const MolecularGraph isomer = specifyStereo(graph, open, positions);
            seen.insert(isomer.smiles);
            for (const TetrahedralStereo& stereo : isomer.tetrahedral)
                EXPECT_TRUE(getSignedVolume(stereo, positions) >= 0 || stereo.center == getCenter(graph));
        }
        for (const MolecularGraph& isomer : enumerateStereo(graph, 32))
            all.insert(isomer.smiles);
        EXPECT_EQ(seen, all) << smiles;
    }
}

TEST(OpenStereo, refusals) {
    const MolecularGraph graph = readSmiles("O");
    testSupport::expectThrows<ArgumentError>(
            "specifyStereo: expected 9 coordinates for the molecule \"O\", got 3",
            [&] { specifyStereo(graph, {}, {0, 0, 0}); });
    testSupport::expectThrows<ArgumentError>(
            "enumerateStereo: expected a number of isomers of at least 1, got 0", [&] { enumerateStereo(graph, 0); });
}
