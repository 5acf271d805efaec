// SPDX-License-Identifier: MIT
// Tests of the ringFace feature: stereochemistry of rings that a reflection leaves unchanged.
#include "Matchers.h"
#include "Systems.h"
#include "openmmorbit/internal/MoleculeFeatures.h"
#include "openmmorbit/internal/StereoRecords.h"

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

namespace {

const int same = 1, opposite = 2;

vector<int> computePairFeatures(const MolecularGraph& graph) {
    return computeFeatures(graph, getDefaultAtomVocabularies(), getDefaultPairVocabularies()).pairFeatures;
}

int getFace(const MolecularGraph& graph, int i, int j) {
    return computeFeatures(graph, getDefaultAtomVocabularies(), {{"ringFace", {0, 1, 2}, false}})
        .pairFeatures[i * graph.getNumAtoms() + j];
}

} // namespace

TEST(RingFaces, ofOneRing) {
    for (bool trans : {false, true}) {
        const MolecularGraph graph = makeDifluorocyclohexane(trans);
        EXPECT_EQ(trans ? opposite : same, getFace(graph, 6, 7)) << "F and F";
        EXPECT_EQ(trans ? opposite : same, getFace(graph, 9, 8)) << "H and H";
        EXPECT_EQ(trans ? same : opposite, getFace(graph, 6, 9)) << "F and the other H";
        EXPECT_EQ(0, getFace(graph, 6, 8)) << "of one centre";
        EXPECT_EQ(0, getFace(graph, 6, 10)) << "a centre that is not specified";
        EXPECT_EQ(0, getFace(graph, 0, 3)) << "ring atoms";
    }
}

TEST(RingFaces, lonePairTakesThePlaceOfASubstituent) {
    // 1,3-dithiolane 1,3-dioxide, S0 C1 S2 C3 C4, O5 on S0, O6 on S2.

    MolecularGraph graph = makeGraph("dithiolane", {16, 6, 16, 6, 6, 8, 8},
        {{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 0}, {0, 5}, {2, 6}});
    graph.rings = {{0, 1, 2, 3, 4}};
    for (bool trans : {false, true}) {
        graph.tetrahedral = {{0, {{4, 1, 5, -1}}}, {2, {{1, 3, 6, -1}}}};
        if (trans)
            std::swap(graph.tetrahedral[1].neighbors[0], graph.tetrahedral[1].neighbors[1]);
        EXPECT_EQ(trans ? opposite : same, getFace(graph, 5, 6));
    }
}

TEST(RingFaces, ofFusedRings) {
    // Two four-membered rings: the atoms of one are substituents of the other.

    MolecularGraph graph = makeGraph("bicycle", {6, 6, 6, 6, 6, 6, 1, 1},
            {{0, 1}, {1, 2}, {2, 3}, {3, 0}, {0, 4}, {4, 5}, {5, 1}, {0, 6}, {1, 7}});
    graph.rings = {{0, 1, 2, 3}, {0, 1, 5, 4}};
    graph.tetrahedral = {{0, {{3, 1, 4, 6}}}, {1, {{0, 2, 5, 7}}}};
    EXPECT_EQ(same, getFace(graph, 6, 7));
    EXPECT_EQ(same, getFace(graph, 4, 5));
    EXPECT_EQ(same, getFace(graph, 2, 3));
}

TEST(RingFaces, areBlindToReflection) {
    for (bool trans : {false, true}) {
        const MolecularGraph graph = makeDifluorocyclohexane(trans);
        MolecularGraph image = graph;
        for (TetrahedralStereo& stereo : image.tetrahedral)
            std::swap(stereo.neighbors[0], stereo.neighbors[1]);
        canonicalizeStereo(image);
        EXPECT_EQ(computePairFeatures(graph), computePairFeatures(image));
        image.tetrahedral[0] = graph.tetrahedral[0];
        EXPECT_NE(computePairFeatures(graph), computePairFeatures(image));
    }
}
