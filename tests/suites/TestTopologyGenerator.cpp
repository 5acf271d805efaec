// SPDX-License-Identifier: MIT
// Tests of the generator of states: what it refuses, hands, inspection, independence of batches and platforms.
#include "Matchers.h"
#include "Models.h"
#include "Options.h"
#include "SystemModels.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/ConformerGenerator.h"
#include "openmmorbit/StateCheck.h"
#include "openmmorbit/TopologyGenerator.h"
#include "openmmorbit/TopologyInputs.h"
#include <gtest/gtest.h>

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

namespace {

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
    const DenoiserModel model = makeArmedHalideModel(OrbitRotations::Proper);
    expectMentions<ArgumentError>("ConformerGenerator: expected a model of molecules, got one of a system; use "
            "TopologyGenerator with it", [&] { ConformerGenerator generator(model); });
}

TEST(TestTopologyGenerator, ALevelNeedsPositions) {
    const auto generator = makeGenerator(makeArmedHalideModel(OrbitRotations::Proper));
    GenerationStart start;
    start.level = 1;
    expectMentions<ArgumentError>("TopologyGenerator::generate: expected positions to start from beside a level of 1",
            [&] { generator->generate(1, 1, nullptr, 0, start); });
    start.level = 1e-9;
    expectMentions<ArgumentError>("SamplerSettings::startAt: expected a level to start at above sigmaMin",
            [&] { generator->generate(1, 1, nullptr, 0, start); });
}

TEST(TestTopologyGenerator, NamesTheFirstDifferenceOfAnotherSystem) {
    const auto generator = makeGenerator(makeArmedHalideModel(OrbitRotations::Proper));
    TopologyRecord topology = makeArmedHalide();
    generator->checkTopology(topology);
    topology.atoms[3].element = 35;
    expectMentions<ArgumentError>("with element Cl at atom 3 (A3 of residue HAL number 1), got Br",
            [&] { generator->checkTopology(topology); });
    topology.atoms.pop_back();
    expectMentions<ArgumentError>(
            "expected a topology of 7 atoms as in training, got 6", [&] { generator->checkTopology(topology); });
    const auto part = makeGenerator(makeArmedHalideModel(OrbitRotations::Proper, {0, 1, 2, 5}));
    part->checkTopology(makeArmedHalide());
    part->checkTopology(makeArmedHalide(), {5, 2, 1, 0});
    expectMentions<ArgumentError>("expected the topology that the model was trained for, with 4 atoms, got 3", [&] {
        part->checkTopology(makeArmedHalide(), {0, 1, 2});
    });
}

TEST(TestTopologyGenerator, ReflectsWhereBothHandsAreAsProbable) {
    const auto generator = makeGenerator(makeArmedHalideModel(OrbitRotations::WithReflections));
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
    const auto proper = makeGenerator(makeArmedHalideModel(OrbitRotations::Proper));
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

TEST(TestTopologyGenerator, RedrawsWrongStates) {
    const auto generator = makeGenerator(makeArmedHalideModel(OrbitRotations::Proper));
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
    const auto generator = makeGenerator(makeArmedHalideModel(OrbitRotations::Proper));
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

TEST(TestTopologyGenerator, CallsShareTheStatesOfASeed) {
    const auto generator = makeGenerator(makeArmedHalideModel(OrbitRotations::Proper));
    generator->setCheckCopies(false);
    const Ensemble all = generator->generate(4, 9), rest = generator->generate(2, 9, nullptr, 2);
    for (int i = 0; i < 2; i++) {
        expectClose("positions", rest.getPositions(i), all.getPositions(2 + i), {0, 1e-5});
        EXPECT_EQ(rest.getProvenance(i).copy, 2 + i);
    }
    expectMentions<ArgumentError>("expected at least 0 as the number of the first state, got -1",
            [&] { generator->generate(2, 9, nullptr, -1); });
}

TEST(TestTopologyGenerator, RefusesNumbersOutOfRange) {
    const auto generator = makeGenerator(makeArmedHalideModel(OrbitRotations::Proper));
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

namespace {

/** A pair of atoms whose network answers zero: its denoised positions shrink, so every step is linear. */
DenoiserModel makeLinearModel() {
    TopologyRecord topology;
    topology.residueNames = {"ARG"};
    topology.atoms = {{"A", 18, 0, 0}, {"B", 18, 0, 0}, {"C", 10, 0, 0}};
    const TopologySubject subject = makeTopologySubject(topology);
    const TopologyVocabularies vocabularies = makeTopologyVocabularies(subject);
    PairBiasTransformerSettings settings = makeSmallSettings();
    settings.dataScale = 0.8;
    DenoiserModel model = DenoiserModel::createRandom(settings, 1, vocabularies.atoms, vocabularies.pairs);
    for (const std::string& name : model.getTensorNames()) {
        ModelTensor tensor = model.getTensor(name);
        if (name != "time.frequencies")
            std::fill(tensor.values.begin(), tensor.values.end(), 0.0f);
        model.setTensor(name, tensor);
    }
    model.setRotations(OrbitRotations::Proper);
    model.setTopology(subject);
    return model;
}

SamplerSettings makePlainSampler(SamplerMethod method) {
    SamplerSettings sampler;
    sampler.method = method;
    sampler.numSteps = method == SamplerMethod::Bespoke ? 8 : 5;
    sampler.sigmaMax = 4;
    sampler.renewal = 0;
    sampler.stereoGuidance = 0;
    return sampler;
}

vector<double> getCoordinates(const Ensemble& ensemble, int index) {
    vector<double> coordinates;
    for (const OpenMM::Vec3& x : ensemble.getPositions(index))
        coordinates.insert(coordinates.end(), {x[0], x[1], x[2]});
    return coordinates;
}

double dot(const vector<double>& a, const vector<double>& b) {
    double sum = 0;
    for (size_t k = 0; k < a.size(); k++)
        sum += a[k] * b[k];
    return sum;
}

} // namespace

TEST(TestTopologyGenerator, DensityOfALinearFlowIsGaussian) {
    // Denoised positions are y / (1 + (sigma / scale)^2): a step multiplies positions by a number, so the result is
    // normally distributed with a known variance.

    for (SamplerMethod method : {SamplerMethod::Euler, SamplerMethod::Heun}) {
        const auto generator = makeGenerator(makeLinearModel());
        const SamplerSettings sampler = makePlainSampler(method);
        generator->setSamplerSettings(sampler);
        const vector<double> levels = sampler.getNoiseLevels();
        double factor = 1;
        auto slope = [](double sigma) {
            return sigma / (sigma * sigma + 0.8 * 0.8);
        };
        for (int k = 0; k < sampler.numSteps; k++) {
            const double h = levels[k + 1] - levels[k], first = slope(levels[k]), euler = 1 + h * first;
            factor *= method == SamplerMethod::Euler || levels[k + 1] == 0
                    ? euler
                    : 1 + h * 0.5 * (first + euler * slope(levels[k + 1]));
        }
        const double deviation = 0.1 * std::abs(factor) * sampler.sigmaMax;
        const Ensemble states = generator->generateWithDensity(3, 4);
        vector<double> all;
        for (int i = 0; i < 3; i++) {
            const vector<double> x = getCoordinates(states, i);
            const double expected =
                    -0.5 * dot(x, x) / (deviation * deviation) - 6 * std::log(deviation * std::sqrt(2 * M_PI));
            expectClose("density", states.getProvenance(i).logDensity, expected, {2e-3, 2e-3});
            all.insert(all.end(), x.begin(), x.end());
        }
        const vector<double> again = generator->computeLogDensities(all).values;
        for (int i = 0; i < 3; i++)
            expectClose("density of given states", again[i], states.getProvenance(i).logDensity, {2e-3, 2e-3});
    }
}

TEST(TestTopologyGenerator, DensityFollowsTheSamplersOwnSteps) {
    // A network with random weights: states are those of generate(), and the way back finds the same density.

    const auto generator = makeGenerator(makeArmedHalideModel(OrbitRotations::Proper));
    generator->setCheckCopies(false);
    for (SamplerMethod method : {SamplerMethod::Heun, SamplerMethod::Bespoke}) {
        generator->setSamplerSettings(makePlainSampler(method));
        const Ensemble plain = generator->generate(2, 6), states = generator->generateWithDensity(2, 6);
        for (int i = 0; i < 2; i++) {
            expectClose("states", states.getPositions(i), plain.getPositions(i), {2e-2, 2e-3});
            EXPECT_TRUE(std::isnan(plain.getProvenance(i).logDensity));
            const double found = generator->computeLogDensities(getCoordinates(states, i)).values[0];
            expectClose("density", found, states.getProvenance(i).logDensity, {0, 0.05});
        }
    }
}

TEST(TestTopologyGenerator, EstimatedDensitiesAgreeWithExactOnes) {
    // Random vectors estimate each determinant. Their errors are told, and 100 estimates are as far off as these say.

    const auto generator = makeGenerator(makeArmedHalideModel(OrbitRotations::Proper));
    generator->setSamplerSettings(makePlainSampler(SamplerMethod::Heun));
    EXPECT_EQ(generator->getNumProbes(), 0);
    const Ensemble exact = generator->generateWithDensity(20, 6);
    generator->setNumProbes(16);
    const Ensemble estimated = generator->generateWithDensity(20, 6);
    double sum = 0, squares = 0;
    for (int i = 0; i < 20; i++) {
        const ConformerProvenance& found = estimated.getProvenance(i);
        EXPECT_EQ(exact.getProvenance(i).logDensityError, 0);
        ASSERT_GT(found.logDensityError, 0);
        EXPECT_LT(found.logDensityError, 3);
        const double deviation = (found.logDensity - exact.getProvenance(i).logDensity) / found.logDensityError;
        sum += deviation;
        squares += deviation * deviation;
        expectClose("states", estimated.getPositions(i), exact.getPositions(i), {2e-2, 2e-3});
    }
    EXPECT_LT(std::abs(sum) / std::sqrt(20.0), 3.5) << "unbiased";
    EXPECT_GT(squares / 20, 0.3);
    EXPECT_LT(squares / 20, 3);

    // Back again, with other random vectors.

    const LogDensities again = generator->computeLogDensities(getCoordinates(exact, 0));
    EXPECT_GT(again.errors[0], 0);
    EXPECT_LT(std::abs(again.values[0] - exact.getProvenance(0).logDensity), 5 * again.errors[0] + 0.05);
}

TEST(TestTopologyGenerator, EstimatesOfAMultipleOfOneAreExact) {
    const auto generator = makeGenerator(makeLinearModel());
    generator->setSamplerSettings(makePlainSampler(SamplerMethod::Heun));
    const Ensemble exact = generator->generateWithDensity(1, 4);
    generator->setNumProbes(2);
    const Ensemble estimated = generator->generateWithDensity(1, 4);
    expectClose("density", estimated.getProvenance(0).logDensity, exact.getProvenance(0).logDensity, {2e-3, 2e-3});
    EXPECT_LT(estimated.getProvenance(0).logDensityError, 1e-2);
    for (int number : {-2, 1})
        expectMentions<ArgumentError>("at least 2 random vectors", [&] { generator->setNumProbes(number); });
}

TEST(TestTopologyGenerator, LongStepsThatFoldSpaceAreTold) {
    // Large weights make a rough flow. Many short steps find their way back; few long ones meet folds, and say so.

    DenoiserModel model = makeArmedHalideModel(OrbitRotations::Proper);
    for (const std::string& name : model.getTensorNames()) {
        ModelTensor tensor = model.getTensor(name);
        if (name != "time.frequencies")
            for (float& value : tensor.values)
                value *= 2.5f;
        model.setTensor(name, tensor);
    }
    const auto generator = makeGenerator(model);
    SamplerSettings sampler = makePlainSampler(SamplerMethod::Heun);
    sampler.sigmaMax = 10;
    sampler.numSteps = 3;
    generator->setSamplerSettings(sampler);
    const Ensemble folded = generator->generateWithDensity(12, 4);
    EXPECT_NE(folded.getMessage().find("expected steps that do not fold space, got some on the way of"),
            std::string::npos) << folded.getMessage();
    sampler.numSteps = 100;
    generator->setSamplerSettings(sampler);
    const Ensemble smooth = generator->generateWithDensity(4, 4);
    EXPECT_EQ(smooth.getMessage(), "");
    for (int i = 0; i < 4; i++) {
        const LogDensities again = generator->computeLogDensities(getCoordinates(smooth, i));
        EXPECT_EQ(again.message, "");
        expectClose("density", again.values[0], smooth.getProvenance(i).logDensity, {0, 0.2});
    }
}

TEST(TestTopologyGenerator, RefusesDensitiesOfOtherSamplers) {
    const auto generator = makeGenerator(makeArmedHalideModel(OrbitRotations::Proper));
    auto expectRefusal = [&](const std::string& words, const SamplerSettings& sampler) {
        generator->setSamplerSettings(sampler);
        expectMentions<ArgumentError>(words, [&] { generator->generateWithDensity(1, 1); });
        expectMentions<ArgumentError>(words, [&] { generator->computeLogDensities(vector<double>(21, 0.1)); });
    };
    SamplerSettings sampler = makePlainSampler(SamplerMethod::Euler);
    sampler.renewal = 0.5;
    expectRefusal("set renewal to 0", sampler);
    expectRefusal("use the method bespoke, heun or euler", makePlainSampler(SamplerMethod::Multistep));
    generator->setSamplerSettings(makePlainSampler(SamplerMethod::Euler));
    expectMentions<ArgumentError>("expected positions of states of 7 atoms, got 20 coordinates",
            [&] { generator->computeLogDensities(vector<double>(20)); });
    const auto reflected = makeGenerator(makeArmedHalideModel(OrbitRotations::WithReflections));
    reflected->setSamplerSettings(makePlainSampler(SamplerMethod::Euler));
    expectMentions<ArgumentError>(
            "train it with the setting rotations \"SO3\"", [&] { reflected->generateWithDensity(1, 1); });
    DenoiserModel model = makeArmedHalideModel(OrbitRotations::Proper);
    model.addSelfConditioning();
    const auto conditioned = makeGenerator(model);
    conditioned->setSamplerSettings(makePlainSampler(SamplerMethod::Euler));
    const std::string words = "got one that is self-conditioned; train it without selfConditioning";
    expectMentions<ArgumentError>(words, [&] { conditioned->generateWithDensity(1, 1); });
    expectMentions<ArgumentError>(words, [&] { conditioned->computeLogDensities(vector<double>(21, 0.1)); });
}
