// SPDX-License-Identifier: MIT
// From a length to backbones to a short simulation of their CA atoms, and to a protein in a PDB file.
#include "OpenMM.h"
#include "openmmorbit/BackboneBuilder.h"
#include "openmmorbit/BackboneGenerator.h"
#include "openmmorbit/Plugins.h"
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <memory>

using namespace OpenMM;
using namespace OrbitPlugin;

/** Without a model: a helix, which the rest of the program can do with. */
std::vector<Vec3> makeHelix(int numResidues) {
    std::vector<Vec3> positions;
    for (int i = 0; i < numResidues; i++)
        positions.push_back(Vec3(0.23 * std::cos(1.745 * i), 0.23 * std::sin(1.745 * i), 0.15 * i));
    return positions;
}

/** Generate two backbones of CA atoms; get the first one that is right, nm. */
std::vector<Vec3> generate(const std::string& modelPath, int numResidues) {
    BackboneGenerator generator(modelPath);
    const Ensemble ensemble = generator.generate(makeBackbone({numResidues}), 2, 7);
    std::cout << ensemble.getNumConformers() << " backbones of " << numResidues << " residues on "
              << generator.getKernelDescription() << " " << ensemble.getMessage() << std::endl;
    if (ensemble.getNumConformers() == 0)
        return {};
    const std::vector<Vec3> atoms = ensemble.getPositions(0);
    std::vector<Vec3> trace;
    const int size = generator.getAtomsPerResidue();    // 1: CA; 3: N, CA, C
    for (int i = 0; i < numResidues; i++)
        trace.push_back(atoms[size * i + size / 2]);
    return trace;
}

/** CA atoms as an elastic network: springs between all that are near. */
double runNetwork(const std::vector<Vec3>& trace) {
    System system;
    auto springs = std::make_unique<HarmonicBondForce>();
    for (int i = 0; i < (int) trace.size(); i++) {
        system.addParticle(110.0);      // a residue
        for (int j = 0; j < i; j++) {
            const Vec3 difference = trace[i] - trace[j];
            const double distance = std::sqrt(difference.dot(difference));
            if (distance < 0.8)
                springs->addBond(j, i, distance, 2000.0);
        }
    }
    system.addForce(springs.release());     // The System takes the force over.
    LangevinMiddleIntegrator integrator(300.0, 1.0, 0.01);
    integrator.setRandomNumberSeed(1);
    Context context(system, integrator, Platform::getPlatform("Reference"));
    context.setPositions(trace);
    context.setVelocitiesToTemperature(300.0, 1);
    integrator.step(1000);
    return context.getState(State::Energy).getPotentialEnergy();
}

void writePdb(const std::string& path, const BuiltBackbone& built) {
    std::ofstream file(path);
    file << std::fixed << std::setprecision(3);
    for (int i = 0; i < (int) built.topology.atoms.size(); i++) {
        const TopologyAtom& atom = built.topology.atoms[i];
        file << "ATOM  " << std::setw(5) << i + 1 << "  " << std::left << std::setw(3) << atom.name << std::right << " "
             << built.topology.residueNames[atom.residue] << " A" << std::setw(4) << atom.residue + 1 << "    ";
        for (int axis = 0; axis < 3; axis++)
            file << std::setw(8) << built.positions[3 * i + axis];      // Angstrom
        file << "  1.00  0.00\n";
    }
    file << "END\n";
}

int main(int argc, char* argv[]) {
    if (argc < 2) {
        std::cerr << "Usage: GenerateBackbones <package folder> [residues] [model file] [output.pdb]\n";
        return 2;
    }
    const int numResidues = argc > 2 ? std::stoi(argv[2]) : 60;
    const std::string model = argc > 3 ? argv[3] : std::string(argv[1]) + "/models/backbone.safetensors";
    loadPlugins();      // OpenMM's platforms, and the denoising kernels for them
    const std::vector<Vec3> trace =
            argc > 3 || std::filesystem::exists(model) ? generate(model, numResidues) : makeHelix(numResidues);
    if (trace.empty())
        return 1;
    const double energy = runNetwork(trace);
    std::cout << "elastic network after 10 ps at 300 K: " << energy << " kJ/mol" << std::endl;

    // Atoms of alanine, and of glycine where phi is positive, on the CA atoms: L residues, trans peptides.

    BackboneTrace points;
    for (const Vec3& x : trace)
        for (int axis = 0; axis < 3; axis++)
            points.positions.push_back(x[axis] * AngstromsPerNm);
    const std::string path = argc > 4 ? argv[4] : "backbone.pdb";
    try {
        const BuiltBackbone built = buildBackbone(points);
        writePdb(path, built);
        std::cout << built.topology.atoms.size() << " atoms, " << built.report.clashes.size() << " clashes, in " << path
                  << std::endl;
    }
    catch (const BackboneError& error) {
        std::cerr << error.what() << std::endl;     // It names the residue on which no protein fits.
        return 1;
    }
    return std::isfinite(energy) ? 0 : 1;
}
