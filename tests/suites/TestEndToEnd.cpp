// SPDX-License-Identifier: MIT
// Tests of the whole way: SMILES in, conformers with the requested stereochemistry, a running simulation out.
#include "Matchers.h"
#include "Models.h"
#include "Options.h"
#include "Systems.h"
#include "openmm/Context.h"
#include "openmm/LangevinMiddleIntegrator.h"
#include "openmm/LocalEnergyMinimizer.h"
#include "openmmorbit/ConformerCheck.h"
#include "openmmorbit/ConformerGenerator.h"
#include "openmmorbit/MMFFSystem.h"
#include "openmmorbit/MoleculeReader.h"
#include <gtest/gtest.h>
#include <cmath>
#include <fstream>

using namespace OpenMM;
using namespace OrbitPlugin;
using namespace testSupport;

namespace {

const std::string PACKAGED_MODEL = std::string(ORBIT_TEST_PLUGIN_DIR)+"/../models/conformer.safetensors";

bool hasPackagedModel() {
    return std::ifstream(PACKAGED_MODEL).good();
}

std::vector<double> toAngstrom(const std::vector<Vec3>& positions) {
    std::vector<double> values = toDoubles(positions);
    for (double& value : values)
        value *= 10;
    return values;
}

/** The Reference platform is the definition, not fast. */
int numCopies() {
    return platformName() == "Reference" ? 2 : 20;
}

} // namespace

TEST(EndToEnd, smilesBecomeDynamics) {
    MolecularGraph graph = readSmiles("CC(O)C=O");
    ConformerGenerator generator(makeSmallModel());
    generator.setPlatformName(platformName());
    generator.setCheckConformers(false);
    Ensemble ensemble = generator.generate(graph, 2, 7);
    std::unique_ptr<System> system = makeMMFFSystem(graph);
    LangevinMiddleIntegrator integrator(300.0, 1.0, 0.0005);
    integrator.setRandomNumberSeed(1);
    Context context(*system, integrator, platform());
    for (int i = 0; i < 2; i++) {
        // Random weights make no molecule, but the field finds one in what they make.

        ensemble.applyTo(context, i);
        const double before = context.getState(State::Energy).getPotentialEnergy();
        LocalEnergyMinimizer::minimize(context, 1.0);
        const double after = context.getState(State::Energy).getPotentialEnergy();
        EXPECT_TRUE(std::isfinite(before));
        EXPECT_LT(after, std::min(before, 1000.0));
    }
    context.setVelocitiesToTemperature(300.0, 3);
    integrator.step(100);
    EXPECT_TRUE(std::isfinite(context.getState(State::Energy).getPotentialEnergy()));
}

TEST(EndToEnd, thePackagedModelAnswersWithTheRequestedStereochemistry) {
    if (!hasPackagedModel())
        GTEST_SKIP() << "there is no packaged model";
    ConformerGenerator generator(PACKAGED_MODEL);
    generator.setPlatformName(platformName());
    const std::vector<std::string> smiles = {"CCO", "C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O", "C/C=C/C", "C/C=C\\C",
            "OC[C@@H]1CC[C@H](C)O1"};
    std::vector<MolecularGraph> graphs;
    for (const std::string& text : smiles)
        graphs.push_back(readSmiles(text));
    std::vector<Ensemble> ensembles = generator.generateBatch(graphs, std::vector<int>(graphs.size(), numCopies()), 7);
    for (int k = 0; k < (int) ensembles.size(); k++) {
        const Ensemble& ensemble = ensembles[k];
        EXPECT_EQ(numCopies(), ensemble.getNumConformers()) << smiles[k] << ": " << ensemble.getMessage();
        std::unique_ptr<System> system = makeMMFFSystem(graphs[k]);
        LangevinMiddleIntegrator integrator(300.0, 1.0, 0.0005);
        Context context(*system, integrator, platform());
        for (int i = 0; i < ensemble.getNumConformers(); i++) {
            const ConformerStatus status = checkConformer(graphs[k], toAngstrom(ensemble.getPositions(i)));
            EXPECT_TRUE(status.isAccepted()) << smiles[k] << ": " << status.message;

            // Thermal conformers lie some kJ/mol an atom above their minimum, not hundreds.

            if (i > 1)
                continue;
            ensemble.applyTo(context, i);
            const double before = context.getState(State::Energy).getPotentialEnergy();
            LocalEnergyMinimizer::minimize(context, 1.0);
            EXPECT_LT(before - context.getState(State::Energy).getPotentialEnergy(), 100.0 * graphs[k].getNumAtoms())
                    << smiles[k];
        }
    }
}

TEST(EndToEnd, mirrorImagesAreAnsweredAsSuch) {
    if (!hasPackagedModel())
        GTEST_SKIP() << "there is no packaged model";
    ConformerGenerator generator(PACKAGED_MODEL);
    generator.setPlatformName(platformName());
    MolecularGraph left = readSmiles("C[C@H](N)C(=O)O"), right = readSmiles("C[C@@H](N)C(=O)O");
    const std::vector<Vec3> positions = generator.generate(left, 1, 3).getPositions(0);
    std::vector<double> mirrored = toAngstrom(positions);
    for (int i = 0; i < (int) positions.size(); i++)
        mirrored[3*i] *= -1;
    EXPECT_TRUE(checkConformer(right, mirrored).isAccepted());
    EXPECT_FALSE(checkConformer(left, mirrored).stereoCorrect);
}
