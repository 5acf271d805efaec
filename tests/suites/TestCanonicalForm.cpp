// SPDX-License-Identifier: MIT
// The canonical form of stereo records says the same as the records that were given.
#include "Systems.h"
#include "openmmorbit/internal/StereoRecords.h"
#include <gtest/gtest.h>

using namespace OrbitPlugin;
using namespace testSupport;

TEST(CanonicalForm, canonicalFormKeepsTheMeaning) {
    // The handedness of the listed order stays: the result is an even permutation of the input.

    MolecularGraph graph = makeBromochlorofluoromethane();
    for (const std::array<int, 4>& neighbors : {std::array<int, 4>{{1, 2, 3, 4}}, {{2, 3, 1, 4}}, {{4, 3, 2, 1}}}) {
        graph.tetrahedral[0].neighbors = neighbors;
        canonicalizeStereo(graph);
        EXPECT_EQ((std::array<int, 4>{{4, 1, 3, 2}}), graph.tetrahedral[0].neighbors) << "H, F, then swapped";
    }
    graph.tetrahedral[0].neighbors = {{2, 1, 3, 4}};
    canonicalizeStereo(graph);
    EXPECT_EQ((std::array<int, 4>{{4, 1, 2, 3}}), graph.tetrahedral[0].neighbors);
    MolecularGraph sulfoxide = makeGraph("sulfoxide", {16, 8, 6, 9}, {{0, 1}, {0, 2}, {0, 3}});
    sulfoxide.tetrahedral.push_back({0, {{1, 2, 3, -1}}});
    canonicalizeStereo(sulfoxide);
    EXPECT_EQ((std::array<int, 4>{{2, 3, 1, -1}}), sulfoxide.tetrahedral[0].neighbors);

    // H and F on opposite sides says the same as F and F on one side.

    MolecularGraph alkene = makeDifluoroethene();
    alkene.torsional[0].atoms = {{4, 1, 2, 3}};
    alkene.torsional[0].kind = TorsionStereoKind::Trans;
    canonicalizeStereo(alkene);
    EXPECT_EQ((std::array<int, 4>{{0, 1, 2, 3}}), alkene.torsional[0].atoms);
    EXPECT_EQ(TorsionStereoKind::Cis, alkene.torsional[0].kind);
    alkene.torsional[0].atoms = {{4, 1, 2, 3}};
    alkene.torsional[0].kind = TorsionStereoKind::AtropisomerPlus;
    canonicalizeStereo(alkene);
    EXPECT_EQ(TorsionStereoKind::AtropisomerMinus, alkene.torsional[0].kind);
}
