// SPDX-License-Identifier: MIT
// MMFF94 as OpenMM forces: energies of a varied list against RDKit's, term by term; forces against finite differences.
#include "Golden.h"
#include "Matchers.h"
#include "Tolerances.h"
#include "openmm/Context.h"
#include "openmm/Force.h"
#include "openmm/LangevinMiddleIntegrator.h"
#include "openmm/LocalEnergyMinimizer.h"
#include "openmm/VerletIntegrator.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/MMFFSystem.h"
#include "openmmorbit/MoleculeReader.h"
#include <cmath>
#include <gtest/gtest.h>
#include <map>

using namespace OpenMM;
using namespace OrbitPlugin;
using std::string;
using std::vector;
using testSupport::expectClose;
using testSupport::tolerance;

static const double KJ_PER_KCAL = 4.184;

/** Positions (nm) of a golden molecule. */
static vector<Vec3> getPositions(const nlohmann::json& molecule) {
    const vector<int> values = molecule["positions"];
    vector<Vec3> positions;
    for (size_t k = 0; k < values.size(); k += 3)
        positions.push_back(Vec3(values[k], values[k + 1], values[k + 2]) * 1e-4);
    return positions;
}

/** Energies (kJ/mol) of every force, by name. */
static std::map<string, double> getEnergies(System& system, const vector<Vec3>& positions) {
    for (int k = 0; k < system.getNumForces(); k++)
        system.getForce(k).setForceGroup(k);
    VerletIntegrator integrator(0.001);
    Context context(system, integrator, Platform::getPlatformByName("Reference"));
    context.setPositions(positions);
    std::map<string, double> energies;
    for (int k = 0; k < system.getNumForces(); k++)
        energies[system.getForce(k).getName()] = context.getState(State::Energy, false, 1 << k).getPotentialEnergy();
    energies["total"] = context.getState(State::Energy).getPotentialEnergy();
    return energies;
}

TEST(MMFF, energiesAreThoseOfRDKit) {
    const nlohmann::json golden = testSupport::readGolden("mmff.json");
    ASSERT_GE(golden["molecules"].size(), 60u);
    for (const nlohmann::json& molecule : golden["molecules"]) {
        const string smiles = molecule["smiles"];
        const MolecularGraph graph = readSmiles(smiles);
        std::unique_ptr<System> system = makeMMFFSystem(graph);
        std::map<string, double> energies = getEnergies(*system, getPositions(molecule));
        const vector<double> actual = {energies["MMFFBond"], energies["MMFFAngle"] + energies["MMFFLinearAngle"],
            energies["MMFFStretchBend"], energies["MMFFOutOfPlane"], energies["MMFFTorsion"],
            energies["MMFFNonbonded"] + energies["MMFF14Electrostatics"]};
        vector<double> expected = molecule["terms"];
        expected[5] += expected[6];
        expected.pop_back();
        for (double& energy : expected)
            energy *= KJ_PER_KCAL;
        expectClose("terms of " + smiles, actual, expected, tolerance("mmffEnergy", "double"));
        expectClose("energy of " + smiles, energies["total"], KJ_PER_KCAL * molecule["MMFF94"].get<double>(),
            tolerance("mmffEnergy", "double"));

        system = makeMMFFSystem(graph, "MMFF94s");
        expectClose("MMFF94s energy of " + smiles, getEnergies(*system, getPositions(molecule))["total"],
            KJ_PER_KCAL * molecule["MMFF94s"].get<double>(), tolerance("mmffEnergy", "double"));
    }
}

TEST(MMFF, forcesAreDerivatives) {
    const nlohmann::json golden = testSupport::readGolden("mmff.json");
    const double step = 1e-5;
    for (int index : {6, 15, 42, 50}) {
        const nlohmann::json& molecule = golden["molecules"][index];
        const std::unique_ptr<System> system = makeMMFFSystem(readSmiles(molecule["smiles"]));
        VerletIntegrator integrator(0.001);
        Context context(*system, integrator, Platform::getPlatformByName("Reference"));
        vector<Vec3> positions = getPositions(molecule);
        context.setPositions(positions);
        const vector<Vec3> forces = context.getState(State::Forces).getForces();
        for (int i = 0; i < (int) positions.size(); i++)
            for (int k = 0; k < 3; k++) {
                double energies[2];
                for (int side = 0; side < 2; side++) {
                    positions[i][k] += (side == 0 ? -1 : 1) * step;
                    context.setPositions(positions);
                    energies[side] = context.getState(State::Energy).getPotentialEnergy();
                    positions[i][k] -= (side == 0 ? -1 : 1) * step;
                }
                const double derivative = -(energies[1] - energies[0]) / (2 * step);
                EXPECT_NEAR(forces[i][k], derivative, 1e-4 * (1000 + std::fabs(derivative)))
                        << molecule["smiles"] << " atom " << i;
            }
    }
}

TEST(MMFF, massesAreNatural) {
    const std::unique_ptr<System> system = makeMMFFSystem(readSmiles("[2H]C"));
    ASSERT_EQ(system->getNumParticles(), 5);
    expectClose("mass of D", system->getParticleMass(0), 2.0141, {0, 1e-4});
    expectClose("mass of C", system->getParticleMass(1), 12.011, {0, 1e-3});
    expectClose("mass of H", system->getParticleMass(4), 1.008, {0, 1e-3});
    EXPECT_EQ(system->getNumConstraints(), 0);
}

TEST(MMFF, minimisesAndRuns) {
    const nlohmann::json golden = testSupport::readGolden("mmff.json");
    const nlohmann::json& molecule = golden["molecules"][0];
    const std::unique_ptr<System> system = makeMMFFSystem(readSmiles(molecule["smiles"]));
    LangevinMiddleIntegrator integrator(300, 1, 0.0005);
    integrator.setRandomNumberSeed(5);
    Context context(*system, integrator, Platform::getPlatformByName("Reference"));
    context.setPositions(getPositions(molecule));
    const double before = context.getState(State::Energy).getPotentialEnergy();
    LocalEnergyMinimizer::minimize(context, 1);
    EXPECT_LT(context.getState(State::Energy).getPotentialEnergy(), before);
    context.setVelocitiesToTemperature(300, 5);
    integrator.step(200);
    EXPECT_TRUE(std::isfinite(context.getState(State::Energy).getPotentialEnergy()));
}

TEST(MMFF, refusesWhatItCannotDescribe) {
    testSupport::expectThrows<ArgumentError>(
            "createMMFFSystem: expected atoms that MMFF94 has parameters for, got atom 1 (B1) of the "
            "molecule \"CB(C)C\"; use another force field, for example GAFF or SMIRNOFF",
            [] { makeMMFFSystem(readSmiles("CB(C)C")); });
    EXPECT_THROW(makeMMFFSystem(readSmiles("C[Se]C")), ArgumentError);
    testSupport::expectThrows<ArgumentError>(
            "createMMFFSystem: expected the variant \"MMFF94\" or \"MMFF94s\", got \"UFF\"",
            [] { makeMMFFSystem(readSmiles("C"), "UFF"); });
}
