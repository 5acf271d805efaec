// SPDX-License-Identifier: MIT
// Tests of the Ensemble: its bookkeeping, and its way into a Context or a State.
#include "Matchers.h"
#include "Options.h"
#include "Systems.h"
#include "Tolerances.h"
#include "openmm/Context.h"
#include "openmm/VerletIntegrator.h"
#include "openmm/VirtualSite.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/Ensemble.h"
#include <gtest/gtest.h>
#include <map>

using namespace OpenMM;
using namespace OrbitPlugin;
using namespace testSupport;

namespace {

std::vector<Vec3> makeConformer(int numAtoms, int seed) {
    const std::vector<double> values = makePositions(numAtoms, seed, 0.2);
    std::vector<Vec3> positions;
    for (int i = 0; i < numAtoms; i++)
        positions.push_back(Vec3(values[3*i], values[3*i+1], values[3*i+2]));
    return positions;
}

Ensemble makeEnsemble(int numConformers) {
    Ensemble ensemble(makeEthanol());
    for (int i = 0; i < numConformers; i++) {
        ConformerStatus status;
        status.message = "conformer "+std::to_string(i);
        ConformerProvenance provenance;
        provenance.copy = i;
        EXPECT_EQ(i, ensemble.addConformer(makeConformer(9, i+1), status, provenance));
    }
    return ensemble;
}

double kineticTemperature(Context& context, int numAtoms) {
    return 2*context.getState(State::Energy).getKineticEnergy()/(3*numAtoms*0.00831446261815324);
}

} // namespace

TEST(Ensemble, keepsPositionsStatusAndProvenanceTogether) {
    Ensemble ensemble = makeEnsemble(5);
    FailedConformer failure;
    failure.status.stereoCorrect = false;
    failure.status.message = "centre 3";
    ensemble.addFailure(failure);
    EXPECT_EQ(5, ensemble.getNumConformers());
    EXPECT_EQ(1, ensemble.getNumFailures());
    EXPECT_EQ(6, ensemble.getNumRequested());
    EXPECT_FALSE(ensemble.getFailure(0).status.isAccepted());
    Ensemble some = ensemble.select({4, 0, 4});
    ASSERT_EQ(3, some.getNumConformers());
    EXPECT_EQ(makeConformer(9, 5), some.getPositions(0));
    EXPECT_EQ(0, some.getProvenance(1).copy);
    EXPECT_EQ("conformer 4", some.getStatus(2).message);
    EXPECT_EQ(0, some.getNumFailures());
    Ensemble odd = ensemble.slice(1, 100, 2);
    ASSERT_EQ(2, odd.getNumConformers());
    EXPECT_EQ(3, odd.getProvenance(1).copy);
    EXPECT_EQ(0, ensemble.slice(4, 2).getNumConformers());
    odd.append(ensemble);
    EXPECT_EQ(7, odd.getNumConformers());
    EXPECT_EQ(1, odd.getNumFailures());
    EXPECT_EQ(makeConformer(9, 1), odd.getPositions(2));
    expectClose("position array", some.getPositionArray(),
            std::vector<std::vector<Vec3>>{makeConformer(9, 5), makeConformer(9, 1), makeConformer(9, 5)}, {0, 0});
    odd.setPositions(0, makeConformer(9, 77));
    EXPECT_EQ(makeConformer(9, 77), odd.getPositions(0));
}

TEST(Ensemble, goesIntoAContext) {
    Ensemble ensemble = makeEnsemble(2);
    std::unique_ptr<System> system = makeSystem(9);
    system->addConstraint(0, 1, 0.15);
    VerletIntegrator integrator(0.001);
    Context context(*system, integrator, platform());
    ensemble.applyTo(context, 1);
    std::vector<Vec3> positions = context.getState(State::Positions).getPositions();
    for (int i = 2; i < 9; i++)
        expectClose(
                "unconstrained atom", positions[i], makeConformer(9, 2)[i], tolerance("positions", precisionName()));
    Vec3 bond = positions[0]-positions[1];
    EXPECT_NEAR(0.15, std::sqrt(bond.dot(bond)), 1e-5);
    EXPECT_EQ(0.0, kineticTemperature(context, 9));
    ensemble.applyTo(context, 0, 300.0, 5);
    const std::vector<Vec3> velocities = context.getState(State::Velocities).getVelocities();
    EXPECT_GT(kineticTemperature(context, 9), 50.0);
    EXPECT_LT(kineticTemperature(context, 9), 900.0);
    ensemble.applyTo(context, 0, 300.0, 5);
    EXPECT_EQ(velocities, context.getState(State::Velocities).getVelocities());
}

TEST(Ensemble, goesIntoAPartOfAContext) {
    Ensemble ensemble = makeEnsemble(1);
    std::unique_ptr<System> system = makeSystem(12);
    system->setParticleMass(11, 0.0);
    system->setVirtualSite(11, std::make_unique<TwoParticleAverageSite>(9, 0, 0.5, 0.5).release());
    VerletIntegrator integrator(0.001);
    Context context(*system, integrator, platform());
    const std::vector<Vec3> start = makeConformer(12, 50);
    context.setPositions(start);
    const std::vector<int> particles = {9, 8, 7, 6, 5, 4, 3, 2, 10};
    ensemble.applyTo(context, 0, particles);
    const std::vector<Vec3> positions = context.getState(State::Positions).getPositions();
    Vec3 centroid;
    for (int particle : particles)
        centroid += start[particle]/9;
    for (int i = 0; i < 9; i++)
        expectClose("atom", positions[particles[i]], makeConformer(9, 1)[i] + centroid,
                tolerance("positions", precisionName()));
    EXPECT_EQ(start[0], positions[0]);
    EXPECT_EQ(start[1], positions[1]);
    expectClose("virtual site", positions[11], (positions[9] + positions[0]) * 0.5,
            tolerance("positions", precisionName()));
}

TEST(Ensemble, becomesAState) {
    std::unique_ptr<System> system = makeSystem(9);
    VerletIntegrator integrator(0.001);
    Context context(*system, integrator, platform());
    context.setPeriodicBoxVectors(Vec3(5, 0, 0), Vec3(0, 6, 0), Vec3(0, 0, 7));
    context.setTime(3.5);
    context.setStepCount(42);
    const State state = makeEnsemble(3).createState(2, context);
    EXPECT_EQ(makeConformer(9, 3), state.getPositions());
    context.setState(state);
    EXPECT_EQ(3.5, context.getTime());
    EXPECT_EQ(42, context.getStepCount());
    Vec3 box[3];
    context.getState(0).getPeriodicBoxVectors(box[0], box[1], box[2]);
    EXPECT_EQ(Vec3(0, 0, 7), box[2]);
    expectClose("positions", context.getState(State::Positions).getPositions(), makeConformer(9, 3),
            tolerance("positions", precisionName()));
}

TEST(Ensemble, refusesOtherAtoms) {
    const Ensemble ensemble = makeEnsemble(1);
    const MolecularGraph& graph = ensemble.getGraph();
    const std::map<int, double> masses = {{1, 1.008}, {6, 12.011}, {8, 15.999}};
    System system, heavy, wrong;
    for (const GraphAtom& atom : graph.atoms) {
        system.addParticle(masses.at(atom.element));
        heavy.addParticle(masses.at(atom.element));
        wrong.addParticle(masses.at(atom.element));
    }
    for (const GraphBond& bond : graph.bonds) {
        const bool first = graph.atoms[bond.atom1].element == 1, second = graph.atoms[bond.atom2].element == 1;
        if (first == second)
            continue;
        const int hydrogen = first ? bond.atom1 : bond.atom2, other = first ? bond.atom2 : bond.atom1;
        heavy.setParticleMass(hydrogen, heavy.getParticleMass(hydrogen) + 2);
        heavy.setParticleMass(other, heavy.getParticleMass(other) - 2);
    }
    wrong.setParticleMass(0, system.getParticleMass(2));
    wrong.setParticleMass(2, system.getParticleMass(0));
    for (const System* good : {&system, &heavy}) {
        VerletIntegrator integrator(0.001);
        Context context(*good, integrator, platform());
        EXPECT_NO_THROW(ensemble.applyTo(context, 0));
    }
    VerletIntegrator integrator(0.001);
    Context context(wrong, integrator, platform());
    const std::string text = "Ensemble::applyTo: expected particles that are the atoms of \"ethanol\" in their order, "
            "got particle 0, which weighs ";
    expectMentions<ArgumentError>(text, [&] { ensemble.applyTo(context, 0); });
    expectMentions<ArgumentError>(
            text, [&] { ensemble.applyTo(context, 0, std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8}); });
    expectMentions<ArgumentError>(
            "Ensemble::createState: expected particles", [&] { ensemble.createState(0, context); });
}

TEST(Ensemble, refusesWhatDoesNotFit) {
    Ensemble ensemble = makeEnsemble(2);
    expectThrows<ArgumentError>(
            "Ensemble::getPositions: expected a conformer below 2, got 2", [&] { ensemble.getPositions(2); });
    expectThrows<ArgumentError>(
            "Ensemble::getStatus: expected a conformer below 2, got -1", [&] { ensemble.getStatus(-1); });
    expectThrows<ArgumentError>("Ensemble::select: expected a conformer below 2, got 5", [&] { ensemble.select({5}); });
    expectThrows<ArgumentError>("Ensemble::slice: expected a step of at least 1, got 0; use select() for another order",
            [&] { ensemble.slice(0, 2, 0); });
    expectThrows<ArgumentError>("Ensemble::addConformer: expected 9 positions, one for each atom of \"ethanol\", got 3",
            [&] { ensemble.addConformer(makeConformer(3, 1)); });
    expectThrows<ArgumentError>(
            "Ensemble::append: expected an ensemble of \"ethanol\", got one of \"water\"; keep different"
            " molecules in different ensembles",
            [&] { ensemble.append(Ensemble(makeWater())); });
    expectThrows<ArgumentError>(
            "Ensemble::getFailure: expected a failure below 0, got 0", [&] { ensemble.getFailure(0); });
    std::unique_ptr<System> system = makeSystem(11);
    VerletIntegrator integrator(0.001);
    Context context(*system, integrator, platform());
    expectThrows<ArgumentError>(
            "Ensemble::applyTo: expected a System of 9 particles, one for each atom of \"ethanol\", got 11;"
            " pass the list of the molecule's particles",
            [&] { ensemble.applyTo(context, 0); });
    expectThrows<ArgumentError>("Ensemble::applyTo: expected particles below 11, got 11",
            [&] { ensemble.applyTo(context, 0, {0, 1, 2, 3, 4, 5, 6, 7, 11}); });
    expectThrows<ArgumentError>("Ensemble::applyTo: expected every particle once, got particle 7 twice",
            [&] { ensemble.applyTo(context, 0, {0, 1, 2, 3, 4, 5, 6, 7, 7}); });
}
