// SPDX-License-Identifier: MIT
// Tests of the generator: independence of batches, inspection and redraws, stopping, refusals.
#include "Matchers.h"
#include "Models.h"
#include "Options.h"
#include "Systems.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/ConformerGenerator.h"
#include "openmmorbit/OrbitDiffusionIntegrator.h"
#include <gtest/gtest.h>
#include <algorithm>
#include <array>
#include <thread>

using namespace OpenMM;
using namespace OrbitPlugin;
using namespace testSupport;

namespace {

SamplerSettings makeSampler(int numSteps, SamplerMethod method = SamplerMethod::Heun) {
    SamplerSettings settings;
    settings.numSteps = numSteps;
    settings.method = method;
    return settings;
}

std::unique_ptr<ConformerGenerator> makeGenerator(const DenoiserModel& model, bool check) {
    auto generator = std::make_unique<ConformerGenerator>(model);
    generator->setPlatformName(platformName());
    generator->setSamplerSettings(makeSampler(3));
    generator->setCheckConformers(check);
    return generator;
}

/**
 * A model whose network answers zero everywhere: it generates normally distributed atoms of standard deviation scale.
 */
DenoiserModel makeGaussianModel(double scale) {
    PairBiasTransformerSettings settings = makeSmallSettings();
    settings.dataScale = scale;
    DenoiserModel model = DenoiserModel::createRandom(settings, 1);
    for (const std::string& name : model.getTensorNames()) {
        ModelTensor tensor = model.getTensor(name);
        if (name != "time.frequencies")
            std::fill(tensor.values.begin(), tensor.values.end(), 0.0f);
        model.setTensor(name, tensor);
    }
    return model;
}

/** Two carbon atoms: normally distributed, their bond length is often right and often wrong. */
MolecularGraph makePair() {
    return makeGraph("pair", {6, 6}, {{0, 1}});
}

/** Phosphorus with three different neighbours and a requested handedness. */
MolecularGraph makePyramid() {
    MolecularGraph graph = makeGraph("pyramid", {15, 9, 17, 35}, {{0, 1}, {0, 2}, {0, 3}});
    graph.tetrahedral.push_back({0, {1, 2, 3, -1}});
    return graph;
}

class Counter : public ProgressCallback {
public:
    explicit Counter(int limit) : limit(limit) {
    }
    bool report(int finished, int copies, double newFraction) override {
        EXPECT_LE(finished, copies);
        numFinished = finished;
        numCopies = copies;
        fraction = newFraction;
        return ++numCalls < limit;
    }
    int limit, numCalls = 0, numFinished = 0, numCopies = 0;
    double fraction = -1;
};

} // namespace

TEST(ConformerGenerator, startsWithTheSamplerOfTheModel) {
    DenoiserModel model = makeSmallModel();
    EXPECT_EQ(ConformerGenerator(model).getSamplerSettings().numSteps, SamplerSettings().numSteps);
    model.setSamplerSettings(makeSampler(2, SamplerMethod::Euler));
    ConformerGenerator generator(model);
    EXPECT_EQ(generator.getSamplerSettings().method, SamplerMethod::Euler);
    EXPECT_EQ(generator.getSamplerSettings().numSteps, 2);
    EXPECT_EQ(OrbitDiffusionIntegrator(model).getSamplerSettings().numSteps, 2);
}

TEST(ConformerGenerator, runsTheKernelOfItsPlatform) {
    auto generator = makeGenerator(makeSmallModel(), false);
    const std::string kernel = generator->getKernelDescription();
    EXPECT_EQ(platformName(), kernel.substr(0, platformName().size()));
    EXPECT_EQ(kernel, generator->generate(makeWater(), 1, 1).getProvenance(0).kernel);

    // CPU comes first where it is loaded; a GPU is used only if it is named.

    const std::string preferred = platformName() == "CPU" ? "CPU" : "Reference";
    generator->setPlatformName("");
    EXPECT_EQ(preferred, generator->getKernelDescription().substr(0, preferred.size()));
}

TEST(ConformerGenerator, doesNotDependOnTheBatch) {
    auto generator = makeGenerator(makeSmallModel(), false);
    std::vector<Ensemble> together =
            generator->generateBatch({makeEthanol(), makeWater(), makeBenzene()}, {3, 2, 4}, 7, 10);
    ASSERT_EQ(3, (int) together.size());
    EXPECT_EQ(4, together[2].getNumConformers());
    EXPECT_EQ(together[0].getPositionArray(), generator->generate(makeEthanol(), 3, 7, 10).getPositionArray());
    EXPECT_EQ(together[1].getPositions(1), generator->generate(makeWater(), 5, 7, 11).getPositions(1));
    EXPECT_EQ(together[2].getPositionArray(), generator->generate(makeBenzene(), 4, 7, 12).getPositionArray());
    EXPECT_NE(together[2].getPositionArray(), generator->generate(makeBenzene(), 4, 8, 12).getPositionArray());
    EXPECT_NE(together[2].getPositionArray(), generator->generate(makeBenzene(), 4, 7, 13).getPositionArray());
    EXPECT_NE(together[2].getPositions(0), together[2].getPositions(1));
    expectFinite("positions", together[2].getPositionArray());
    const std::vector<double> one = generator->generate(makeEthanol(), 3, 7, 10).getPositionArray();
    generator->setNumThreads(1);
    EXPECT_EQ(one, generator->generate(makeEthanol(), 3, 7, 10).getPositionArray());
    generator->setNumThreads(3);
    EXPECT_EQ(one, generator->generate(makeEthanol(), 3, 7, 10).getPositionArray());
}

TEST(ConformerGenerator, splitsLargeRequests) {
    // 4,000 copies of 144 atom pairs do not fit into one batch.

    auto generator = makeGenerator(makeSmallModel(), false);
    generator->setSamplerSettings(makeSampler(1, SamplerMethod::Euler));
    Ensemble many = generator->generate(makeBenzene(), 4000, 3);
    ASSERT_EQ(4000, many.getNumConformers());
    Ensemble few = generator->generate(makeBenzene(), 2, 3);
    EXPECT_EQ(few.getPositions(1), many.getPositions(1));
    std::vector<Vec3> last = many.getPositions(3999);
    EXPECT_NE(last, many.getPositions(3998));
    EXPECT_EQ(3999, many.getProvenance(3999).copy);
}

TEST(ConformerGenerator, recordsTheProvenance) {
    DenoiserModel model = makeSmallModel();
    model.setMetadata("name", "small");
    auto generator = makeGenerator(model, false);
    Ensemble ensemble = generator->generate(makeWater(), 2, 9, 4);
    const ConformerProvenance& provenance = ensemble.getProvenance(1);
    EXPECT_EQ("small", provenance.modelName);
    EXPECT_EQ(model.getChecksum(), provenance.modelChecksum);
    EXPECT_EQ(9, provenance.seed);
    EXPECT_EQ(4, provenance.record);
    EXPECT_EQ(1, provenance.copy);
    EXPECT_EQ(0, provenance.numResamplings);
    EXPECT_EQ(5, provenance.numEvaluations);
    EXPECT_GT(provenance.wallSeconds, 0);
    Ensemble chosen = generator->generate(makeWater(), 1);
    EXPECT_GT(chosen.getProvenance(0).seed, 0);
    EXPECT_EQ(
            chosen.getPositions(0), generator->generate(makeWater(), 1, chosen.getProvenance(0).seed).getPositions(0));
}

TEST(ConformerGenerator, redrawsWrongCopies) {
    auto generator = makeGenerator(makeGaussianModel(0.75), true);
    generator->setSamplerSettings(makeSampler(12));
    generator->setMaxRedraws(0);
    Ensemble first = generator->generate(makePair(), 40, 5);
    EXPECT_GT(first.getNumConformers(), 0);
    EXPECT_GT(first.getNumFailures(), 0);
    EXPECT_EQ(40, first.getNumRequested());
    EXPECT_NE("", first.getMessage());
    for (int i = 0; i < first.getNumFailures(); i++) {
        EXPECT_FALSE(first.getFailure(i).status.isAccepted());
        EXPECT_NE("", first.getFailure(i).status.message);
    }
    generator->setMaxRedraws(100);
    Ensemble all = generator->generate(makePair(), 40, 5);
    ASSERT_EQ(40, all.getNumConformers());
    EXPECT_EQ("", all.getMessage());
    int numKept = 0, mostRedraws = 0;
    for (int i = 0; i < 40; i++) {
        const ConformerProvenance& provenance = all.getProvenance(i);
        EXPECT_EQ(i, provenance.copy);
        EXPECT_TRUE(all.getStatus(i).isAccepted());
        EXPECT_EQ(23*(1+provenance.numResamplings), provenance.numEvaluations);
        mostRedraws = std::max(mostRedraws, provenance.numResamplings);
        if (provenance.numResamplings == 0) {
            EXPECT_EQ(first.getPositions(numKept), all.getPositions(i));
            numKept++;
        }
    }
    EXPECT_EQ(first.getNumConformers(), numKept);
    EXPECT_GT(mostRedraws, 1);

    // Wrong copies come out only on request, and with their status.

    generator->setMaxRedraws(0);
    generator->setReturnFailed(true);
    Ensemble everything = generator->generate(makePair(), 40, 5);
    ASSERT_EQ(40, everything.getNumConformers());
    EXPECT_EQ(0, everything.getNumFailures());
    int numWrong = 0;
    for (int i = 0; i < 40; i++)
        numWrong += !everything.getStatus(i).isAccepted();
    EXPECT_EQ(first.getNumFailures(), numWrong);
}

TEST(ConformerGenerator, reflectsCopiesWithEveryCentreInverted) {
    auto generator = makeGenerator(makeGaussianModel(1.1), true);
    generator->setSamplerSettings(makeSampler(12));
    generator->setMaxRedraws(0);
    generator->setReturnFailed(true);
    Ensemble inspected = generator->generate(makePyramid(), 500, 5);

    // The default inputs do not hold the request, so that without it the same copies come out; the hand is part of the
    // request, not of the inspection.

    generator->setCheckConformers(false);
    MolecularGraph open = makePyramid();
    open.tetrahedral.clear();
    Ensemble raw = generator->generate(open, 500, 5), unchecked = generator->generate(makePyramid(), 500, 5);
    int numMirrored = 0, numPlain = 0;
    ASSERT_EQ(inspected.getNumConformers(), 500);
    for (int i = 0; i < inspected.getNumConformers(); i++) {
        // Neither image of a flat centre is right; atoms at random are right in nothing else.

        const ConformerProvenance& provenance = inspected.getProvenance(i);
        if (inspected.getStatus(i).stereoCorrect)
            (provenance.mirrored ? numMirrored : numPlain)++;
        EXPECT_EQ(unchecked.getPositions(provenance.copy), inspected.getPositions(i));
        for (int atom = 0; atom < 4; atom++)
            EXPECT_EQ(raw.getPositions(provenance.copy)[atom] * (provenance.mirrored ? -1.0 : 1.0),
                    inspected.getPositions(i)[atom]);
    }
    EXPECT_GT(numMirrored + numPlain, 300);
    EXPECT_GT(numMirrored, 0);
    EXPECT_GT(numPlain, 0);
}

TEST(ConformerGenerator, saysWhyNothingCameOut) {
    auto generator = makeGenerator(makeGaussianModel(20.0), true);
    generator->setMaxRedraws(1);
    try {
        generator->generate(makeEthanol(), 3, 5);
        ADD_FAILURE() << "expected ConformerGenerationError, got an ensemble";
    }
    catch (const ConformerGenerationError& error) {
        const std::string start =
                "ConformerGenerator::generate: expected 3 correct conformers of \"ethanol\", got 0 after 1"
                " redraws; most frequent fault (";
        EXPECT_EQ(start, std::string(error.what()).substr(0, start.size()));
    }
    std::vector<Ensemble> ensembles = generator->generateBatch({makeEthanol()}, {3}, 5);
    EXPECT_EQ(0, ensembles[0].getNumConformers());
    EXPECT_EQ(3, ensembles[0].getNumFailures());
    EXPECT_NE("", ensembles[0].getMessage());
}

TEST(ConformerGenerator, continuesWithoutAMoleculeThatTheModelLacks) {
    MolecularGraph strange = makeWater();
    strange.atoms[0].element = 92;
    auto generator = makeGenerator(makeSmallModel(), false);
    EXPECT_THROW(generator->generate(strange, 1, 1), ArgumentError);
    std::vector<Ensemble> ensembles = generator->generateBatch({makeWater(), strange, makeEthanol()}, {1, 2, 1}, 6);
    EXPECT_EQ(1, ensembles[0].getNumConformers());
    EXPECT_EQ(0, ensembles[1].getNumConformers());
    EXPECT_NE(std::string::npos, ensembles[1].getMessage().find("\"water\""));
    EXPECT_EQ("", ensembles[2].getMessage());
    EXPECT_EQ(ensembles[2].getPositions(0), generator->generate(makeEthanol(), 1, 6, 2).getPositions(0));
}

TEST(ConformerGenerator, reportsProgressAndStops) {
    auto generator = makeGenerator(makeSmallModel(), false);
    Counter counter(1000);
    generator->generate(makeWater(), 4, 1, 0, &counter);
    EXPECT_EQ(4, counter.numCalls);
    EXPECT_EQ(4, counter.numCopies);
    EXPECT_EQ(1.0, counter.fraction);
    Counter impatient(2);
    expectThrows<GenerationStopped>("ConformerGenerator::generate: expected to finish 4 copies, got a stop after 0",
            [&] { generator->generate(makeWater(), 4, 1, 0, &impatient); });
    EXPECT_EQ(2, impatient.numCalls);
    EXPECT_EQ(4, generator->generate(makeWater(), 4, 1).getNumConformers());
}

TEST(ConformerGenerator, answersSeveralThreads) {
    auto generator = makeGenerator(makeSmallModel(), false);
    const Ensemble expected[] = {generator->generate(makeWater(), 3, 8), generator->generate(makeEthanol(), 3, 8)};
    std::array<int, 4> numEqual{{0, 0, 0, 0}};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; t++)
        threads.emplace_back([&, t] {
            for (int i = 0; i < 5; i++) {
                const Ensemble found = generator->generate(t % 2 == 0 ? makeWater() : makeEthanol(), 3, 8);
                generator->setMaxRedraws(i);
                numEqual[t] += found.getPositionArray() == expected[t % 2].getPositionArray() ? 1 : 0;
            }
        });
    for (std::thread& thread : threads)
        thread.join();
    for (int count : numEqual)
        EXPECT_EQ(5, count);
}

TEST(ConformerGenerator, endsWhenTheTimeIsOver) {
    auto generator = makeGenerator(makeGaussianModel(20.0), true);
    generator->setMaxRedraws(1000000);
    generator->setTimeLimit(0.2);
    const std::vector<Ensemble> ensembles = generator->generateBatch({makeEthanol(), makeWater()}, {3, 150}, 5);
    for (const Ensemble& ensemble : ensembles) {
        EXPECT_EQ(0, ensemble.getNumConformers());
        EXPECT_NE(std::string::npos, ensemble.getMessage().find("when its time limit of 0."));
        double seconds = 0;
        for (int i = 0; i < ensemble.getNumFailures(); i++)
            seconds += ensemble.getFailure(i).provenance.wallSeconds;
        EXPECT_LT(0.15, seconds);
    }
    EXPECT_NE(std::string::npos, ensembles[0].getMessage().find("time limit of 0.2 s was over"));
    EXPECT_NE(std::string::npos, ensembles[1].getMessage().find("time limit of 0.3 s was over"));
    generator->setMaxRedraws(1);
    generator->setTimeLimit(1e-9);
    const Ensemble none = generator->generateBatch({makeEthanol()}, {2}, 5)[0];
    EXPECT_EQ(2, none.getNumFailures());
    EXPECT_FALSE(none.getFailure(0).status.finished);
    EXPECT_FALSE(none.getFailure(0).status.isAccepted());
    generator->setTimeLimit(0);
    EXPECT_NE(std::string::npos,
            generator->generateBatch({makeEthanol()}, {2}, 5)[0].getMessage().find("after 1 redraws"));
    expectThrows<ArgumentError>("ConformerGenerator::setTimeLimit: expected at least 0 seconds, got -1.000000; "
            "0 is no limit", [&] { generator->setTimeLimit(-1); });
}

TEST(ConformerGenerator, refusesWrongSettings) {
    auto generator = makeGenerator(makeSmallModel(), false);
    expectThrows<ArgumentError>("ConformerGenerator::generate: expected at least 1 conformer, got 0",
            [&] { generator->generate(makeWater(), 0, 1); });
    expectThrows<ArgumentError>(
            "ConformerGenerator::generateBatch: expected 1 numbers of conformers, one for each molecule,"
            " got 2",
            [&] {
                generator->generateBatch({makeWater()}, {1, 1});
            });
    expectThrows<ArgumentError>("ConformerGenerator::setMaxRedraws: expected at least 0 redraws, got -1",
            [&] { generator->setMaxRedraws(-1); });
    expectThrows<ArgumentError>("ConformerGenerator::setNumThreads: expected at least 0 threads, got -2",
            [&] { generator->setNumThreads(-2); });
    EXPECT_THROW(generator->setSamplerSettings(makeSampler(0)), ArgumentError);
    EXPECT_THROW(generator->setCondition("no such level"), ArgumentError);
    EXPECT_THROW(generator->generate(MolecularGraph(), 1, 1), ArgumentError);
    EXPECT_THROW(makeGenerator(DenoiserModel(), false), ArgumentError);
    generator->setPlatformName("Abacus");
    const std::string list = platformName() == "Reference" ? "Reference" : "Reference, "+platformName();
    expectThrows<ArgumentError>(
            "ConformerGenerator::setPlatformName: expected a platform with a denoising kernel (loaded: " + list +
                    "), got \"Abacus\"; load the plugins with Platform::loadPluginsFromDirectory()",
            [&] { generator->generate(makeWater(), 1, 1); });
}
