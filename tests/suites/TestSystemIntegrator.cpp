// SPDX-License-Identifier: MIT
// Tests of the Integrator with models of a system: states are those of the generator, and other systems are refused.
#include "Matchers.h"
#include "ModelFiles.h"
#include "Options.h"
#include "SystemModels.h"
#include "Tolerances.h"
#include "openmm/Context.h"
#include "openmm/System.h"
#include "openmm/serialization/XmlSerializer.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/OrbitDiffusionIntegrator.h"
#include "openmmorbit/StateCheck.h"
#include "openmmorbit/TopologyGenerator.h"
#include <gtest/gtest.h>
#include <memory>
#include <numeric>
#include <sstream>

using namespace OpenMM;
using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

namespace {

const int NUM_STEPS = 5;
const vector<double> MASSES = {12.011, 1.008, 18.998, 35.453, 79.904, 50.0, 60.0};

/** The armed halide, then its twin in another order, then a particle that stays. */
void fill(System& system) {
    for (double mass : MASSES)
        system.addParticle(mass);
    for (int atom = 6; atom >= 0; atom--)
        system.addParticle(MASSES[atom]);
    system.addParticle(40);
}

vector<Vec3> getStart() {
    vector<Vec3> positions(15);
    for (int i = 0; i < 15; i++)
        positions[i] = Vec3(i < 7 ? 1 : -1, 2, 0.5);
    return positions;
}

} // namespace

TEST(TestSystemIntegrator, MakesTheStatesOfTheGenerator) {
    const DenoiserModel model = makeArmedHalideModel(OrbitRotations::WithReflections);
    SamplerSettings sampler;
    sampler.numSteps = NUM_STEPS;
    TopologyGenerator generator(model);
    generator.setPlatformName(platformName());
    generator.setCheckCopies(false);
    generator.setSamplerSettings(sampler);
    const Ensemble expected = generator.generate(1, 7);

    OrbitDiffusionIntegrator integrator(model);
    integrator.setSamplerSettings(sampler);
    integrator.setRandomNumberSeed(7);
    EXPECT_EQ(0, integrator.addTopology(makeArmedHalide()));
    vector<int> twin(7);
    std::iota(twin.rbegin(), twin.rend(), 7);
    EXPECT_EQ(1, integrator.addTopology(twin));
    System system;
    fill(system);
    Context context(system, integrator, platform());
    context.setPositions(getStart());
    integrator.generate();
    const vector<Vec3> found = context.getState(State::Positions).getPositions();
    vector<Vec3> first = expected.getPositions(0);
    for (Vec3& position : first)
        position += Vec3(1, 2, 0.5);
    expectClose("positions", vector<Vec3>(found.begin(), found.begin() + 7), first,
            tolerance("positions", precisionName()));
    expectClose("a particle that is in no system", vector<Vec3>{found[14]}, vector<Vec3>{getStart()[14]}, {0, 1e-6});
    EXPECT_EQ(integrator.getMoleculeParticles(1), twin);
    const ConformerStatus status = integrator.getMoleculeStatus(0);
    vector<double> inAngstrom;
    for (const Vec3& position : expected.getPositions(0))
        for (int k = 0; k < 3; k++)
            inAngstrom.push_back(10 * position[k]);
    EXPECT_EQ(status.bondsCorrect, checkState(model.getTopology(), inAngstrom).bondsCorrect);
    EXPECT_EQ(status.clashFree, checkState(model.getTopology(), inAngstrom).clashFree);
    EXPECT_EQ(status.message.find("is inverted"), std::string::npos) << "reflected as the generator does";
}

TEST(TestSystemIntegrator, KeepsTheHandThatTheModelKnows) {
    // A model that knows its hand is not reflected: some states are inverted, and the status says so.

    const DenoiserModel model = makeArmedHalideModel(OrbitRotations::Proper);
    OrbitDiffusionIntegrator integrator(model);
    integrator.setNumSteps(NUM_STEPS);
    integrator.setRandomNumberSeed(5);
    integrator.addTopology(makeArmedHalide());
    System system;
    fill(system);
    Context context(system, integrator, platform());
    context.setPositions(getStart());
    int numInverted = 0;
    for (int i = 0; i < 20; i++) {
        integrator.generate();
        numInverted += !integrator.getMoleculeStatus(0).stereoCorrect;
        integrator.restart();
    }
    EXPECT_GT(numInverted, 0);
    EXPECT_LT(numInverted, 20);
}

TEST(TestSystemIntegrator, RefusesOtherSystems) {
    OrbitDiffusionIntegrator ofSystem(makeArmedHalideModel(OrbitRotations::Proper)), ofMolecules(makeSmallModel());
    const MolecularGraph graph;
    expectMentions<ArgumentError>("addMolecule: expected a model of molecules, got one of a system; use addTopology()",
            [&] { ofSystem.addMolecule(graph, {}); });
    expectMentions<ArgumentError>("addTopology: expected a model of a system, got one of molecules; use addMolecule()",
            [&] { ofMolecules.addTopology(makeArmedHalide()); });
    TopologyRecord other = makeArmedHalide();
    other.atoms[3].element = 35;
    expectMentions<ArgumentError>("addTopology: expected the topology that the model was trained for, with element Cl",
            [&] { ofSystem.addTopology(other); });
    expectMentions<ArgumentError>("addTopology: expected 7 particles", [&] { ofSystem.addTopology({1, 2}); });
    expectMentions<ArgumentError>("got particle 3 twice", [&] { ofSystem.addTopology({0, 1, 2, 3, 3, 5, 6}); });
    expectMentions<ArgumentError>("expected particles of at least 0, got -1",
            [&] { ofSystem.addTopology({0, 1, 2, -1, 3, 5, 6}); });
    expectMentions<ArgumentError>("expected a condition below", [&] { ofSystem.addTopology(makeArmedHalide(), 7); });
    EXPECT_EQ(0, ofSystem.getNumMolecules());
    ofSystem.addTopology({1, 0, 2, 3, 4, 5, 6});
    System system;
    fill(system);
    expectMentions<ArgumentError>("addTopology: expected particles that are the atoms of",
            [&] { Context context(system, ofSystem, platform()); });
}

TEST(TestSystemIntegrator, IsWrittenAndRead) {
    OrbitDiffusionIntegrator integrator(makeArmedHalideModel(OrbitRotations::Proper));
    integrator.setEmbedModel(true);
    const vector<int> particles = {6, 5, 4, 3, 2, 1, 0};
    integrator.addTopology(particles);
    std::stringstream stream;
    XmlSerializer::serialize<Integrator>(&integrator, "Integrator", stream);
    const std::unique_ptr<Integrator> base(XmlSerializer::deserialize<Integrator>(stream));
    const OrbitDiffusionIntegrator& copy = dynamic_cast<OrbitDiffusionIntegrator&>(*base);
    ASSERT_EQ(1, copy.getNumMolecules());
    EXPECT_EQ(particles, copy.getMoleculeParticles(0));
    EXPECT_EQ("A3", copy.getMoleculeGraph(0).atoms[3].name);
}
