// SPDX-License-Identifier: MIT
// Tests of the categorical inputs: values, stereo labels in canonical form, the group of the inputs, refusals.
#include "Matchers.h"
#include "Systems.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/MoleculeInputs.h"
#include "openmmorbit/internal/MoleculeFeatures.h"
#include "openmmorbit/internal/StereoRecords.h"
#include <algorithm>
#include <numeric>
#include <set>

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

namespace {

TokenInputs computeDefault(const MolecularGraph& graph) {
    return computeFeatures(graph, getDefaultAtomVocabularies(), getDefaultPairVocabularies());
}

/** Pair features that tell a molecule from its mirror image, as some model files ask for them. */
vector<FeatureVocabulary> getHandedVocabularies() {
    vector<FeatureVocabulary> vocabularies = getDefaultPairVocabularies();
    vocabularies.resize(3);
    for (const char* name : {"chiralNeighbor", "chiralCenter", "torsionStereo"})
        vocabularies.push_back({name, {0, 1, 2, 3, 4}, false});
    return vocabularies;
}

TokenInputs computeHanded(const MolecularGraph& graph) {
    return computeFeatures(graph, getDefaultAtomVocabularies(), getHandedVocabularies());
}

SymmetryGroup findGroup(const MolecularGraph& graph) {
    TokenInputs inputs = computeDefault(graph);
    addSymmetryGroup(graph, inputs);
    return inputs.group;
}

SymmetryGroup findHandedGroup(const MolecularGraph& graph) {
    TokenInputs inputs = computeHanded(graph);
    addSymmetryGroup(graph, inputs);
    return inputs.group;
}

/** Look up the value behind an index into the concatenated vocabulary. */
int decode(const vector<FeatureVocabulary>& vocabularies, int feature, int index) {
    for (int f = 0; f < feature; f++)
        index -= (int) vocabularies[f].values.size();
    return vocabularies[feature].values.at(index);
}

int atomValue(const TokenInputs& features, const std::string& name, int i) {
    const vector<FeatureVocabulary> vocabularies = getDefaultAtomVocabularies();
    for (int f = 0; f < features.numTokenFeatures; f++)
        if (vocabularies[f].name == name)
            return decode(vocabularies, f, features.tokenFeatures[i * features.numTokenFeatures + f]);
    return -999;
}

int pairValue(const TokenInputs& features, const std::string& name, int i, int j) {
    const vector<FeatureVocabulary> vocabularies =
        features.numPairFeatures == 6 ? getHandedVocabularies() : getDefaultPairVocabularies();
    for (int f = 0; f < features.numPairFeatures; f++)
        if (vocabularies[f].name == name)
            return decode(vocabularies, f,
                features.pairFeatures[(i * features.numTokens + j) * features.numPairFeatures + f]);
    return -999;
}

/** The same molecule with atom i at place[i], stereo records written in another order of the same meaning. */
MolecularGraph renumber(const MolecularGraph& graph, const vector<int>& place) {
    MolecularGraph result = graph;
    for (int i = 0; i < graph.getNumAtoms(); i++)
        result.atoms[place[i]] = graph.atoms[i];
    for (GraphBond& bond : result.bonds)
        bond = {place[bond.atom2], place[bond.atom1], bond.order};
    std::reverse(result.bonds.begin(), result.bonds.end());
    for (vector<int>& ring : result.rings)
        for (int& index : ring)
            index = place[index];
    for (TetrahedralStereo& stereo : result.tetrahedral) {
        stereo.center = place[stereo.center];
        for (int& neighbor : stereo.neighbors)
            if (neighbor >= 0)
                neighbor = place[neighbor];
        std::rotate(stereo.neighbors.begin(), stereo.neighbors.begin() + 1, stereo.neighbors.begin() + 3);
    }
    for (TorsionStereo& stereo : result.torsional) {
        std::reverse(stereo.atoms.begin(), stereo.atoms.end());
        for (int& index : stereo.atoms)
            index = place[index];
    }
    return result;
}

vector<int> makePermutation(int size, std::uint64_t seed) {
    vector<int> permutation(size);
    std::iota(permutation.begin(), permutation.end(), 0);
    const vector<double> keys = makeNumbers(size, seed);
    std::sort(permutation.begin(), permutation.end(), [&](int a, int b) { return keys[a] < keys[b]; });
    return permutation;
}

/** CH3-CH(OH)-CH(OH)-CH3; the second centre of the same or the opposite handedness as the first. */
MolecularGraph makeButanediol(bool meso) {
    MolecularGraph graph = makeGraph("butanediol", {6, 6, 6, 6, 8, 8, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
        {{0, 1}, {1, 2}, {2, 3}, {1, 4},
        {2, 5}, {0, 6}, {0, 7}, {0, 8}, {1, 9}, {2, 10}, {3, 11}, {3, 12}, {3, 13}, {4, 14}, {5, 15}});
    graph.tetrahedral.push_back({1, {{0, 2, 4, 9}}});
    graph.tetrahedral.push_back({2, {{3, 1, 5, 10}}});
    if (meso)
        std::swap(graph.tetrahedral[1].neighbors[0], graph.tetrahedral[1].neighbors[1]);
    canonicalizeStereo(graph);
    return graph;
}

bool holds(const SymmetryGroup& group, const vector<int>& permutation) {
    const vector<int> flat = group.enumerate();
    for (size_t k = 0; k < flat.size(); k += permutation.size())
        if (std::equal(permutation.begin(), permutation.end(), flat.begin() + k))
            return true;
    return false;
}

bool leavesInputsUnchanged(const MolecularGraph& graph, const TokenInputs& features, const vector<int>& p) {
    const int n = features.numTokens, fa = features.numTokenFeatures, fp = features.numPairFeatures;
    for (int i = 0; i < n; i++) {
        if (graph.atoms[p[i]].isotope != graph.atoms[i].isotope)
            return false;
        for (int f = 0; f < fa; f++)
            if (features.tokenFeatures[p[i] * fa + f] != features.tokenFeatures[i * fa + f])
                return false;
        for (int j = 0; j < n; j++)
            for (int f = 0; f < fp; f++)
                if (features.pairFeatures[(p[i] * n + p[j]) * fp + f] != features.pairFeatures[(i * n + j) * fp + f])
                    return false;
    }
    return true;
}

} // namespace

TEST(Features, valuesOfEthanolAndBenzene) {
    const TokenInputs ethanol = computeDefault(makeEthanol());
    EXPECT_EQ(9, ethanol.numTokens);
    EXPECT_EQ(7, ethanol.numTokenFeatures);
    EXPECT_EQ(5, ethanol.numPairFeatures);
    ASSERT_EQ(9u * 7, ethanol.tokenFeatures.size());
    ASSERT_EQ(9u * 9 * 5, ethanol.pairFeatures.size());
    EXPECT_EQ(8, atomValue(ethanol, "element", 2));
    EXPECT_EQ(4, atomValue(ethanol, "degree", 0));
    EXPECT_EQ(2, atomValue(ethanol, "degree", 2));
    EXPECT_EQ((int) Hybridization::SP3, atomValue(ethanol, "hybridization", 2));
    EXPECT_EQ(0, atomValue(ethanol, "smallestRing", 0));
    EXPECT_EQ(0, atomValue(ethanol, "formalCharge", 1));
    EXPECT_EQ(1, pairValue(ethanol, "bondOrder", 0, 1));
    EXPECT_EQ(0, pairValue(ethanol, "bondOrder", 0, 2));
    EXPECT_EQ(4, pairValue(ethanol, "topologicalDistance", 3, 8));
    const TokenInputs benzene = computeDefault(makeBenzene());
    EXPECT_EQ(1, atomValue(benzene, "aromatic", 0));
    EXPECT_EQ(6, atomValue(benzene, "smallestRing", 0));
    EXPECT_EQ(6, pairValue(benzene, "sharedRing", 0, 3));
    EXPECT_EQ(6, pairValue(benzene, "sharedRing", 2, 2));
    EXPECT_EQ(0, pairValue(benzene, "sharedRing", 0, 6));
    EXPECT_EQ(4, pairValue(benzene, "bondOrder", 5, 0));
}

TEST(Features, smallestRingOfFusedRings) {
    // A three-membered ring on a nine-membered one: the small one counts, the large one saturates.

    vector<std::pair<int, int>> bonds = {{0, 9}, {1, 9}};
    for (int k = 0; k < 9; k++)
        bonds.emplace_back(k, (k + 1) % 9);
    MolecularGraph graph = makeGraph("bicycle", vector<int>(10, 6), bonds);
    graph.rings = {{0, 1, 2, 3, 4, 5, 6, 7, 8}, {0, 1, 9}};
    const TokenInputs features = computeDefault(graph);
    EXPECT_EQ(3, atomValue(features, "smallestRing", 0));
    EXPECT_EQ(8, atomValue(features, "smallestRing", 4));
    EXPECT_EQ(3, pairValue(features, "sharedRing", 0, 1));
    EXPECT_EQ(8, pairValue(features, "sharedRing", 1, 5));
    EXPECT_EQ(0, pairValue(features, "sharedRing", 9, 5));
}

TEST(Features, stereoLabels) {
    const TokenInputs chiral = computeHanded(makeBromochlorofluoromethane());
    for (int k = 0; k < 4; k++) {
        EXPECT_EQ(k + 1, pairValue(chiral, "chiralNeighbor", 0, k + 1));
        EXPECT_EQ(k + 1, pairValue(chiral, "chiralCenter", k + 1, 0));
        EXPECT_EQ(0, pairValue(chiral, "chiralNeighbor", k + 1, 0));
    }
    for (const char* name : {"torsionStereo", "doubleBondStereo"}) {
        const bool handed = std::string(name) == "torsionStereo";
        const TokenInputs alkene =
                handed ? computeHanded(makeDifluoroethene()) : computeDefault(makeDifluoroethene());
        EXPECT_EQ((int) TorsionStereoKind::Cis, pairValue(alkene, name, 0, 3));
        EXPECT_EQ((int) TorsionStereoKind::Cis, pairValue(alkene, name, 3, 0));
        EXPECT_EQ(0, pairValue(alkene, name, 4, 5));
    }
    MolecularGraph axis = makeDifluoroethene();
    axis.torsional[0].kind = TorsionStereoKind::AtropisomerPlus;
    EXPECT_EQ((int) TorsionStereoKind::AtropisomerPlus, pairValue(computeHanded(axis), "torsionStereo", 0, 3));
    EXPECT_EQ(0, pairValue(computeDefault(axis), "doubleBondStereo", 0, 3));
}

TEST(Features, indicesFollowTheConcatenatedVocabulary) {
    const vector<FeatureVocabulary> atoms = {{"degree", {1, 2}, true}, {"element", {8, 1}, false}};
    const TokenInputs features = computeFeatures(makeWater(), atoms, {{"bondOrder", {1, 0}, false}});
    EXPECT_EQ((vector<int>{1, 2, 0, 3, 0, 3}), features.tokenFeatures);
    EXPECT_EQ((vector<int>{1, 0, 0, 0, 1, 1, 0, 1, 1}), features.pairFeatures);
}

TEST(Features, followTheNumbering) {
    for (MolecularGraph graph : {makeEthanol(), makeBenzene(), makeBromochlorofluoromethane(), makeDifluoroethene(),
            makeButanediol(false), makeButanediol(true)}) {
        canonicalizeStereo(graph);
        const TokenInputs features = computeDefault(graph);
        for (int seed = 1; seed <= 5; seed++) {
            const vector<int> place = makePermutation(graph.getNumAtoms(), seed);
            MolecularGraph renumbered = renumber(graph, place);
            canonicalizeStereo(renumbered);
            const TokenInputs moved = computeDefault(renumbered);
            for (int i = 0; i < features.numTokens; i++) {
                for (int f = 0; f < features.numTokenFeatures; f++)
                    ASSERT_EQ(features.tokenFeatures[i * features.numTokenFeatures + f],
                        moved.tokenFeatures[place[i] * features.numTokenFeatures + f]);
                for (int j = 0; j < features.numTokens; j++)
                    for (int f = 0; f < features.numPairFeatures; f++)
                        ASSERT_EQ(features.pairFeatures[(i * features.numTokens + j) * features.numPairFeatures + f],
                            moved.pairFeatures[(place[i] * moved.numTokens + place[j]) * moved.numPairFeatures + f])
                            << graph.getLabel() << " " << i << " " << j << " " << f;
            }
        }
    }
}

TEST(Features, isotopesAreNoInput) {
    for (const MolecularGraph& graph : {makeEthanol(), makeBromochlorofluoromethane(), makeDichlorodifluoroethane(),
             makeDifluoroethene()}) {
        MolecularGraph labelled = graph, plain = graph;
        for (int i = 0; i < graph.getNumAtoms(); i += 2)
            labelled.atoms[i].isotope = 2 * graph.atoms[i].element + 1;
        for (MolecularGraph* either : {&labelled, &plain}) {
            canonicalizeStereo(*either);
            expandStereoAxes(*either);
        }
        const TokenInputs features = computeHanded(plain), same = computeHanded(labelled);
        EXPECT_EQ(features.tokenFeatures, same.tokenFeatures) << graph.getLabel();
        EXPECT_EQ(features.pairFeatures, same.pairFeatures) << graph.getLabel();
        for (int i = 0; i < graph.getNumAtoms(); i++)
            EXPECT_EQ(atomValue(same, "isotope", i), 0);
    }
}

TEST(Features, groupIsWhatLeavesTheInputsUnchanged) {
    MolecularGraph heavyEthene = makeGraph("ethene", {6, 6, 1, 1, 1, 1}, {{0, 1}, {0, 2}, {0, 3}, {1, 4}, {1, 5}});
    MolecularGraph labelled = heavyEthene;
    labelled.atoms[2].isotope = 2;
    labelled.atoms[4].isotope = 3;
    MolecularGraph nitro = makeGraph("nitromethane", {6, 7, 8, 8, 1, 1, 1},
        {{0, 1}, {1, 2}, {1, 3}, {0, 4}, {0, 5}, {0, 6}});
    nitro.atoms[1].formalCharge = 1;
    nitro.atoms[2].formalCharge = -1;
    nitro.bonds[2].order = BondOrder::Double;
    const vector<std::pair<MolecularGraph, int>> cases = {{makeWater(), 2}, {heavyEthene, 8}, {labelled, 1}, {nitro, 6},
        {makeBromochlorofluoromethane(), 1}, {makeDifluoroethene(), 2}};
    for (const auto& [graph, order] : cases) {
        const TokenInputs features = computeDefault(graph);
        const int n = graph.getNumAtoms();
        std::set<vector<int>> expected, found;
        vector<int> permutation(n);
        std::iota(permutation.begin(), permutation.end(), 0);
        do {
            if (leavesInputsUnchanged(graph, features, permutation))
                expected.insert(permutation);
        } while (std::next_permutation(permutation.begin(), permutation.end()));
        const vector<int> flat = findGroup(graph).enumerate();
        for (size_t k = 0; k < flat.size(); k += n)
            found.insert(vector<int>(flat.begin() + k, flat.begin() + k + n));
        EXPECT_EQ(expected, found) << graph.getLabel();
        EXPECT_EQ(order, (int) found.size()) << graph.getLabel();
    }
    EXPECT_EQ(12, findGroup(makeEthanol()).getOrder());
    EXPECT_EQ(12, findGroup(makeBenzene()).getOrder());
}

TEST(Features, inputsOfAMoleculeAreThoseOfTheCanonicalGraph) {
    DenoiserModel model;
    model.setVocabularies(getDefaultAtomVocabularies(), getHandedVocabularies());
    MolecularGraph graph = makeBromochlorofluoromethane();
    std::swap(graph.tetrahedral[0].neighbors[0], graph.tetrahedral[0].neighbors[1]);
    std::swap(graph.tetrahedral[0].neighbors[2], graph.tetrahedral[0].neighbors[3]);
    model.setRotations(OrbitRotations::Proper);
    TokenInputs inputs = describeMolecule(graph, model);
    addSymmetryGroup(graph, inputs);
    canonicalizeStereo(graph);
    const TokenInputs features = computeHanded(graph);
    EXPECT_EQ(inputs.tokenFeatures, features.tokenFeatures);
    EXPECT_EQ(inputs.pairFeatures, features.pairFeatures);
    EXPECT_EQ(inputs.numPairFeatures, features.numPairFeatures);
    EXPECT_EQ(1, inputs.group.getOrder());
    EXPECT_EQ(OrbitRotations::Proper, inputs.rotations);
    inputs = describeMolecule(makeBenzene(), model);
    addSymmetryGroup(makeBenzene(), inputs);
    EXPECT_EQ(12, inputs.group.getOrder());
    EXPECT_EQ(OrbitRotations::WithReflections, inputs.rotations) << "without a label both mirror images are right";
}

TEST(Features, rotationsOfChiralMoleculesStay) {
    const vector<int> exchange = {3, 2, 1, 0, 5, 4, 11, 12, 13, 10, 9, 6, 7, 8, 15, 14};
    const SymmetryGroup chiral = findHandedGroup(makeButanediol(false)), meso = findHandedGroup(makeButanediol(true));
    EXPECT_EQ(72, chiral.getOrder());
    EXPECT_TRUE(holds(chiral, exchange)) << "the twofold rotation";
    EXPECT_EQ(36, meso.getOrder());
    EXPECT_FALSE(holds(meso, exchange)) << "the mirror";
}

TEST(Features, ringStereoWithTiedNeighbors) {
    // Both isomers have one twofold axis: upright in the cis form, in the plane in the trans form.

    const vector<int> upright = {3, 4, 5, 0, 1, 2, 7, 6, 9, 8, 14, 15, 16, 17, 10, 11, 12, 13};
    const vector<int> inPlane = {3, 2, 1, 0, 5, 4, 7, 6, 9, 8, 12, 13, 10, 11, 16, 17, 14, 15};
    const vector<int> mirror = {0, 5, 4, 3, 2, 1, 6, 7, 8, 9, 16, 17, 14, 15, 12, 13, 10, 11};
    for (bool trans : {false, true}) {
        const MolecularGraph graph = makeDifluorocyclohexane(trans);
        const SymmetryGroup group = findHandedGroup(graph);
        EXPECT_EQ(32, group.getOrder());
        EXPECT_EQ(!trans, holds(group, upright));
        EXPECT_EQ(trans, holds(group, inPlane));
        EXPECT_FALSE(holds(group, mirror));
        for (int seed = 1; seed <= 5; seed++) {
            MolecularGraph renumbered = renumber(graph, makePermutation(18, seed));
            canonicalizeStereo(renumbered);
            EXPECT_EQ(32, findHandedGroup(renumbered).getOrder());
        }
    }
}

TEST(Features, refusesUnknownValuesAndNames) {
    MolecularGraph lithium = makeGraph("lithium fluoride", {3, 9}, {{0, 1}});
    expectThrows<ArgumentError>(
            "computeFeatures: expected element to be one of H, B, C, N, O, F, Si, P, S, Cl, Se, Br, I, "
            "got Li at atom 0 of molecule \"lithium fluoride\"; the model was not trained for it",
            [&] { computeDefault(lithium); });
    MolecularGraph charged = makeWater();
    charged.atoms[1].formalCharge = 3;
    expectThrows<ArgumentError>(
            "computeFeatures: expected formalCharge to be one of -2, -1, 0, 1, 2, got 3 at atom 1 of "
            "molecule \"water\"; the model was not trained for it",
            [&] { computeDefault(charged); });
    expectThrows<ArgumentError>(
            "computeFeatures: expected bondOrder to be one of 0, 2, got 1 at atoms 0 and 1 of molecule "
            "\"water\"; the model was not trained for it",
            [] {
                computeFeatures(makeWater(), {}, {{"bondOrder", {0, 2}, false}});
            });
    expectThrows<ArgumentError>(
            "computeFeatures: expected the name of an atom feature, got \"colour\"; the model file asks for "
            "a feature that this version does not know",
            [] {
                computeFeatures(makeWater(), {{"colour", {0}, true}}, {});
            });
    expectThrows<ArgumentError>(
            "computeFeatures: expected the name of a pair feature, got \"colour\"; the model file asks for "
            "a feature that this version does not know",
            [] {
                computeFeatures(makeWater(), {}, {{"colour", {0}, true}});
            });
    expectThrows<ArgumentError>("addSymmetryGroup: expected inputs of 9 atoms, got inputs of 3 atoms", [] {
        TokenInputs water = computeDefault(makeWater());
        addSymmetryGroup(makeEthanol(), water);
    });
}
