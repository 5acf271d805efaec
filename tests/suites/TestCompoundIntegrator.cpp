// SPDX-License-Identifier: MIT
// Tests of a generation beside molecular dynamics, and of its way through checkpoints, States and reinitialize().
#include "Matchers.h"
#include "Models.h"
#include "Options.h"
#include "Systems.h"
#include "Tolerances.h"
#include "openmm/CompoundIntegrator.h"
#include "openmm/Context.h"
#include "openmm/HarmonicBondForce.h"
#include "openmm/LangevinMiddleIntegrator.h"
#include "openmm/serialization/XmlSerializer.h"
#include "openmmorbit/OrbitDiffusionIntegrator.h"
#include <gtest/gtest.h>
#include <sstream>

using namespace OpenMM;
using namespace OrbitPlugin;
using namespace testSupport;

namespace {

const int NUM_STEPS = 5;

std::vector<Vec3> getPositions(Context& context) {
    return context.getState(State::Positions).getPositions();
}

std::unique_ptr<OrbitDiffusionIntegrator> makeDenoiser(const MolecularGraph& graph, SamplerMethod method) {
    auto integrator = std::make_unique<OrbitDiffusionIntegrator>(makeSmallModel());
    std::vector<int> particles;
    for (int i = 0; i < graph.getNumAtoms(); i++)
        particles.push_back(i);
    integrator->addMolecule(graph, particles);
    SamplerSettings settings;
    settings.numSteps = NUM_STEPS;
    settings.method = method;
    integrator->setSamplerSettings(settings);
    integrator->setRandomNumberSeed(3);
    return integrator;
}

class CompoundIntegratorTest : public testing::TestWithParam<SamplerMethod> {
protected:
    CompoundIntegratorTest() : graph(makeEthanol()), system(makeSystem(graph.getNumAtoms())),
            accuracy(tolerance("positions", precisionName())) {
        auto bonds = std::make_unique<HarmonicBondForce>();
        for (const GraphBond& bond : graph.bonds)
            bonds->addBond(bond.atom1, bond.atom2, 0.12, 5000.0);
        system->addForce(bonds.release());
    }
    MolecularGraph graph;
    std::unique_ptr<System> system;
    Tolerance accuracy;
};

} // namespace

TEST_P(CompoundIntegratorTest, generatesBetweenDynamics) {
    CompoundIntegrator compound;
    compound.addIntegrator(std::make_unique<LangevinMiddleIntegrator>(300.0, 1.0, 0.0005).release());
    auto owned = makeDenoiser(graph, GetParam());
    OrbitDiffusionIntegrator& denoiser = *owned;
    compound.addIntegrator(owned.release());
    Context context(*system, compound, platform());
    compound.setCurrentIntegrator(1);
    compound.step(NUM_STEPS);
    EXPECT_TRUE(denoiser.isFinished());
    const std::vector<Vec3> generated = getPositions(context);
    context.setVelocitiesToTemperature(300.0, 4);
    compound.setCurrentIntegrator(0);
    compound.step(20);
    State state = context.getState(State::Positions|State::Energy);
    EXPECT_EQ(NUM_STEPS+20, state.getStepCount());
    EXPECT_NEAR(20*0.0005, state.getTime(), 1e-9);
    expectFinite("positions", state.getPositions());
    EXPECT_NE(generated, state.getPositions());
    Vec3 centroid;
    for (const Vec3& position : state.getPositions())
        centroid += position/graph.getNumAtoms();

    // The next generation begins where dynamics has carried the molecule.

    compound.setCurrentIntegrator(1);
    denoiser.restart();
    compound.step(NUM_STEPS);
    Vec3 newCentroid;
    for (const Vec3& position : getPositions(context))
        newCentroid += position/graph.getNumAtoms();
    expectClose("centroid", newCentroid, centroid, accuracy);
}

TEST_P(CompoundIntegratorTest, dynamicsBetweenNoisyStepsIsRefused) {
    CompoundIntegrator compound;
    compound.addIntegrator(std::make_unique<LangevinMiddleIntegrator>(300.0, 1.0, 0.0005).release());
    auto owned = makeDenoiser(graph, GetParam());
    OrbitDiffusionIntegrator& denoiser = *owned;
    compound.addIntegrator(owned.release());
    Context context(*system, compound, platform());
    const std::vector<Vec3> zeros(graph.getNumAtoms());
    context.setPositions(zeros);
    compound.setCurrentIntegrator(1);
    compound.step(2);
    compound.setCurrentIntegrator(0);
    compound.step(3);
    compound.setCurrentIntegrator(1);
    expectThrows<OpenMMException>(
            "OrbitDiffusionIntegrator::step: expected no step of another integrator between those of a generation, got "
            "3 after step 2 of 5: noisy coordinates have no sensible forces; set the positions, call restart(), and "
            "let the generation finish before dynamics goes on", [&] { compound.step(1); });
    context.setPositions(zeros);
    denoiser.restart();
    compound.step(NUM_STEPS);
    expectFinite("positions", getPositions(context));
}

TEST_P(CompoundIntegratorTest, continuesFromCheckpoints) {
    auto denoiser = makeDenoiser(graph, GetParam());
    Context context(*system, *denoiser, platform());
    denoiser->step(2);
    std::stringstream checkpoint;
    context.createCheckpoint(checkpoint);
    denoiser->generate();
    const std::vector<Vec3> expected = getPositions(context);
    denoiser->restart();
    denoiser->step(3);
    context.loadCheckpoint(checkpoint);
    EXPECT_EQ(2, denoiser->getCurrentStep());
    denoiser->generate();
    expectClose("after loadCheckpoint", getPositions(context), expected, accuracy);

    // A checkpoint of a finished generation is finished.

    std::stringstream finished;
    context.createCheckpoint(finished);
    denoiser->restart();
    context.loadCheckpoint(finished);
    EXPECT_TRUE(denoiser->isFinished());
}

TEST_P(CompoundIntegratorTest, survivesReinitialize) {
    auto denoiser = makeDenoiser(graph, GetParam());
    Context context(*system, *denoiser, platform());
    denoiser->generate();
    const std::vector<Vec3> expected = getPositions(context);
    context.reinitialize(false);
    EXPECT_EQ(0, denoiser->getCurrentStep());
    denoiser->step(3);
    context.reinitialize(true);
    EXPECT_EQ(3, denoiser->getCurrentStep());
    EXPECT_EQ(3, context.getStepCount());
    denoiser->generate();
    expectClose("after reinitialize", getPositions(context), expected, accuracy);
}

TEST_P(CompoundIntegratorTest, continuesFromStates) {
    auto denoiser = makeDenoiser(graph, GetParam());
    Context context(*system, *denoiser, platform());
    denoiser->step(3);
    std::stringstream xml;
    State state = context.getState(State::Positions|State::Velocities|State::IntegratorParameters);
    XmlSerializer::serialize<State>(&state, "State", xml);
    denoiser->generate();
    auto other = makeDenoiser(graph, GetParam());
    other->setRandomNumberSeed(99);
    Context otherContext(*system, *other, platform());
    std::unique_ptr<State> copy(XmlSerializer::deserialize<State>(xml));
    otherContext.setState(*copy);
    EXPECT_EQ(3, other->getCurrentStep());
    other->generate();
    expectClose("after setState", getPositions(otherContext), getPositions(context), accuracy);
}

TEST_P(CompoundIntegratorTest, refusesForeignCheckpoints) {
    auto denoiser = makeDenoiser(graph, GetParam());
    Context context(*system, *denoiser, platform());
    denoiser->step(2);
    std::stringstream checkpoint;
    context.createCheckpoint(checkpoint);
    OrbitDiffusionIntegrator other(makeSmallModel());
    other.addMolecule(makeWater(), {0, 1, 2});
    Context otherContext(*system, other, platform());
    expectThrows<OpenMMException>(
            "OrbitDiffusionIntegrator::loadCheckpoint: expected the state of a generation of 3 atoms,"
            " got one of 9; add the same molecules first",
            [&] { otherContext.loadCheckpoint(checkpoint); });
    const std::string bytes = checkpoint.str();
    std::stringstream truncated(bytes.substr(0, bytes.size()-8));
    EXPECT_THROW(context.loadCheckpoint(truncated), OpenMMException);
}

INSTANTIATE_TEST_SUITE_P(Methods, CompoundIntegratorTest,
        testing::Values(SamplerMethod::Euler, SamplerMethod::Heun, SamplerMethod::Multistep));
