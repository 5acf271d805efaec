// SPDX-License-Identifier: MIT
// Tests of backbones: chains and breaks, features, symmetry, statistics, model files.
#include "Backbones.h"
#include "Matchers.h"
#include "openmmorbit/ArgumentError.h"
#include <gtest/gtest.h>

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

namespace {

/** Get the values of a token feature: the rows without the offset of its vocabulary. */
vector<int> getColumn(const TokenInputs& inputs, const DenoiserModel& model, int feature) {
    int offset = 0;
    for (int f = 0; f < feature; f++)
        offset += (int) model.getAtomVocabularies()[f].values.size();
    vector<int> column;
    for (int i = 0; i < inputs.numTokens; i++)
        column.push_back(inputs.tokenFeatures[i * inputs.numTokenFeatures + feature] - offset);
    return column;
}

/** Two chains, the first with a break behind its second residue. */
BackboneSubject makeBroken() {
    BackboneSubject backbone = makeBackbone({4, 2}, "HE?CHC");
    backbone.numbers = {-1, 0, 5, 6, 1, 2};
    return backbone;
}

} // namespace

TEST(TestBackboneSubject, ChainsAreBondedWhereNumbersFollow) {
    const BackboneSubject backbone = makeBroken();
    EXPECT_NO_THROW(backbone.validate());
    EXPECT_EQ(backbone.getNumChains(), 2);
    EXPECT_TRUE(backbone.hasBreaks());
    EXPECT_FALSE(makeBackbone({4, 2}).hasBreaks());
    const vector<bool> expected = {true, false, true, false, true, false};
    for (int i = 0; i < 6; i++)
        EXPECT_EQ(backbone.isBonded(i), expected[i]) << i;
    const MolecularGraph trace = makeBackboneGraph(backbone, 1), atoms = makeBackboneGraph(backbone, 3);
    EXPECT_EQ(trace.getNumAtoms(), 6);
    EXPECT_EQ(trace.bonds.size(), 3u);
    EXPECT_EQ(atoms.getNumAtoms(), 18);
    EXPECT_EQ(atoms.bonds.size(), 12u + 3u);
    EXPECT_EQ(atoms.atoms[3].name, "N");
    EXPECT_EQ(atoms.atoms[3].element, 7);
    EXPECT_EQ(atoms.atoms[4].name, "CA");
    EXPECT_EQ(atoms.atoms[5].name, "C");
    EXPECT_EQ(atoms.bonds[2].atom1, 2);
    EXPECT_EQ(atoms.bonds[2].atom2, 3);
}

TEST(TestBackboneSubject, NamesWhatIsWrong) {
    BackboneSubject backbone = makeBackbone({5});
    backbone.name = "1abc";
    backbone.structure = "HHXHH";
    expectMentions<ArgumentError>("secondary structure of the backbone \"1abc\" of 5 residues, got 'X' for residue 3 "
            "of chain A", [&] { backbone.validate(); });
    backbone.structure = "HHHH";
    expectMentions<ArgumentError>("one letter for each residue", [&] { backbone.validate(); });
    backbone.structure = "HHHHH";
    backbone.numbers[3] = 3;
    expectMentions<ArgumentError>("ascending numbers of residues", [&] { backbone.validate(); });
    backbone.numbers[3] = 2000000000;
    expectMentions<ArgumentError>("got 2000000000", [&] { backbone.validate(); });
    backbone = makeBackbone({2, 2});
    backbone.chains = {0, 0, 2, 2};
    expectMentions<ArgumentError>("chain 2 after chain 0", [&] { backbone.validate(); });
    backbone.chains = {1, 1, 1, 1};
    expectMentions<ArgumentError>("chains counted from 0", [&] { backbone.validate(); });
    expectMentions<ArgumentError>("expected 1 to 10000 residues", [] { makeBackbone({}); });
    expectMentions<ArgumentError>("got 0", [] { makeBackbone({5, 0}); });
    expectMentions<ArgumentError>("each of 5 residues, got 4", [] { makeBackbone({5}, "HHHH"); });
    expectMentions<ArgumentError>("got 2", [] { makeBackboneGraph(makeBackbone({5}), 2); });
}

TEST(TestBackboneSubject, FeaturesHaveTheValuesOfTheirTables) {
    const DenoiserModel model = makeBackboneModel();
    const TokenInputs inputs = describeBackbone(makeBroken(), model);
    EXPECT_EQ(inputs.numTokens, 6);
    EXPECT_EQ(inputs.pointsPerToken, 1);
    EXPECT_EQ(inputs.rotations, OrbitRotations::Proper);
    EXPECT_TRUE(inputs.handedVolumes.empty());
    EXPECT_EQ(getColumn(inputs, model, 0), (vector<int>{1, 2, 0, 3, 1, 3}));
    EXPECT_EQ(getColumn(inputs, model, 1), (vector<int>{0, 1, 2, 3, 0, 1}));
    EXPECT_EQ(getColumn(inputs, model, 2), (vector<int>{3, 2, 1, 0, 1, 0}));
    EXPECT_EQ(getColumn(inputs, model, 3), (vector<int>{0, 2, 1, 0, 0, 0}));
    EXPECT_EQ(getColumn(inputs, model, 4), vector<int>(6, 0));
    ASSERT_EQ(inputs.numPairFeatures, 1);
    auto pair = [&](int i, int j) { return inputs.pairFeatures[6 * i + j]; };
    EXPECT_EQ(pair(0, 4), 0) << "the row of two chains";
    EXPECT_EQ(pair(0, 0), 64);
    EXPECT_EQ(pair(0, 1), 65);
    EXPECT_EQ(pair(1, 2), 69) << "over the break";
    EXPECT_EQ(pair(3, 0), 57);
}

TEST(TestBackboneSubject, FarResiduesAndLongBackbonesSaturate) {
    const DenoiserModel model = makeBackboneModel();
    const TokenInputs inputs = describeBackbone(makeBackbone({100}), model);
    EXPECT_EQ(inputs.pairFeatures[70], 64 + 63);
    EXPECT_EQ(inputs.pairFeatures[99 * 100], 64 - 63);
    EXPECT_EQ(getColumn(inputs, model, 1)[50], 15);
    EXPECT_EQ(getColumn(inputs, model, 4)[0], 5) << "the last one of the vocabulary";
    EXPECT_EQ(getColumn(describeBackbone(makeBackbone({31}), model), model, 4)[0], 3);
    EXPECT_THROW(makeBackboneVocabularies(0), ArgumentError);
    expectMentions<ArgumentError>("expected the name of a residue feature of a backbone, got \"element\"",
            [] { describeBackbone(makeBackbone({5}), makeSmallModel()); });
}

TEST(TestBackboneSubject, OnlyIdenticalChainsChangePlaces) {
    const DenoiserModel model = makeBackboneModel(3);
    auto getOrder = [&](const vector<int>& lengths, const std::string& structure) {
        const BackboneSubject backbone = makeBackbone(lengths, structure);
        TokenInputs inputs = describeBackbone(backbone, model);
        EXPECT_EQ(inputs.pointsPerToken, 3);
        addSymmetryGroup(backbone, inputs);
        EXPECT_EQ(inputs.group.numAtoms, backbone.getNumResidues());
        EXPECT_TRUE(inputs.group.complete);
        return inputs.group.getOrder();
    };
    EXPECT_EQ(getOrder({12}, ""), 1);
    EXPECT_EQ(getOrder({6, 6}, ""), 2);
    EXPECT_EQ(getOrder({6, 6, 6}, ""), 6);
    EXPECT_EQ(getOrder({6, 7}, ""), 1);
    EXPECT_EQ(getOrder({3, 3}, "HHHHHE"), 1);
    TokenInputs other = describeBackbone(makeBackbone({5}), model);
    EXPECT_THROW(addSymmetryGroup(makeBackbone({6}), other), ArgumentError);
}

TEST(TestBackboneSubject, ModelFilesKeepTheStatistics) {
    const DenoiserModel model = makeBackboneModel(3);
    const BackboneStatistics& written = model.getBackbones();
    const BackboneStatistics read = DenoiserModel::fromBytes(model.toBytes()).getBackbones();
    EXPECT_EQ(read.numBackbones, 21);
    EXPECT_EQ(read.shortest, 20);
    EXPECT_EQ(read.longest, 40);
    EXPECT_EQ(read.maxChains, 1);
    EXPECT_EQ(read.shortestChain, 20);
    EXPECT_FALSE(read.hasBreaks);
    EXPECT_EQ(read.closest, written.closest);
    EXPECT_EQ(read.maxLeftTurns, 0);
    ASSERT_EQ(read.ranges.size(), 8u);
    for (std::size_t k = 0; k < 8; k++) {
        EXPECT_EQ(read.ranges[k].name, written.ranges[k].name);
        EXPECT_EQ(read.ranges[k].mean, written.ranges[k].mean);
        EXPECT_EQ(read.ranges[k].highest, written.ranges[k].highest);
    }
    EXPECT_EQ(DenoiserModel::fromBytes(makeSmallModel().toBytes()).getBackbones().numBackbones, 0);
}

TEST(TestBackboneSubject, DamagedStatisticsAreRefused) {
    const std::string text = makeHelixStatistics().toJson();
    EXPECT_EQ(BackboneStatistics::fromJson(text, "").toJson(), text);
    std::string older = text;
    older.erase(older.find(",\"shortestChain\":20"), std::string(",\"shortestChain\":20").size());
    EXPECT_EQ(BackboneStatistics::fromJson(older, "").shortestChain, 2);
    auto replace = [&](const std::string& from, const std::string& to) {
        std::string changed = text;
        changed.replace(changed.find(from), from.size(), to);
        return changed;
    };
    for (const std::string& changed : {std::string("{"), std::string("[]"), replace("\"longest\":40", "\"longest\":19"),
                 replace("\"shortest\":20", "\"shortest\":0"),
                 replace("\"shortestChain\":20", "\"shortestChain\":21"), replace("\"hasBreaks\":0", "\"hasBreaks\":2"),
                 replace("\"closest\"", "\"nearest\""), replace("\"CA-CA\"", "7"), replace("\"CA-CA\",", "")})
        expectMentions<ArgumentError>("of the model, got", [&] { BackboneStatistics::fromJson(changed, "here: "); });
}
