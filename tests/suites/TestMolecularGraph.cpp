// SPDX-License-Identifier: MIT
// Tests of the molecular graph: derived properties, and every refusal of validate().
#include "Matchers.h"
#include "Systems.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/MolecularGraph.h"

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

static void expectInvalid(const MolecularGraph& graph, const std::string& text) {
    expectThrows<ArgumentError>("MolecularGraph::validate: expected " + text, [&] { graph.validate(); });
}

TEST(MolecularGraph, formulaAndLabel) {
    MolecularGraph graph = makeEthanol();
    EXPECT_EQ("C2H6O", graph.getFormula());
    EXPECT_EQ("CHBrClF", makeBromochlorofluoromethane().getFormula());
    EXPECT_EQ("H2O", makeWater().getFormula());
    EXPECT_EQ("Cl4Si", makeGraph("", {14, 17, 17, 17, 17}, {{0, 1}, {0, 2}, {0, 3}, {0, 4}}).getFormula());
    EXPECT_EQ("\"ethanol\"", graph.getLabel());
    graph.name = "";
    EXPECT_EQ("\"C2H6O\"", graph.getLabel());
    graph.smiles = "CCO";
    EXPECT_EQ("\"CCO\"", graph.getLabel());
}

TEST(MolecularGraph, neighborsAreSorted) {
    const MolecularGraph graph = makeGraph("chain", {6, 6, 6, 6}, {{3, 0}, {2, 1}, {0, 2}});
    EXPECT_EQ((vector<vector<int>>{{2, 3}, {2}, {0, 1}, {0}}), graph.getNeighbors());
}

TEST(MolecularGraph, topologicalDistances) {
    const MolecularGraph chain = makeGraph("chain", {6, 6, 6, 6}, {{3, 0}, {2, 1}, {0, 2}});
    EXPECT_EQ((vector<int>{0, 2, 1, 1, 2, 0, 1, 3, 1, 1, 0, 2, 1, 3, 2, 0}), chain.getTopologicalDistances());
    const MolecularGraph pieces = makeGraph("pieces", {6, 6, 6}, {{0, 1}});
    EXPECT_EQ((vector<int>{0, 1, -1, 1, 0, -1, -1, -1, 0}), pieces.getTopologicalDistances());
    const vector<int> benzene = makeBenzene().getTopologicalDistances();
    EXPECT_EQ(3, benzene[0 * 12 + 3]);
    EXPECT_EQ(5, benzene[6 * 12 + 9]);
}

TEST(MolecularGraph, acceptsCompleteGraphs) {
    for (const MolecularGraph& graph : {makeWater(), makeEthanol(), makeBenzene(), makeBromochlorofluoromethane(),
            makeDifluoroethene(), makeGraph("helium", {2}, {})})
        EXPECT_NO_THROW(graph.validate()) << graph.getLabel();
    MolecularGraph sulfoxide = makeGraph("sulfoxide", {16, 8, 6, 9}, {{0, 1}, {0, 2}, {0, 3}});
    sulfoxide.tetrahedral.push_back({0, {{1, 2, 3, -1}}});
    EXPECT_NO_THROW(sulfoxide.validate());
}

TEST(MolecularGraph, refusesWrongSizesAndElements) {
    expectInvalid(makeGraph("none", {}, {}), "1 to 2000 atoms, got 0 atoms in molecule \"none\"");
    expectInvalid(makeGraph("many", vector<int>(2001, 6), {}), "1 to 2000 atoms, got 2001 atoms in molecule \"many\"");
    expectInvalid(makeGraph("query", {6, 0}, {{0, 1}}),
        "an atomic number from 1 to 118, got 0 at atom 1 in molecule \"query\"");
}

TEST(MolecularGraph, refusesWrongBonds) {
    expectInvalid(makeGraph("a", {6, 6}, {{0, 2}}), "an atom index from 0 to 1, got 2 in bond 0 in molecule \"a\"");
    expectInvalid(makeGraph("a", {6, 6}, {{-1, 1}}), "an atom index from 0 to 1, got -1 in bond 0 in molecule \"a\"");
    expectInvalid(makeGraph("a", {6, 6}, {{0, 1}, {1, 1}}),
        "two different atoms, got atom 1 twice in bond 1 in molecule \"a\"");
    expectInvalid(makeGraph("a", {6, 6}, {{0, 1}, {1, 0}}), "every bond once, got bond 1-0 twice in molecule \"a\"");
    expectInvalid(makeGraph("salt", {11, 17}, {}),
        "one connected fragment, got atom 1 without a path to atom 0 in molecule \"salt\"");
    MolecularGraph ring = makeBenzene();
    ring.rings[0][5] = 12;
    expectInvalid(ring, "an atom index from 0 to 11, got 12 in a ring in molecule \"benzene\"");
}

TEST(MolecularGraph, refusesWrongStereo) {
    auto expectWrongCenter = [](const TetrahedralStereo& stereo, const std::string& text) {
        MolecularGraph graph = makeEthanol();
        graph.tetrahedral = {stereo};
        expectInvalid(graph, text + " in molecule \"ethanol\"");
    };
    expectWrongCenter({0, {{1, 3, 4, 6}}}, "bonded atoms in the tetrahedral centre 0, got atoms 0 and 6");
    expectWrongCenter({0, {{1, 3, 4, 9}}}, "an atom index from 0 to 8, got 9 in the tetrahedral centre 0");
    expectWrongCenter({0, {{1, 3, 3, -1}}}, "different neighbours in the tetrahedral centre 0, got one of them twice");
    expectWrongCenter({-2, {{1, 3, 4, 5}}}, "an atom index from 0 to 8, got -2 in the tetrahedral centre -2");
    MolecularGraph twice = makeBromochlorofluoromethane();
    twice.tetrahedral.push_back(twice.tetrahedral[0]);
    expectInvalid(twice, "every tetrahedral centre once, got centre 0 twice in molecule \"bromochlorofluoromethane\"");
    MolecularGraph axis = makeDifluoroethene();
    axis.torsional[0].atoms = {{0, 1, 2, 4}};
    expectInvalid(axis, "bonded atoms in the stereo axis 1-2, got atoms 2 and 4 in molecule \"difluoroethene\"");
    MolecularGraph triangle = makeGraph("ring", {6, 6, 6}, {{0, 1}, {1, 2}, {2, 0}});
    triangle.torsional.push_back({{{0, 1, 2, 0}}, TorsionStereoKind::Cis});
    expectInvalid(triangle, "four different atoms in the stereo axis 1-2, got one of them twice in molecule \"ring\"");
}

TEST(MolecularGraph, axesReplaceWhatIsKnownOfThem) {
    const MolecularGraph graph = makeDifluoroethene();
    ASSERT_FALSE(graph.torsional.empty());
    TorsionStereo other = graph.torsional[0];
    other.kind = other.kind == TorsionStereoKind::Cis ? TorsionStereoKind::Trans : TorsionStereoKind::Cis;
    std::swap(other.atoms[0], other.atoms[3]);
    std::swap(other.atoms[1], other.atoms[2]);
    const MolecularGraph result = withStereoAxes(graph, {other});
    ASSERT_EQ(result.torsional.size(), 4u); // One for every pair of end atoms.
    const std::array<int, 4> given = graph.torsional[0].atoms;
    for (const TorsionStereo& record : result.torsional) {
        const bool forward = record.atoms[1] == given[1];
        const bool same = (record.atoms[forward ? 0 : 3] == given[0]) == (record.atoms[forward ? 3 : 0] == given[3]);
        EXPECT_EQ(record.kind == graph.torsional[0].kind, !same);
    }
    EXPECT_EQ(withStereoAxes(result, {}).torsional.size(), 4u);
    EXPECT_THROW(withStereoAxes(graph, {{{{0, 1, 2, 2}}, TorsionStereoKind::Cis}}), ArgumentError);
}
