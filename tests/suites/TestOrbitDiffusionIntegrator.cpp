// SPDX-License-Identifier: MIT
// Tests of the Integrator face: what a generation does to a Context, and what it leaves alone.
#include "Matchers.h"
#include "Models.h"
#include "Options.h"
#include "Systems.h"
#include "Tolerances.h"
#include "openmm/Context.h"
#include "openmm/HarmonicBondForce.h"
#include "openmm/MonteCarloBarostat.h"
#include "openmm/VirtualSite.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/ConformerGenerator.h"
#include "openmmorbit/OrbitDiffusionIntegrator.h"
#include <gtest/gtest.h>
#include <cmath>
#include <numeric>

using namespace OpenMM;
using namespace OrbitPlugin;
using namespace testSupport;

namespace {

const int NUM_OTHERS = 3, NUM_STEPS = 4;

std::vector<int> range(int first, int count) {
    std::vector<int> values(count);
    std::iota(values.begin(), values.end(), first);
    return values;
}

std::vector<Vec3> toVec3(const std::vector<double>& values) {
    std::vector<Vec3> result;
    for (int i = 0; i < (int) values.size() / 3; i++)
        result.push_back(Vec3(values[3*i], values[3*i+1], values[3*i+2]));
    return result;
}

Vec3 centroid(const std::vector<Vec3>& positions, int first, int count) {
    Vec3 sum;
    for (int i = first; i < first+count; i++)
        sum += positions[i];
    return sum/count;
}

std::vector<Vec3> getPositions(Context& context) {
    return context.getState(State::Positions).getPositions();
}

} // namespace

/** Three foreign particles, then ethanol, then water. */
class OrbitDiffusionIntegratorTest : public testing::Test {
protected:
    OrbitDiffusionIntegratorTest() : model(makeSmallModel()), ethanol(makeEthanol()), water(makeWater()),
            numParticles(NUM_OTHERS+12), system(makeSystem(numParticles)),
            start(toVec3(makeNumbers(3*numParticles, 5, 2.0))), accuracy(tolerance("positions", precisionName())) {
    }
    void prepare(OrbitDiffusionIntegrator& integrator, int seed = 7) const {
        integrator.addMolecule(ethanol, range(NUM_OTHERS, 9));
        integrator.addMolecule(water, range(NUM_OTHERS+9, 3));
        integrator.setNumSteps(NUM_STEPS);
        integrator.setRandomNumberSeed(seed);
    }
    std::vector<Vec3> generateFresh(int seed, int numRestarts = 0) const {
        OrbitDiffusionIntegrator integrator(model);
        prepare(integrator, seed);
        Context context(*system, integrator, platform());
        context.setPositions(start);
        integrator.generate();
        for (int i = 0; i < numRestarts; i++) {
            integrator.restart();
            integrator.generate();
        }
        return getPositions(context);
    }
    DenoiserModel model;
    MolecularGraph ethanol, water;
    int numParticles;
    std::unique_ptr<System> system;
    std::vector<Vec3> start;
    Tolerance accuracy;
};

TEST_F(OrbitDiffusionIntegratorTest, agreesWithTheGenerator) {
    ConformerGenerator generator(model);
    generator.setPlatformName(platformName());
    generator.setCheckConformers(false);
    SamplerSettings settings;
    settings.numSteps = NUM_STEPS;
    generator.setSamplerSettings(settings);
    std::vector<Ensemble> ensembles = generator.generateBatch({ethanol, water}, {1, 1}, 7);
    std::vector<Vec3> positions = generateFresh(7);
    for (int molecule = 0; molecule < 2; molecule++) {
        const int first = molecule == 0 ? NUM_OTHERS : NUM_OTHERS+9, count = ensembles[molecule].getNumAtoms();
        std::vector<Vec3> expected = ensembles[molecule].getPositions(0);
        for (Vec3& position : expected)
            position += centroid(start, first, count);
        expectClose("positions", std::vector<Vec3>(positions.begin() + first, positions.begin() + first + count),
                expected, accuracy);
    }
}

TEST_F(OrbitDiffusionIntegratorTest, givesEachEnantiomerItsHand) {
    // The default inputs do not tell the two apart: with the same noise one is the mirror image of the other.

    MolecularGraph hand = makeBromochlorofluoromethane(), otherHand = hand;
    std::swap(otherHand.tetrahedral[0].neighbors[0], otherHand.tetrahedral[0].neighbors[1]);
    std::vector<std::vector<Vec3>> results;
    for (const MolecularGraph& graph : {hand, otherHand}) {
        OrbitDiffusionIntegrator integrator(model);
        integrator.addMolecule(graph, range(0, 5));
        SamplerSettings settings;
        settings.numSteps = NUM_STEPS;
        settings.renewal = 0;
        integrator.setSamplerSettings(settings);
        integrator.setRandomNumberSeed(3);
        const std::unique_ptr<System> five = makeSystem(5);
        Context context(*five, integrator, platform());
        context.setPositions(std::vector<Vec3>(5, Vec3()));
        expectThrows<OpenMMException>(
                "OrbitDiffusionIntegrator::getMoleculeStatus: expected a finished generation, got one "
                "after 0 of 4 steps; call generate() first",
                [&] { integrator.getMoleculeStatus(0); });
        integrator.generate();
        EXPECT_TRUE(integrator.getMoleculeStatus(0).stereoCorrect) << integrator.getMoleculeStatus(0).message;
        results.push_back(getPositions(context));
    }
    for (Vec3& position : results[1])
        position = -position;
    expectClose("positions", results[1], results[0], accuracy);
}

TEST_F(OrbitDiffusionIntegratorTest, refusesParticlesThatAreOtherAtoms) {
    for (const bool fixed : {false, true}) {
        OrbitDiffusionIntegrator integrator(model);
        integrator.addMolecule(makeWater(), range(0, 3));
        System three;
        for (double mass : {fixed ? 15.999 : 1.008, 1.008, fixed ? 0.0 : 15.999})
            three.addParticle(mass);
        const std::string words = fixed ? "addMolecule: expected particles that may move, got particle 2 of mass 0 in"
                                        : "addMolecule: expected particles that are the atoms of \"water\"";
        expectMentions<ArgumentError>(words, [&] {
            Context context(three, integrator, platform());
        });
    }
}

TEST_F(OrbitDiffusionIntegratorTest, movesItsMoleculesOnlyAndKeepsTheirCentroids) {
    OrbitDiffusionIntegrator integrator(model);
    prepare(integrator);
    auto periodic = std::make_unique<HarmonicBondForce>();
    periodic->setUsesPeriodicBoundaryConditions(true);
    system->addForce(periodic.release());
    system->addForce(std::make_unique<MonteCarloBarostat>(1.0, 300.0, 1).release());
    Context context(*system, integrator, platform());
    context.setPositions(start);
    start = getPositions(context);  // in the platform's precision
    context.setPeriodicBoxVectors(Vec3(4, 0, 0), Vec3(0, 4, 0), Vec3(0, 0, 4));
    context.setVelocitiesToTemperature(300.0, 11);
    const std::vector<Vec3> velocities = context.getState(State::Velocities).getVelocities();
    std::vector<Vec3> last = start;
    for (int i = 0; i < NUM_STEPS; i++) {
        integrator.step(1);
        State state = context.getState(State::Positions|State::Velocities);
        const std::vector<Vec3>& positions = state.getPositions();
        for (int j = 0; j < NUM_OTHERS; j++)
            EXPECT_EQ(start[j], positions[j]);
        for (int j = NUM_OTHERS; j < numParticles; j++)
            EXPECT_NE(last[j], positions[j]);
        expectClose(
                "centroid of ethanol", centroid(positions, NUM_OTHERS, 9), centroid(start, NUM_OTHERS, 9), accuracy);
        expectClose("centroid of water", centroid(positions, NUM_OTHERS + 9, 3), centroid(start, NUM_OTHERS + 9, 3),
                accuracy);
        expectFinite("positions", positions);
        EXPECT_EQ(i+1, state.getStepCount());
        EXPECT_EQ(0.0, state.getTime());
        EXPECT_EQ(velocities, state.getVelocities());
        EXPECT_EQ(i+1, integrator.getCurrentStep());
        EXPECT_EQ(i+1 == NUM_STEPS, integrator.isFinished());
        last = positions;
    }
    EXPECT_EQ(integrator.getSamplerSettings().getNumEvaluations(), integrator.getNumEvaluations());
    Vec3 box[3];
    context.getState(0).getPeriodicBoxVectors(box[0], box[1], box[2]);
    EXPECT_EQ(Vec3(4, 0, 0), box[0]);
}

TEST_F(OrbitDiffusionIntegratorTest, dependsOnSeedAndGenerationOnly) {
    const std::vector<Vec3> positions = generateFresh(7);
    EXPECT_EQ(positions, generateFresh(7));
    EXPECT_NE(positions, generateFresh(8));
    EXPECT_NE(positions, generateFresh(7, 1));
    expectClose("second restart", generateFresh(7, 2), generateFresh(7, 2), {0, 0});

    // A new seed begins its own sequence of generations.

    OrbitDiffusionIntegrator integrator(model);
    prepare(integrator, 3);
    Context context(*system, integrator, platform());
    context.setPositions(start);
    integrator.generate();
    integrator.setRandomNumberSeed(7);
    integrator.restart();
    context.setPositions(start);
    integrator.generate();
    EXPECT_EQ(positions, getPositions(context));
    EXPECT_EQ(0, integrator.getGeneration());
    EXPECT_EQ(7, integrator.getGenerationSeed());
}

TEST_F(OrbitDiffusionIntegratorTest, choosesASeedIfThereIsNone) {
    std::vector<std::vector<Vec3>> results;
    for (int i = 0; i < 2; i++) {
        OrbitDiffusionIntegrator integrator(model);
        prepare(integrator, 0);
        Context context(*system, integrator, platform());
        context.setPositions(start);
        EXPECT_EQ(0, integrator.getGenerationSeed());
        integrator.generate();
        EXPECT_GT(integrator.getGenerationSeed(), 0);
        EXPECT_EQ(0, integrator.getRandomNumberSeed());
        results.push_back(getPositions(context));
        EXPECT_EQ(results.back(), generateFresh(integrator.getGenerationSeed()));
    }
    EXPECT_NE(results[0], results[1]);
}

TEST_F(OrbitDiffusionIntegratorTest, worksWithoutInitialPositions) {
    OrbitDiffusionIntegrator integrator(model);
    prepare(integrator);
    auto bonds = std::make_unique<HarmonicBondForce>();
    bonds->addBond(NUM_OTHERS, NUM_OTHERS+1, 0.15, 1000.0);
    system->addForce(bonds.release());
    Context context(*system, integrator, platform());
    integrator.generate();
    State state = context.getState(State::Positions|State::Energy);
    expectClose("centroid", centroid(state.getPositions(), NUM_OTHERS, 9), Vec3(), accuracy);
    Vec3 bond = state.getPositions()[NUM_OTHERS]-state.getPositions()[NUM_OTHERS+1];
    const double stretch = std::sqrt(bond.dot(bond))-0.15;
    expectClose("energy", state.getPotentialEnergy(), 500.0*stretch*stretch, {1e-4, 1e-4});
    EXPECT_EQ(0.0, state.getKineticEnergy());
}

TEST_F(OrbitDiffusionIntegratorTest, computesTheKineticEnergyFromVelocities) {
    OrbitDiffusionIntegrator integrator(model);
    prepare(integrator);
    Context context(*system, integrator, platform());
    context.setPositions(start);
    context.setVelocities(toVec3(makeNumbers(3*numParticles, 9)));
    double expected = 0;
    for (double v : makeNumbers(3*numParticles, 9))
        expected += 6.0*v*v;
    expectClose("kinetic energy", context.getState(State::Energy).getKineticEnergy(), expected,
            tolerance("roundTrip", precisionName()));
}

TEST_F(OrbitDiffusionIntegratorTest, appliesConstraintsAndVirtualSitesAtTheEnd) {
    // One more particle halfway between two atoms of ethanol, and one constrained bond.

    system->addParticle(0.0);
    system->setVirtualSite(
            numParticles, std::make_unique<TwoParticleAverageSite>(NUM_OTHERS, NUM_OTHERS + 1, 0.5, 0.5).release());
    system->addConstraint(NUM_OTHERS+1, NUM_OTHERS+2, 0.143);
    OrbitDiffusionIntegrator integrator(model);
    prepare(integrator);
    Context context(*system, integrator, platform());
    integrator.step(NUM_STEPS-1);
    Vec3 before = getPositions(context)[NUM_OTHERS+1]-getPositions(context)[NUM_OTHERS+2];
    EXPECT_GT(std::fabs(std::sqrt(before.dot(before))-0.143), 1e-4);
    integrator.step(1);
    const std::vector<Vec3> positions = getPositions(context);
    Vec3 bond = positions[NUM_OTHERS+1]-positions[NUM_OTHERS+2];
    EXPECT_NEAR(0.143, std::sqrt(bond.dot(bond)), 2e-5*0.143);
    expectClose("virtual site", positions[numParticles], (positions[NUM_OTHERS]+positions[NUM_OTHERS+1])*0.5, accuracy);
}

TEST_F(OrbitDiffusionIntegratorTest, refusesWrongMolecules) {
    OrbitDiffusionIntegrator integrator(model);
    expectThrows<ArgumentError>(
            "OrbitDiffusionIntegrator::addMolecule: expected 3 particles, one for each atom of \"water\","
            " got 2",
            [&] {
                integrator.addMolecule(water, {0, 1});
            });
    expectThrows<ArgumentError>("OrbitDiffusionIntegrator::addMolecule: expected particles of at least 0, got -1",
            [&] { integrator.addMolecule(water, {0, 1, -1}); });
    expectThrows<ArgumentError>(
            "OrbitDiffusionIntegrator::addMolecule: expected every particle in one molecule and once, got"
            " particle 1 twice",
            [&] {
                integrator.addMolecule(water, {0, 1, 1});
            });
    EXPECT_EQ(0, integrator.addMolecule(water, {0, 1, 2}));
    expectThrows<ArgumentError>(
            "OrbitDiffusionIntegrator::addMolecule: expected every particle in one molecule and once, got"
            " particle 2 twice",
            [&] {
                integrator.addMolecule(water, {2, 3, 4});
            });
    EXPECT_EQ(1, integrator.addMolecule(water, {3, 4, numParticles}));
    expectThrows<ArgumentError>(
            "OrbitDiffusionIntegrator::addMolecule: expected particles below 15, the size of the System,"
            " got 15 in molecule 1 \"water\"",
            [&] { Context context(*system, integrator, platform()); });
    EXPECT_EQ((std::vector<int>{0, 1, 2}), integrator.getMoleculeParticles(0));
    EXPECT_THROW(integrator.getMoleculeParticles(2), ArgumentError);
    EXPECT_THROW(integrator.addMolecule(water, {5, 6, 7}, 1000), ArgumentError);
    MolecularGraph strange = makeWater();
    strange.atoms[0].element = 92;
    EXPECT_THROW(integrator.addMolecule(strange, {5, 6, 7}), ArgumentError);
    EXPECT_EQ(2, integrator.getNumMolecules());
}

TEST_F(OrbitDiffusionIntegratorTest, refusesWrongSteps) {
    OrbitDiffusionIntegrator integrator(model);
    EXPECT_THROW(integrator.step(1), OpenMMException);
    expectThrows<ArgumentError>("OrbitDiffusionIntegrator::setNumSteps: expected at least 1 step, got 0",
            [&] { integrator.setNumSteps(0); });
    integrator.setNumSteps(2);
    Context context(*system, integrator, platform());
    expectThrows<OpenMMException>("OrbitDiffusionIntegrator::step: expected at least 1 molecule, got none; call"
            " addMolecule() first", [&] { integrator.step(1); });
    integrator.addMolecule(water, {0, 1, 2});
    integrator.generate();
    expectThrows<OpenMMException>(
            "OrbitDiffusionIntegrator::step: expected at most 0 steps, which the generation has left,"
            " got 1; call restart()",
            [&] { integrator.step(1); });
    integrator.restart();
    EXPECT_EQ(0, integrator.getCurrentStep());
    integrator.step(1);
    EXPECT_FALSE(integrator.isFinished());
}

TEST_F(OrbitDiffusionIntegratorTest, refusesPositionsThatAreNotFinite) {
    OrbitDiffusionIntegrator integrator(model);
    integrator.addMolecule(water, {0, 1, 2});
    Context context(*system, integrator, platform());
    std::vector<Vec3> positions(system->getNumParticles());
    positions[1][2] = std::nan("");
    context.setPositions(positions);
    expectThrows<OpenMMException>(
            "OrbitDiffusionIntegrator::step: expected finite positions, got a coordinate of particle 1"
            " that is not a finite number; set the positions first",
            [&] { integrator.step(1); });
    positions[1][2] = 0;
    context.setPositions(positions);
    integrator.generate();
    EXPECT_TRUE(integrator.isFinished());
}
