// SPDX-License-Identifier: MIT
// Compares the masses of particles with those of the elements of a molecule.
#include "openmmorbit/internal/ParticleMasses.h"
#include "openmmorbit/ArgumentError.h"
#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>

using namespace OpenMM;

namespace OrbitPlugin {

namespace {

/** Standard atomic masses up to curium, dalton, as OpenMM has them. */
constexpr std::array<double, 97> MASSES = {0, 1.00795, 4.003, 6.9412, 9.01218, 10.8117, 12.0108, 14.0067, 15.9994,
        18.9984, 20.1798, 22.9898, 24.3051, 26.9815, 28.0855, 30.9738, 32.0655, 35.4532, 39.9481, 39.0983, 40.0784,
        44.9559, 47.8671, 50.9415, 51.9962, 54.938, 55.8452, 58.9332, 58.6934, 63.5463, 65.4094, 69.7231, 72.641,
        74.9216, 78.963, 79.9041, 83.7982, 85.4678, 87.621, 88.9059, 91.2242, 92.9064, 95.942, 98, 101.072, 102.906,
        106.421, 107.868, 112.412, 114.818, 118.711, 121.76, 127.603, 126.904, 131.294, 132.905, 137.328, 138.905,
        140.116, 140.908, 144.242, 145, 150.362, 151.964, 157.253, 158.925, 162.5, 164.93, 167.259, 168.934, 173.043,
        174.967, 178.492, 180.948, 183.841, 186.207, 190.233, 192.217, 195.085, 196.967, 200.592, 204.383, 207.21,
        208.98, 209, 210, 222.018, 223, 226, 227, 232.038, 231.036, 238.029, 237, 244, 243, 247};

/** Hydrogens weigh at most this, dalton: tritium, and those that were made heavier. */
const double MAX_HYDROGEN_MASS = 6;
/** An atom and its hydrogens may weigh more or less by this, dalton. Most neighbours in the table differ by more. */
const double TOLERANCE = 0.6;

double getMass(const GraphAtom& atom) {
    if (atom.isotope > 0)
        return atom.isotope;
    return atom.element < (int) MASSES.size() ? MASSES[atom.element] : 2.5 * atom.element;
}

} // namespace

void checkMasses(const std::string& method, const MolecularGraph& graph, const System& system,
        const std::vector<int>& particles) {
    const std::vector<std::vector<int>> neighbors = graph.getNeighbors();
    const auto isBoundHydrogen = [&](int atom) {
        return graph.atoms[atom].element == 1 && neighbors[atom].size() == 1 &&
                graph.atoms[neighbors[atom][0]].element > 1;
    };
    const auto isFirstMass = [&](int particle) {
        return system.getParticleMass(particle) == system.getParticleMass(particles[0]);
    };

    // Equal masses, which some give to all particles, say nothing about elements.

    if (std::all_of(particles.begin(), particles.end(), isFirstMass))
        return;
    for (int atom = 0; atom < graph.getNumAtoms(); atom++) {
        if (isBoundHydrogen(atom) || graph.atoms[atom].element == 0)    // A bead may have any mass.
            continue;
        double expected = getMass(graph.atoms[atom]), found = system.getParticleMass(particles[atom]);
        bool fixed = found == 0, heavyHydrogen = false;
        for (int other : neighbors[atom])
            if (isBoundHydrogen(other)) {
                const double mass = system.getParticleMass(particles[other]);
                fixed = fixed || mass == 0;
                heavyHydrogen = heavyHydrogen || mass > MAX_HYDROGEN_MASS;
                expected += getMass(graph.atoms[other]);
                found += mass;
            }
        if (fixed || (std::fabs(found - expected) < TOLERANCE && !heavyHydrogen))
            continue;
        std::ostringstream text;
        text << method << ": expected particles that are the atoms of " << graph.getLabel()
             << " in their order, got particle " << particles[atom] << ", which weighs " << found
             << " dalton with its hydrogens, where atom " << atom << " (" << graph.atoms[atom].name << ") weighs "
             << expected << "; make the System of the same molecule in the same order of atoms, or list the particle "
             << "of every atom";
        throw ArgumentError(text.str());
    }
}

} // namespace OrbitPlugin
