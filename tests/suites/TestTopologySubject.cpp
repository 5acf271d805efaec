// SPDX-License-Identifier: MIT
// Tests of the subject of a topology: selections, differences, inputs and groups, its place in the model file.
#include "Matchers.h"
#include "Models.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/TopologyInputs.h"
#include "openmmorbit/internal/TopologyFeatures.h"
#include <gtest/gtest.h>
#include <numeric>
#include <set>

using namespace OrbitPlugin;
using namespace testSupport;
using std::string;
using std::vector;

namespace {

/** Chains of residues, each of a CA with a methyl group: CA, CB and three hydrogens; CAs are bonded along a chain. */
TopologyRecord makeChains(int numChains, int length) {
    TopologyRecord topology;
    for (int chain = 0; chain < numChains; chain++)
        for (int r = 0; r < length; r++) {
            const int residue = (int) topology.residueNames.size(), first = (int) topology.atoms.size();
            topology.residueNames.push_back("ALA");
            topology.residueChains.push_back(chain);
            topology.atoms.push_back({"CA", 6, residue, 0});
            topology.atoms.push_back({"CB", 6, residue, 0});
            topology.bonds.push_back({first, first + 1, 0});
            for (int h = 0; h < 3; h++) {
                topology.atoms.push_back({"HB" + std::to_string(h + 1), 1, residue, 0});
                topology.bonds.push_back({first + 1, first + 2 + h, 0});
            }
            if (r > 0)
                topology.bonds.push_back({first - 5, first, 0});
        }
    return topology;
}

TokenInputs describe(const TopologySubject& subject) {
    const TopologyVocabularies vocabularies = makeTopologyVocabularies(subject);
    TokenInputs inputs = computeFeatures(subject, vocabularies.atoms, vocabularies.pairs);
    addSymmetryGroup(subject, inputs);
    return inputs;
}

vector<std::pair<int, int>> getBonds(const TopologySubject& subject) {
    vector<std::pair<int, int>> bonds;
    for (const GraphBond& bond : subject.graph.bonds)
        bonds.emplace_back(bond.atom1, bond.atom2);
    return bonds;
}

} // namespace

TEST(TestTopologySubject, KeepsAtomsResiduesAndBonds) {
    const TopologyRecord topology = makeChains(2, 3);
    const TopologySubject subject = makeTopologySubject(topology);
    ASSERT_EQ(subject.getNumAtoms(), 30);
    EXPECT_EQ(subject.graph.getNumBonds(), (int) topology.bonds.size());
    EXPECT_EQ(subject.residues[7], 1);
    EXPECT_EQ(subject.residueChains, (vector<int>{0, 0, 0, 1, 1, 1}));
    EXPECT_EQ(subject.graph.atoms[5].name, "CA");
}

TEST(TestTopologySubject, SelectedAtomsKeepTheirPaths) {
    const TopologySubject alpha = makeTopologySubject(makeChains(2, 3), {10, 0, 5, 15, 20, 25});
    EXPECT_EQ(alpha.selection, (vector<int>{0, 5, 10, 15, 20, 25}));
    EXPECT_EQ(getBonds(alpha), (vector<std::pair<int, int>>{{0, 1}, {1, 2}, {3, 4}, {4, 5}}));
    const TopologySubject beta = makeTopologySubject(makeChains(1, 3), {1, 6, 11});
    EXPECT_EQ(getBonds(beta), (vector<std::pair<int, int>>{{0, 1}, {0, 2}, {1, 2}}))
            << "over alpha carbons that are not selected";
    const TopologySubject ends = makeTopologySubject(makeChains(1, 3), {0, 2, 14});
    EXPECT_EQ(ends.residueNames.size(), 2u) << "only residues with selected atoms";
}

TEST(TestTopologySubject, NamesWhatIsWrongWithATopology) {
    TopologyRecord topology = makeChains(1, 2);
    expectMentions<ArgumentError>("expected selected atoms from 0 to 9, got 10", [&] {
        makeTopologySubject(topology, {0, 10});
    });
    expectMentions<ArgumentError>("expected every selected atom once, got atom 3 twice", [&] {
        makeTopologySubject(topology, {3, 3});
    });
    topology.bonds.push_back({4, 4, 0});
    expectMentions<ArgumentError>("expected bonds of two different atoms, got atom 4 bonded to itself",
            [&] { makeTopologySubject(topology); });
    topology.bonds.back() = {4, 99, 0};
    expectMentions<ArgumentError>(
            "expected bonds of atoms below 10, got atom 99", [&] { makeTopologySubject(topology); });
    topology.bonds.pop_back();
    topology.atoms[2].residue = 2;
    expectMentions<ArgumentError>("expected residues below 2, got 2 at atom 2", [&] { makeTopologySubject(topology); });
    expectMentions<ArgumentError>("expected a topology of at least 1 atom, got none", [] { makeTopologySubject({}); });
}

TEST(TestTopologySubject, SaysTheFirstDifference) {
    const TopologyRecord topology = makeChains(2, 2);
    const TopologySubject subject = makeTopologySubject(topology);
    EXPECT_EQ(describeDifference(subject, subject), "");
    EXPECT_EQ(describeDifference(subject, makeTopologySubject(makeChains(1, 2))), "20 atoms, got 10");
    TopologyRecord other = topology;
    other.atoms[6].element = 7;
    EXPECT_EQ(describeDifference(subject, makeTopologySubject(other)),
            "element C at atom 6 (CB of residue ALA number 2), got N");
    other = topology;
    other.residueNames[1] = "GLY";
    EXPECT_EQ(describeDifference(subject, makeTopologySubject(other)),
            "residue name ALA at atom 5 (CA of residue GLY number 2), got GLY");
    other = topology;
    std::swap(other.atoms[2].name, other.atoms[3].name);
    EXPECT_EQ(describeDifference(subject, makeTopologySubject(other)),
            "name \"HB1\" at atom 2 (HB2 of residue ALA number 1), got \"HB2\"");
    other = topology;
    other.bonds.pop_back();
    EXPECT_EQ(describeDifference(subject, makeTopologySubject(other)),
            "a bond of atoms 10 (CA of residue ALA number 3) and 15 (CA of residue ALA number 4), got none");
    EXPECT_EQ(describeDifference(makeTopologySubject(other), subject),
            "no bond of atoms 10 (CA of residue ALA number 3) and 15 (CA of residue ALA number 4), got one");
    EXPECT_EQ(describeDifference(makeTopologySubject(topology, {0, 5}), makeTopologySubject(topology, {0, 10})),
            "chain number 1 at atom 10 (CA of residue ALA number 2), got number 2");
}

TEST(TestTopologySubject, NamesResiduesAsTheFileDoes) {
    const TopologySubject model = makeTopologySubject(makeChains(2, 2));
    TopologyRecord topology = makeChains(2, 2);
    topology.residueIds = {"57", "57A", "3", "4"};
    const auto expectText = [&](const std::string& text, const vector<int>& selection = {}) {
        expectMentions<ArgumentError>(text, [&] { checkTopology("here", model, topology, selection); });
    };
    topology.residueNames[1] = "GLY";
    expectText("with residue name ALA at atom 5 (CA of residue GLY 57A), got GLY");
    topology.residueNames[1] = "ALA";
    topology.atoms[9].residue = 2;
    expectText("with the residue of the atom before at atom 9 (HB3 of residue ALA 3), got one that begins");
    topology.atoms[9].residue = 1;
    topology.atoms[10].residue = 1;
    expectText("with a residue that begins at atom 10 (CA of residue ALA 57A), got the residue of the atom before");
    topology.atoms[10].residue = 2;
    topology.bonds.pop_back();
    expectText("with a bond of atoms 10 (CA of residue ALA 3) and 15 (CA of residue ALA 4), got none");

    // Of a selection too, whose residues are fewer than those of the topology.

    const TopologySubject part = makeTopologySubject(topology, {15, 16});
    topology.atoms[16].element = 7;
    expectMentions<ArgumentError>("with element C at atom 16 (CB of residue ALA 4), got N",
            [&] { checkTopology("here", part, topology, {}); });
    topology.residueIds.pop_back();
    expectMentions<ArgumentError>("expected a number for each of 4 residues or for none, got 3",
            [&] { checkTopology("here", part, topology, {}); });
}

// A solute may stand alone, or with any number of waters behind it.

TEST(TestTopologySubject, PartsKnowNothingOfTheRest) {
    const auto check = [](const TopologySubject& model, const TopologyRecord& topology) {
        checkTopology("here", model, topology, {});
    };
    vector<int> solute(10);
    std::iota(solute.begin(), solute.end(), 0);
    const TopologySubject model = makeTopologySubject(makeChains(2, 2), solute);
    for (int numChains : {1, 2, 5}) {
        const TopologyRecord topology = makeChains(numChains, 2);
        EXPECT_NO_THROW(check(model, topology)) << numChains;
        EXPECT_EQ(describeDifference(model, makeTopologySubject(topology, solute)), "");
    }
    expectMentions<ArgumentError>("here: expected a topology of at least 10 atoms as in training, got 5",
            [&] { check(model, makeChains(1, 1)); });
    expectMentions<ArgumentError>("with chain number 1 at atom 5 (CA of residue ALA number 2), got number 2",
            [&] { check(model, makeChains(2, 1)); });
    expectMentions<ArgumentError>("here: expected a topology of 10 atoms as in training, got 20",
            [&] { check(makeTopologySubject(makeChains(1, 2)), makeChains(2, 2)); });
}

TEST(TestTopologySubject, FingerprintsDifferWhereSystemsDiffer) {
    const TopologyRecord topology = makeChains(2, 2);
    std::set<string> fingerprints = {computeFingerprint(makeTopologySubject(topology)),
            computeFingerprint(makeTopologySubject(topology, {0, 5})),
            computeFingerprint(makeTopologySubject(makeChains(1, 4)))};
    TopologyRecord other = topology;
    other.bonds.pop_back();
    fingerprints.insert(computeFingerprint(makeTopologySubject(other)));
    EXPECT_EQ(fingerprints.size(), 4u);
    other = topology;
    std::reverse(other.bonds.begin(), other.bonds.end());
    EXPECT_EQ(computeFingerprint(makeTopologySubject(other)), computeFingerprint(makeTopologySubject(topology)));
}

TEST(TestTopologySubject, GroupExchangesHydrogensAndChains) {
    // Along a chain the places of residues differ; two chains may be exchanged as wholes.

    const TokenInputs one = describe(makeTopologySubject(makeChains(1, 3)));
    EXPECT_EQ(one.group.getOrder(), 6 * 6 * 6);
    const TokenInputs two = describe(makeTopologySubject(makeChains(2, 2)));
    EXPECT_EQ(two.group.getOrder(), 6 * 6 * 6 * 6 * 2);
    const TokenInputs alpha = describe(makeTopologySubject(makeChains(1, 3), {0, 5, 10}));
    EXPECT_EQ(alpha.group.getOrder(), 1);
}

TEST(TestTopologySubject, ClassesJoinExactlyWhatSymmetryExchanges) {
    const vector<int> classes = findAtomClasses(makeTopologySubject(makeChains(1, 3)).graph);
    EXPECT_EQ(classes[2], classes[3]);
    EXPECT_EQ(classes[2], classes[4]);
    EXPECT_EQ(classes[0], classes[10]) << "bonds alone know no direction";
    EXPECT_NE(classes[0], classes[5]);
    EXPECT_NE(classes[2], classes[7]);
}

TEST(TestTopologySubject, InputsOfAnotherSystemAreRefused) {
    const TopologySubject subject = makeTopologySubject(makeChains(1, 3));
    DenoiserModel model = makeSmallModel();
    const TopologyVocabularies vocabularies = makeTopologyVocabularies(subject);
    model.setVocabularies(vocabularies.atoms, vocabularies.pairs);
    EXPECT_EQ(describeTopology(subject, model).numTokens, 15);
    expectMentions<ArgumentError>("expected atomClass to be one of 0, 1, 2, 3, 4, 5, got 6 at atom 1 of the system",
            [&] { describeTopology(makeTopologySubject(makeChains(1, 5)), model); });
    expectMentions<ArgumentError>(
            "the model file is one of molecules", [&] { describeTopology(subject, makeSmallModel()); });
}

TEST(TestTopologySubject, BeadsAndFragmentsAreSystemsToo) {
    TopologyRecord topology;
    topology.residueNames = {"BEA"};
    for (int i = 0; i < 4; i++)
        topology.atoms.push_back({"", 0, 0, 0});
    topology.bonds = {{0, 1, 0}, {2, 3, 0}};
    const TopologySubject subject = makeTopologySubject(topology);
    EXPECT_EQ(describe(subject).group.getOrder(), 8);
}

TEST(TestTopologySubject, ModelFileKeepsIt) {
    TopologySubject subject = makeTopologySubject(makeChains(2, 2), {0, 1, 5, 6, 10, 15});
    subject.graph.tetrahedral.push_back({0, {{1, 2, 3, -1}}});
    subject.graph.torsional.push_back({{{0, 1, 2, 3}}, TorsionStereoKind::Trans});
    subject.numFrames = 12;
    subject.bonds.push_back({{{0, 1, -1}}, 1.5, 0.02, 1.4, 1.6});
    subject.angles.push_back({{{0, 1, 2}}, 110, 3, 100, 120});
    subject.contacts.push_back({1, 6, true, 2.1});
    DenoiserModel model = makeSmallModel();
    EXPECT_EQ(DenoiserModel::fromBytes(model.toBytes()).getTopology().getNumAtoms(), 0);
    model.setTopology(subject);
    const TopologySubject again = DenoiserModel::fromBytes(model.toBytes()).getTopology();
    EXPECT_EQ(describeDifference(subject, again), "");
    EXPECT_EQ(computeFingerprint(subject), computeFingerprint(again));
    EXPECT_EQ(again.toJson(), subject.toJson());
}

TEST(TestTopologySubject, DamagedTextIsRefused) {
    const string text = makeTopologySubject(makeChains(1, 1)).toJson();
    auto replace = [&](const string& from, const string& to) {
        string changed = text;
        const size_t place = changed.find(from);
        EXPECT_NE(place, string::npos) << from;
        return changed.replace(place, from.size(), to);
    };
    expectMentions<ArgumentError>(
            "here: expected an object in the topology", [&] { TopologySubject::fromJson("[1", "here: "); });
    const string deep = string(1000000, '[') + string(1000000, ']');
    expectMentions<ArgumentError>("got no JSON", [&] { TopologySubject::fromJson(replace("[0,1]", deep), ""); });
    expectMentions<ArgumentError>(
            "expected \"names\"", [&] { TopologySubject::fromJson(replace("\"names\"", "\"nomes\""), ""); });
    expectMentions<ArgumentError>("expected one element, name, residue and index for each atom",
            [&] { TopologySubject::fromJson(replace("\"HB3\"", "\"HB3\",\"X\""), ""); });
    expectMentions<ArgumentError>("expected an integer from 0 to 4 in \"bonds\" in the topology of the model, got 77",
            [&] { TopologySubject::fromJson(replace("[0,1]", "[0,77]"), ""); });
}
