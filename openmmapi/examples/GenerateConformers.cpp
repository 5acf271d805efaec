// SPDX-License-Identifier: MIT
// From SMILES to conformers to Langevin dynamics.
#include "OpenMM.h"
#include "openmmorbit/ConformerGenerator.h"
#include "openmmorbit/MMFFSystem.h"
#include "openmmorbit/MoleculeReader.h"
#include "openmmorbit/Plugins.h"
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <iostream>

using namespace OpenMM;
using namespace OrbitPlugin;

/** Load the model that was asked for, or the packaged one, or one with random weights that only shows the way. */
DenoiserModel loadModel(const std::string& asked, const std::string& packaged) {
    const char* variable = std::getenv("OPENMMORBIT_MODEL");
    const std::string path = !asked.empty() ? asked : variable != nullptr ? variable : packaged;
    if (path != packaged || std::filesystem::exists(path))
        return DenoiserModel::load(path);
    PairBiasTransformerSettings small;
    small.width = 32;
    small.numLayers = small.numHeads = 2;
    return DenoiserModel::createRandom(small, 1);
}

int main(int argc, char* argv[]) {
    if (argc < 2) {
        std::cerr << "Usage: GenerateConformers <package folder> [SMILES] [model file]\n";
        return 2;
    }
    const std::string package = argv[1], smiles = argc > 2 ? argv[2] : "CC(O)C=O";
    loadPlugins();      // OpenMM's platforms, and the denoising kernels for them
    DenoiserModel model = loadModel(argc > 3 ? argv[3] : "", package + "/models/conformer.safetensors");
    MolecularGraph graph = readSmiles(smiles);

    // Random weights make no molecules: let them pass, minimization mends them.
    ConformerGenerator generator(model);
    generator.setCheckConformers(!model.getMetadata("name").empty());
    Ensemble ensemble = generator.generate(graph, 10, 7);
    std::cout << ensemble.getNumConformers() << " conformers of " << graph.getLabel() << " on "
              << ensemble.getProvenance(0).kernel << std::endl;
    std::unique_ptr<System> system = makeMMFFSystem(graph);
    LangevinMiddleIntegrator integrator(300.0, 1.0, 0.0005);
    integrator.setRandomNumberSeed(1);
    Context context(*system, integrator, Platform::getPlatform("Reference"));
    std::cout << "dynamics on " << context.getPlatform().getName() << std::endl;
    for (int i = 0; i < ensemble.getNumConformers(); i++) {
        ensemble.applyTo(context, i);
        double before = context.getState(State::Energy).getPotentialEnergy();
        LocalEnergyMinimizer::minimize(context, 1.0);
        std::cout << "conformer " << i << ": " << before << " kJ/mol, minimized "
                  << context.getState(State::Energy).getPotentialEnergy() << " kJ/mol" << std::endl;
    }
    context.setVelocitiesToTemperature(300.0, 3);
    integrator.step(200);
    const double energy = context.getState(State::Energy).getPotentialEnergy();
    std::cout << "after 0.1 ps at 300 K: " << energy << " kJ/mol" << std::endl;
    return std::isfinite(energy) ? 0 : 1;
}
