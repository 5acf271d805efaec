// SPDX-License-Identifier: MIT
// Tests of the generator of states: what it refuses, hands, inspection, independence of batches and platforms.
#include "Matchers.h"
#include "Models.h"
#include "Options.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/StateCheck.h"
#include "openmmorbit/TopologyGenerator.h"
#include "openmmorbit/TopologyInputs.h"
#include <gtest/gtest.h>

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

namespace {

/** CHFClBr with an arm of two beads. */
TopologyRecord makeTopology() {
    TopologyRecord topology;
    topology.residueNames = {"HAL"};
    for (int element : {6, 1, 9, 17, 35, 0, 0})
        topology.atoms.push_back({"A" + std::to_string(topology.atoms.size()), element, 0, 0});
    topology.bonds = {{0, 1, 0}, {0, 2, 0}, {0, 3, 0}, {0, 4, 0}, {4, 5, 0}, {5, 6, 0}};
    return topology;
}

DenoiserModel makeModel(OrbitRotations rotations, const vector<int>& selection = {}) {
    const TopologySubject subject = makeTopologySubject(makeTopology(), selection);
    const TopologyVocabularies vocabularies = makeTopologyVocabularies(subject);
    DenoiserModel model = DenoiserModel::createRandom(makeSmallSettings(), 1, vocabularies.atoms, vocabularies.pairs);
    model.setRotations(rotations);
    TopologySubject known = subject;
    if (selection.empty())
        known.graph.tetrahedral.push_back({0, {{1, 2, 3, 4}}});
    model.setTopology(known);
    return model;
}

std::unique_ptr<TopologyGenerator> makeGenerator(const DenoiserModel& model) {
    auto generator = std::make_unique<TopologyGenerator>(model);
    generator->setPlatformName(platformName());
    SamplerSettings sampler;
    sampler.numSteps = 6;
    generator->setSamplerSettings(sampler);
    return generator;
}

} // namespace

TEST(TestTopologyGenerator, RefusesModelsOfMolecules) {
    expectMentions<ArgumentError>("TopologyGenerator: expected a model of a system, got one of molecules",
            [] { TopologyGenerator generator(makeSmallModel()); });
}

TEST(TestTopologyGenerator, NamesTheFirstDifferenceOfAnotherSystem) {
    const auto generator = makeGenerator(makeModel(OrbitRotations::Proper));
    TopologyRecord topology = makeTopology();
    generator->checkTopology(topology);
    topology.atoms[3].element = 35;
    expectMentions<ArgumentError>(
            "with element Cl at atom 3 (A3 of residue HAL 0), got Br", [&] { generator->checkTopology(topology); });
    topology.atoms.pop_back();
    expectMentions<ArgumentError>(
            "expected a topology of 7 atoms as in training, got 6", [&] { generator->checkTopology(topology); });
    const auto part = makeGenerator(makeModel(OrbitRotations::Proper, {0, 1, 2, 5}));
    part->checkTopology(makeTopology());
    part->checkTopology(makeTopology(), {5, 2, 1, 0});
    expectMentions<ArgumentError>("expected the topology that the model was trained for, with 4 atoms, got 3", [&] {
        part->checkTopology(makeTopology(), {0, 1, 2});
    });
}

TEST(TestTopologyGenerator, ReflectsWhereBothHandsAreAsProbable) {
    const auto generator = makeGenerator(makeModel(OrbitRotations::WithReflections));
    generator->setReturnFailed(true);
    generator->setMaxRedraws(0);
    const Ensemble ensemble = generator->generate(20, 5);
    ASSERT_EQ(ensemble.getNumConformers(), 20);
    int numReflected = 0;
    for (int i = 0; i < 20; i++) {
        EXPECT_EQ(ensemble.getStatus(i).message.find("is inverted"), std::string::npos);
        numReflected += ensemble.getProvenance(i).mirrored;
    }
    EXPECT_GT(numReflected, 0);
    const auto proper = makeGenerator(makeModel(OrbitRotations::Proper));
    proper->setReturnFailed(true);
    proper->setMaxRedraws(0);
    const Ensemble other = proper->generate(20, 5);
    int numInverted = 0;
    for (int i = 0; i < 20; i++) {
        EXPECT_FALSE(other.getProvenance(i).mirrored);
        numInverted += other.getStatus(i).message.find("is inverted") != std::string::npos;
    }
    EXPECT_EQ(numInverted, numReflected) << "the same noise, not reflected";
}

TEST(TestTopologyGenerator, DrawsWrongStatesAgain) {
    const auto generator = makeGenerator(makeModel(OrbitRotations::Proper));
    generator->setMaxRedraws(50);
    const Ensemble ensemble = generator->generate(8, 3);
    ASSERT_GT(ensemble.getNumConformers(), 4) << ensemble.getMessage();
    int most = 0;
    for (int i = 0; i < ensemble.getNumConformers(); i++) {
        vector<double> positions;
        for (const OpenMM::Vec3& x : ensemble.getPositions(i))
            for (int k = 0; k < 3; k++)
                positions.push_back(10 * x[k]);
        EXPECT_TRUE(checkState(generator->getTopology(), positions).isAccepted());
        most = std::max(most, ensemble.getProvenance(i).numResamplings);
    }
    EXPECT_GT(most, 0);
    generator->setCheckCopies(false);
    const Ensemble all = generator->generate(8, 3);
    EXPECT_EQ(all.getNumConformers(), 8);
    for (int i = 0; i < 8; i++)
        EXPECT_EQ(all.getProvenance(i).numResamplings, 0);
}

TEST(TestTopologyGenerator, StatesDependOnSeedAndNumberOnly) {
    const auto generator = makeGenerator(makeModel(OrbitRotations::Proper));
    generator->setCheckCopies(false);
    const Ensemble few = generator->generate(2, 9), many = generator->generate(5, 9),
                   others = generator->generate(2, 8);
    for (int i = 0; i < 2; i++) {
        expectClose("positions", few.getPositions(i), many.getPositions(i), {0, 1e-5});
        EXPECT_FALSE(isClose("positions", few.getPositions(i), others.getPositions(i), {0, 1e-3}));
    }
    EXPECT_EQ(few.getProvenance(0).seed, 9);
    EXPECT_EQ(few.getNumAtoms(), 7);
    EXPECT_EQ(few.getGraph().atoms[3].name, "A3");
}

TEST(TestTopologyGenerator, RefusesNumbersOutOfRange) {
    const auto generator = makeGenerator(makeModel(OrbitRotations::Proper));
    expectMentions<ArgumentError>(
            "TopologyGenerator::generate: expected at least 1 state, got 0", [&] { generator->generate(0); });
    expectMentions<ArgumentError>("TopologyGenerator::setMaxRedraws: expected at least 0 redraws, got -1",
            [&] { generator->setMaxRedraws(-1); });
    expectMentions<ArgumentError>(
            "TopologyGenerator::setCondition: expected one of the model's conditions (\"GFN2-xTB\"",
            [&] { generator->setCondition("400 K"); });
    generator->setPlatformName("Abacus");
    expectMentions<ArgumentError>("TopologyGenerator::setPlatformName", [&] { generator->generate(1); });
}
