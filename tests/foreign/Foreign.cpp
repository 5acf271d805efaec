// SPDX-License-Identifier: MIT
// A foreign program: generates two conformers of water with random weights, through the installed libraries and
// plugins.
#include "OpenMM.h"
#include "openmmorbit/ConformerGenerator.h"
#include "openmmorbit/Plugins.h"
#include <algorithm>
#include <cmath>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

int main() {
    try {
        const std::vector<std::string> platforms = OrbitPlugin::loadPlugins();
        if (std::find(platforms.begin(), platforms.end(), "CPU") == platforms.end())
            throw OpenMM::OpenMMException("expected the platform CPU, got none");
        if (OrbitPlugin::loadPlugins() != platforms)
            throw OpenMM::OpenMMException("expected the same platforms from a second call, got others");
        OrbitPlugin::MolecularGraph graph;
        for (int element : {8, 1, 1}) {
            OrbitPlugin::GraphAtom atom;
            atom.element = element;
            atom.hybridization = element == 1 ? OrbitPlugin::Hybridization::S : OrbitPlugin::Hybridization::SP3;
            graph.atoms.push_back(atom);
        }
        graph.bonds.resize(2);
        graph.bonds[0].atom2 = 1;
        graph.bonds[1].atom2 = 2;
        OrbitPlugin::PairBiasTransformerSettings settings;
        settings.width = 48;
        settings.numHeads = 3;
        settings.numLayers = 2;
        OrbitPlugin::ConformerGenerator generator(OrbitPlugin::DenoiserModel::createRandom(settings, 1));
        generator.setReturnFailed(true);
        generator.setCheckConformers(false);
        const OrbitPlugin::Ensemble ensemble = generator.generate(graph, 2, 7);
        if (ensemble.getNumConformers() != 2)
            throw OpenMM::OpenMMException("expected 2 conformers, got "+std::to_string(ensemble.getNumConformers()));
        for (int i = 0; i < 2; i++)
            for (const OpenMM::Vec3& position : ensemble.getPositions(i))
                if (!std::isfinite(position.dot(position)))
                    throw OpenMM::OpenMMException("a position is not finite");
        if (generator.getKernelDescription().find("CPU") != 0)
            throw OpenMM::OpenMMException("expected the CPU's kernel, got "+generator.getKernelDescription());
        std::cout << "2 conformers on " << generator.getKernelDescription() << "\n";
        return 0;
    }
    catch (const std::exception& error) {
        std::cerr << error.what() << "\n";
        return 1;
    }
}
