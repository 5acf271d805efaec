// SPDX-License-Identifier: MIT
// Tests of the generator of backbones: what it refuses, inspection, independence of batches, several points a residue.
#include "Backbones.h"
#include "Matchers.h"
#include "Options.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/BackboneCheck.h"
#include "openmmorbit/BackboneGenerator.h"
#include "openmmorbit/ConformerGenerator.h"
#include "openmmorbit/OrbitDiffusionIntegrator.h"
#include "openmmorbit/TopologyGenerator.h"
#include <gtest/gtest.h>
#include <cmath>

using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

namespace {

std::unique_ptr<BackboneGenerator> makeGenerator(const DenoiserModel& model) {
    auto generator = std::make_unique<BackboneGenerator>(model);
    generator->setPlatformName(platformName());
    generator->setReturnFailed(true);
    generator->setMaxRedraws(0);
    SamplerSettings sampler;
    sampler.method = SamplerMethod::Euler;
    sampler.numSteps = 6;
    sampler.renewalRule = RenewalRule::Rate;
    sampler.renewal = 1;
    sampler.stereoGuidance = 0;
    generator->setSamplerSettings(sampler);
    return generator;
}

} // namespace

TEST(TestBackboneGenerator, RefusesOtherModels) {
    expectMentions<ArgumentError>("BackboneGenerator: expected a model of backbones, got one of molecules",
            [] { BackboneGenerator generator(makeSmallModel()); });
    expectMentions<ArgumentError>("TopologyGenerator: expected a model of a system, got one of backbones; use "
            "BackboneGenerator with it", [] { TopologyGenerator generator(makeBackboneModel()); });
}

TEST(TestBackboneGenerator, RefusesWhatTheModelHasNotSeen) {
    const auto generator = makeGenerator(makeBackboneModel());
    EXPECT_EQ(generator->getAtomsPerResidue(), 1);
    expectMentions<ArgumentError>("expected 20 to 40 residues as in training, got the backbone of 19 residues",
            [&] { generator->generate(makeBackbone({19}), 1); });
    expectMentions<ArgumentError>("got the backbone of 41 residues",
            [&] { generator->generate(makeBackbone({41}), 1); });
    expectMentions<ArgumentError>("expected at most 1 chain as in training, got 2",
            [&] { generator->generate(makeBackbone({15, 15}), 1); });
    DenoiserModel ofPairs = makeBackboneModel();
    BackboneStatistics statistics = ofPairs.getBackbones();
    statistics.maxChains = 2;
    statistics.shortestChain = 15;
    ofPairs.setBackbones(statistics);
    expectMentions<ArgumentError>("expected chains of at least 15 residues as in training, got 14 in chain B of the",
            [&] { makeGenerator(ofPairs)->checkBackbone(makeBackbone({16, 14})); });
    makeGenerator(ofPairs)->checkBackbone(makeBackbone({15, 15}));
    statistics.shortestChain = 1;
    ofPairs.setBackbones(statistics);
    expectMentions<ArgumentError>("expected chains of at least 2 residues, got 1 in chain B of the backbone of 30",
            [&] { makeGenerator(ofPairs)->checkBackbone(makeBackbone({29, 1})); });
    makeGenerator(ofPairs)->checkBackbone(makeBackbone({28, 2}));
    BackboneSubject broken = makeBackbone({30});
    broken.numbers.back() = 90;
    expectMentions<ArgumentError>("expected chains without breaks", [&] { generator->generate(broken, 1); });
    expectMentions<ArgumentError>("expected at least 1 copy, got 0",
            [&] { generator->generate(makeBackbone({30}), 0); });
    expectMentions<ArgumentError>("expected 1 numbers of copies",
            [&] { generator->generateBatch({makeBackbone({30})}, {1, 2}); });
}

TEST(TestBackboneGenerator, CopiesDependOnSeedAndRecordOnly) {
    const auto generator = makeGenerator(makeBackboneModel());
    const vector<Ensemble> together =
        generator->generateBatch({makeBackbone({25}), makeBackbone({40}, std::string(40, 'H'))}, {2, 3}, 7, 4);
    ASSERT_EQ(together.size(), 2u);
    EXPECT_EQ(together[0].getNumConformers(), 2);
    EXPECT_EQ(together[0].getNumAtoms(), 25);
    EXPECT_EQ(together[1].getNumConformers(), 3);
    EXPECT_EQ(together[1].getProvenance(2).copy, 2);
    EXPECT_EQ(together[1].getProvenance(2).record, 5);
    EXPECT_EQ(together[1].getProvenance(0).condition, "native");
    const Ensemble alone = generator->generate(makeBackbone({40}, std::string(40, 'H')), 3, 7, 5);
    const Ensemble open = generator->generate(makeBackbone({40}), 3, 7, 5);
    double difference = 0, change = 0;
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < 40; i++) {
            const OpenMM::Vec3 same = alone.getPositions(k)[i] - together[1].getPositions(k)[i];
            const OpenMM::Vec3 other = alone.getPositions(k)[i] - open.getPositions(k)[i];
            difference = std::max(difference, same.dot(same));
            change = std::max(change, other.dot(other));
        }
    EXPECT_LT(std::sqrt(difference), 1e-3);
    EXPECT_GT(std::sqrt(change), 1e-4) << "the secondary structure is an input";
}

TEST(TestBackboneGenerator, EveryCopyIsInspected) {
    // Pseudo-random weights give no backbones.

    for (int points : {1, 3}) {
        const DenoiserModel model = makeBackboneModel(points);
        const auto generator = makeGenerator(model);
        const BackboneSubject backbone = makeBackbone({20});
        const Ensemble ensemble = generator->generate(backbone, 2, 3);
        ASSERT_EQ(ensemble.getNumConformers(), 2);
        ASSERT_EQ(ensemble.getNumAtoms(), 20 * points);
        EXPECT_EQ(ensemble.getGraph().atoms[points / 2].name, "CA");
        for (int k = 0; k < 2; k++) {
            vector<double> positions;
            for (const OpenMM::Vec3& x : ensemble.getPositions(k))
                for (int c = 0; c < 3; c++)
                    positions.push_back(10 * x[c]);
            const ConformerStatus expected = checkBackbone(backbone, model.getBackbones(), positions);
            EXPECT_FALSE(ensemble.getStatus(k).isAccepted());
            EXPECT_EQ(ensemble.getStatus(k).message.substr(0, 20), expected.message.substr(0, 20));
        }
        generator->setReturnFailed(false);
        const Ensemble none = generator->generate(backbone, 2, 3);
        EXPECT_EQ(none.getNumFailures(), 2);
        EXPECT_NE(none.getMessage().find("expected 2 correct copies of the backbone of 20 residues, got 0"),
            std::string::npos) << none.getMessage();
    }
}

namespace {

/** A helix that starts somewhere, nm. */
GenerationStart makeHelixStart(int numResidues, int points) {
    GenerationStart start;
    for (double x : makeHelix(numResidues, points))
        start.positions.push_back(0.1 * x + 1.5);
    return start;
}

double getDistance(const OpenMM::Vec3& position, const GenerationStart& start, int atom) {
    OpenMM::Vec3 difference = position;
    for (int k = 0; k < 3; k++)
        difference[k] -= start.positions[3 * atom + k];
    return std::sqrt(difference.dot(difference));
}

} // namespace

TEST(TestBackboneGenerator, FixedAtomsComeBackWhereTheyAre) {
    for (int points : {1, 3}) {
        const auto generator = makeGenerator(makeBackboneModel(points));
        GenerationStart start = makeHelixStart(24, points);
        for (int atom = 6 * points; atom < 14 * points; atom++)
            start.fixed.push_back(atom);
        const Ensemble ensemble = generator->generate(makeBackbone({24}), 3, 5, 0, nullptr, start);
        for (int copy = 0; copy < 3; copy++) {
            const vector<OpenMM::Vec3>& found = ensemble.getPositions(copy);
            for (int atom : start.fixed)
                EXPECT_LT(getDistance(found[atom], start, atom), 1e-4) << "0.001 Angstrom";
            EXPECT_GT(getDistance(found[0], start, 0), 0.02) << "the others are generated";
        }
        EXPECT_FALSE(isClose("copies", ensemble.getPositions(0), ensemble.getPositions(1), {0, 1e-2}));
    }
}

TEST(TestBackboneGenerator, ALowLevelStaysNearTheStart) {
    const auto generator = makeGenerator(makeBackboneModel());
    GenerationStart start = makeHelixStart(24, 1);
    start.level = 0.1;
    const Ensemble near = generator->generate(makeBackbone({24}), 2, 5, 0, nullptr, start);
    EXPECT_LT(near.getProvenance(0).numEvaluations, 6) << "the steps above the level are left out";
    OpenMM::Vec3 center, expected;
    for (int atom = 0; atom < 24; atom++) {
        EXPECT_LT(getDistance(near.getPositions(0)[atom], start, atom), 0.15);
        center += near.getPositions(0)[atom] / 24;
        for (int k = 0; k < 3; k++)
            expected[k] += start.positions[3 * atom + k] / 24;
    }
    expectClose("centroid", vector<OpenMM::Vec3>{center}, vector<OpenMM::Vec3>{expected}, {0, 1e-5});
}

TEST(TestBackboneGenerator, EveryBackboneOfABatchHasItsStart) {
    const auto generator = makeGenerator(makeBackboneModel());
    vector<GenerationStart> starts = {makeHelixStart(24, 1), makeHelixStart(30, 1)};
    starts[0].fixed = {6, 7, 8, 9};
    starts[1].fixed = {20, 21, 22};
    const vector<BackboneSubject> backbones = {makeBackbone({24}), makeBackbone({30})};
    const vector<Ensemble> together = generator->generateBatch(backbones, {2, 1}, 5, 3, nullptr, starts);
    for (int k = 0; k < 2; k++) {
        const Ensemble alone = generator->generate(backbones[k], k == 0 ? 2 : 1, 5, 3 + k, nullptr, starts[k]);
        for (int copy = 0; copy < alone.getNumConformers(); copy++) {
            const vector<OpenMM::Vec3> found = together[k].getPositions(copy);
            for (int atom : starts[k].fixed)
                EXPECT_LT(getDistance(found[atom], starts[k], atom), 1e-4);
            expectClose("alone", alone.getPositions(copy), found, {0, 1e-3});
        }
    }
    expectMentions<ArgumentError>("expected 2 starts, one for each backbone, got 1",
            [&] { generator->generateBatch(backbones, {1, 1}, 5, 0, nullptr, {starts[0]}); });
    starts[1].level = 2;
    expectMentions<ArgumentError>("expected starts of one level",
            [&] { generator->generateBatch(backbones, {1, 1}, 5, 0, nullptr, starts); });
}

namespace {

/** Get the positions of copies with a secondary structure, under guidance of a scale. */
vector<OpenMM::Vec3> guide(const DenoiserModel& model, const std::string& structure, double scale,
        const GenerationStart& start = GenerationStart()) {
    const auto generator = makeGenerator(model);
    SamplerSettings sampler = generator->getSamplerSettings();
    sampler.guidanceScale = scale;
    sampler.sigmaMin = 0.07;
    generator->setSamplerSettings(sampler);
    BackboneSubject backbone = makeBackbone({24});
    if (!structure.empty())
        backbone.structure = structure;
    const Ensemble copies = generator->generate(backbone, 2, 5, 3, nullptr, start);
    const bool isGuided = scale != 1 && backbone.structure.find_first_not_of('?') != std::string::npos;
    EXPECT_EQ(copies.getProvenance(0).numEvaluations, (isGuided ? 2 : 1) * sampler.getNumEvaluations());
    vector<OpenMM::Vec3> all = copies.getPositions(0);
    all.insert(all.end(), copies.getPositions(1).begin(), copies.getPositions(1).end());
    return all;
}

double getLargestDistance(const vector<OpenMM::Vec3>& a, const vector<OpenMM::Vec3>& b) {
    double largest = 0;
    for (std::size_t i = 0; i < a.size(); i++)
        largest = std::max(largest, std::sqrt((a[i] - b[i]).dot(a[i] - b[i])));
    return largest;
}

} // namespace

TEST(TestBackboneGenerator, GuidanceMultipliesWhatTheStructureChanges) {
    // Without guidance the structure is ignored at a scale of 0 and followed at 1; open residues need no guidance.

    const DenoiserModel model = makeBackboneModel();
    const std::string helix(24, 'H');
    const vector<OpenMM::Vec3> open = guide(model, "", 1), followed = guide(model, helix, 1);
    EXPECT_GT(getLargestDistance(open, followed), 1e-2) << "the structure changes nothing";
    expectClose("ignored", guide(model, helix, 0), open, {1e-4, 1e-4});
    EXPECT_EQ(guide(model, "", 3), open);
    const double once = getLargestDistance(guide(model, helix, 1.001), followed);
    EXPECT_LT(once, 1e-2);
    EXPECT_GT(getLargestDistance(guide(model, helix, 3), followed), 10 * once);
}

TEST(TestBackboneGenerator, GuidedCopiesKeepFixedAtoms) {
    GenerationStart start = makeHelixStart(24, 1);
    start.fixed = {2, 3, 11};
    const vector<OpenMM::Vec3> copies = guide(makeBackboneModel(), std::string(24, 'E'), 2, start);
    for (int atom : start.fixed)
        EXPECT_LT(getDistance(copies[atom], start, atom), 1e-4);
}

TEST(TestBackboneGenerator, GuidanceNeedsLabels) {
    SamplerSettings sampler;
    sampler.guidanceScale = 2;
    ConformerGenerator conformers(makeSmallModel());
    expectMentions<ArgumentError>("ConformerGenerator::setSamplerSettings: expected a guidanceScale of 1 for this "
            "model, which has no secondary structure to guide by, got 2",
            [&] { conformers.setSamplerSettings(sampler); });
    OrbitDiffusionIntegrator integrator(makeSmallModel());
    expectMentions<ArgumentError>("OrbitDiffusionIntegrator::setSamplerSettings: expected a guidanceScale of 1",
            [&] { integrator.setSamplerSettings(sampler); });
    sampler.guidanceScale = -1;
    expectMentions<ArgumentError>("expected a finite guidanceScale of at least 0, got -1",
            [&] { sampler.validate(); });
}

TEST(TestBackboneGenerator, RefusesWrongStarts) {
    const auto generator = makeGenerator(makeBackboneModel());
    auto expectRefusal = [&](const std::string& words, const GenerationStart& start) {
        expectMentions<ArgumentError>(
                words, [&] { generator->generate(makeBackbone({24}), 1, 5, 0, nullptr, start); });
    };
    GenerationStart start = makeHelixStart(23, 1);
    expectRefusal("expected positions of 24 atoms to start from, got 69 coordinates", start);
    start = makeHelixStart(24, 1);
    start.level = 1000;
    expectRefusal("a level to start at above sigmaMin", start);
    start.level = 0;
    start.fixed = {3, 24};
    expectRefusal("expected fixed atoms below 24, each once, got 24", start);
    start.fixed = {3, 3};
    expectRefusal("each once, got 3", start);
    start.fixed.clear();
    for (int atom = 0; atom < 24; atom++)
        start.fixed.push_back(atom);
    expectRefusal("got all 24 atoms as fixed", start);
    start.fixed.clear();
    start.positions[5] = std::nan("");
    expectRefusal("expected finite positions", start);
}
