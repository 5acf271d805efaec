// SPDX-License-Identifier: MIT
// Gather and scatter where the device has reordered and wrapped the particles: identical molecules, a cutoff, periodic
// cells.
#include "CommonIntegrateOrbitDiffusionStepKernel.h"
#include "KernelContext.h"
#include "Matchers.h"
#include "Models.h"
#include "Tolerances.h"
#include "openmm/CompoundIntegrator.h"
#include "openmm/HarmonicBondForce.h"
#include "openmm/LangevinMiddleIntegrator.h"
#include "openmm/NonbondedForce.h"
#include "openmm/VerletIntegrator.h"
#include "openmmorbit/OrbitDiffusionIntegrator.h"
#include <sstream>

using namespace OpenMM;
using namespace OrbitPlugin;
using namespace testSupport;
using std::vector;

namespace {

const int NUM_MOLECULES = 40, NUM_ATOMS = 9;
const double BOX = 3.0;

/**
 * Many ethanols with weak forces and a cutoff, so that OpenMM sorts them along a curve through the box. The atoms are
 * small, because a molecule may be generated where another one is: there the rounding of positions, times the slope of
 * r^-12, would show in the energy.
 */
std::unique_ptr<System> makeEthanols() {
    const MolecularGraph graph = makeEthanol();
    auto system = makeSystem(NUM_MOLECULES*NUM_ATOMS);
    auto nonbonded = std::make_unique<NonbondedForce>();
    auto bonds = std::make_unique<HarmonicBondForce>();
    nonbonded->setNonbondedMethod(NonbondedForce::CutoffPeriodic);
    nonbonded->setCutoffDistance(1.0);
    for (int molecule = 0; molecule < NUM_MOLECULES; molecule++) {
        for (int i = 0; i < NUM_ATOMS; i++)
            nonbonded->addParticle(0.01*(i%3-1), 0.01, 0.001);
        for (const GraphBond& bond : graph.bonds)
            bonds->addBond(molecule*NUM_ATOMS+bond.atom1, molecule*NUM_ATOMS+bond.atom2, 0.15, 100.0);
        for (int i = 0; i < NUM_ATOMS; i++)
            for (int j = 0; j < i; j++)
                nonbonded->addException(molecule*NUM_ATOMS+i, molecule*NUM_ATOMS+j, 0.0, 1.0, 0.0);
    }
    system->setDefaultPeriodicBoxVectors(Vec3(BOX, 0, 0), Vec3(0.3, BOX, 0), Vec3(0.2, -0.4, BOX));
    system->addForce(nonbonded.release());
    system->addForce(bonds.release());
    return system;
}

/** Molecules all over and outside the box. */
vector<Vec3> makeScatteredPositions() {
    vector<Vec3> positions;
    for (int molecule = 0; molecule < NUM_MOLECULES; molecule++) {
        const vector<double> place = makeNumbers(3, 50+molecule, 2*BOX), shape = makeNumbers(3*NUM_ATOMS, 7, 0.1);
        for (int i = 0; i < NUM_ATOMS; i++)
            positions.emplace_back(place[0]+shape[3*i], place[1]+shape[3*i+1], place[2]+shape[3*i+2]);
    }
    return positions;
}

std::unique_ptr<LangevinMiddleIntegrator> makeDynamics() {
    auto dynamics = std::make_unique<LangevinMiddleIntegrator>(300.0, 5.0, 0.0005);
    dynamics->setRandomNumberSeed(1);
    return dynamics;
}

vector<Vec3> getPositions(Context& context) {
    return context.getState(State::Positions).getPositions();
}

Vec3 findCentroid(const vector<Vec3>& positions, int molecule) {
    Vec3 sum;
    for (int i = 0; i < NUM_ATOMS; i++)
        sum += positions[molecule*NUM_ATOMS+i];
    return sum/NUM_ATOMS;
}

/** Make the device reorder and wrap now, and make sure that it did. */
void reorder(KernelIntegrator& integrator) {
    ComputeContext& device = static_cast<CommonIntegrateOrbitDiffusionStepKernel&>(integrator.getKernel()).getDevice();
    integrator.getContext().calcForcesAndEnergy(true, false);
    device.forceReorder();
    device.reorderAtoms();
    int numMoved = 0, numWrapped = 0;
    for (int i = 0; i < device.getNumAtoms(); i++) {
        const mm_int4& offset = device.getPosCellOffsets()[i];
        numMoved += device.getAtomIndex()[i] != i;
        numWrapped += offset.x != 0 || offset.y != 0 || offset.z != 0;
    }
    EXPECT_GT(numMoved, NUM_MOLECULES);
    EXPECT_GT(numWrapped, NUM_MOLECULES);
}

const vector<int> CHOSEN = {31, 4, 17};

/**
 * Expect the chosen molecules around their old centroids in the shapes of an undisturbed generation, and the others
 * unmoved.
 */
void checkPositions(const vector<Vec3>& before, const vector<Vec3>& after, const vector<double>& shapes) {
    vector<Vec3> expected = before;
    for (int m = 0; m < (int) CHOSEN.size(); m++)
        for (int i = 0; i < NUM_ATOMS; i++) {
            const double* shape = &shapes[3*(m*NUM_ATOMS+i)];
            expected[CHOSEN[m]*NUM_ATOMS+i] = findCentroid(before, CHOSEN[m])+Vec3(shape[0], shape[1], shape[2])*0.1;
        }
    expectClose("positions", after, expected, tolerance("positions", precisionName()));
}

std::unique_ptr<OrbitDiffusionIntegrator> makeDenoiser() {
    auto denoiser = std::make_unique<OrbitDiffusionIntegrator>(makeSmallModel());
    for (int molecule : CHOSEN) {
        vector<int> particles;
        for (int i = 0; i < NUM_ATOMS; i++)
            particles.push_back(molecule*NUM_ATOMS+i);
        denoiser->addMolecule(makeEthanol(), particles);
    }
    denoiser->setNumSteps(4);
    denoiser->setRandomNumberSeed(5);
    return denoiser;
}

/** The shapes that makeDenoiser() generates: [3 * 9 * 3], Angstrom, each molecule centred. */
vector<double> generateShapes() {
    auto denoiser = makeDenoiser();
    auto system = makeSystem(NUM_MOLECULES*NUM_ATOMS);
    Context context(*system, *denoiser, Platform::getPlatformByName("Reference"));
    denoiser->generate();
    vector<double> shapes;
    for (int molecule : CHOSEN)
        for (int i = 0; i < NUM_ATOMS; i++)
            for (int k = 0; k < 3; k++)
                shapes.push_back(10*getPositions(context)[molecule*NUM_ATOMS+i][k]);
    return shapes;
}

} // namespace

TEST(OpenCLContextOrder, gatherAndScatterFollowTheDevice) {
    const DenoiserModel model = makeSmallModel();
    auto system = makeEthanols();
    KernelIntegrator integrator(model);
    Context context(*system, integrator, platform());
    context.setPositions(makeScatteredPositions());
    const vector<Vec3> before = getPositions(context);
    Batch batch;
    batch.inputs = {makeFeatures(makeEthanol(), model)};
    batch.plan.noiseLevels = {1.0, 0.0};
    batch.plan.renewedLevels.clear();
    for (int molecule : CHOSEN) {
        batch.addCopy(BatchCopy());
        for (int i = 0; i < NUM_ATOMS; i++)
            batch.particles.push_back(molecule*NUM_ATOMS+i);
    }
    integrator.getKernel().setBatch(batch);

    // Between gather and scatter the order changes, as it would in a simulation.

    integrator.getKernel().gather(integrator.getContext());
    reorder(integrator);
    vector<double> shapes = makeNumbers(3*NUM_ATOMS*(int) CHOSEN.size(), 3, 2.0);
    integrator.getKernel().setPositions(shapes);
    shapes = integrator.getKernel().getPositions();
    integrator.getKernel().scatter(integrator.getContext());
    checkPositions(before, getPositions(context), shapes);

    // Centroids of wrapped molecules are those that the user sees.

    integrator.getKernel().gather(integrator.getContext());
    integrator.getKernel().scatter(integrator.getContext());
    checkPositions(before, getPositions(context), shapes);
}

TEST(OpenCLContextOrder, chargesAndForcesStayWithTheirParticles) {
    auto system = makeEthanols();
    CompoundIntegrator compound;
    compound.addIntegrator(makeDynamics().release());
    auto owned = makeDenoiser();
    OrbitDiffusionIntegrator& denoiser = *owned;
    compound.addIntegrator(owned.release());
    Context context(*system, compound, platform());
    context.setPositions(makeScatteredPositions());
    context.setVelocitiesToTemperature(300.0, 2);

    // More than 250 steps: OpenMM reorders by itself.

    compound.step(260);
    const vector<Vec3> before = getPositions(context);
    compound.setCurrentIntegrator(1);
    compound.step(4);
    EXPECT_TRUE(denoiser.isFinished());
    State state = context.getState(State::Positions|State::Energy|State::Forces);
    const vector<double> shapes = generateShapes();
    vector<Vec3> expected = before;
    for (int m = 0; m < (int) CHOSEN.size(); m++)
        for (int i = 0; i < NUM_ATOMS; i++) {
            const double* shape = &shapes[3*(m*NUM_ATOMS+i)];
            expected[CHOSEN[m]*NUM_ATOMS+i] = findCentroid(before, CHOSEN[m])+Vec3(shape[0], shape[1], shape[2])*0.1;
        }
    expectClose("generation", state.getPositions(), expected, tolerance("generation", precisionName()));

    // The energy is that of these positions in a fresh Context, so every charge is where it belongs.

    VerletIntegrator verlet(0.001);
    Context fresh(*system, verlet, Platform::getPlatformByName("Reference"));
    fresh.setPositions(state.getPositions());
    State freshState = fresh.getState(State::Energy|State::Forces);
    expectClose("energy", state.getPotentialEnergy(), freshState.getPotentialEnergy(), {1e-4, 1e-3});
    expectClose("forces", state.getForces(), freshState.getForces(), {1e-3, 1e-2});
    compound.setCurrentIntegrator(0);
    compound.step(260);
    expectFinite("positions", getPositions(context));
}

TEST(OpenCLContextOrder, checkpointsContinueAfterReordering) {
    auto system = makeEthanols();
    CompoundIntegrator compound;
    compound.addIntegrator(makeDynamics().release());
    compound.addIntegrator(makeDenoiser().release());
    Context context(*system, compound, platform());
    context.setPositions(makeScatteredPositions());
    compound.step(260);
    compound.setCurrentIntegrator(1);
    compound.step(2);
    std::stringstream checkpoint;
    context.createCheckpoint(checkpoint);
    compound.step(2);
    const vector<Vec3> expected = getPositions(context);
    compound.setCurrentIntegrator(0);
    compound.step(260);
    context.loadCheckpoint(checkpoint);
    compound.setCurrentIntegrator(1);
    compound.step(2);
    expectClose("positions", getPositions(context), expected, tolerance("positions", precisionName()));

    compound.setCurrentIntegrator(0);
    context.reinitialize(true);
    expectClose("positions", getPositions(context), expected, tolerance("positions", precisionName()));
    compound.step(10);
    expectFinite("positions", getPositions(context));
}
