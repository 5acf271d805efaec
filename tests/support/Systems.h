// SPDX-License-Identifier: MIT
// Small molecules written out by hand, so that most suites need neither RDKit nor files.
#ifndef OPENMM_ORBIT_TESTS_SYSTEMS_H_
#define OPENMM_ORBIT_TESTS_SYSTEMS_H_

#include "Options.h"
#include "openmm/System.h"
#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/internal/MoleculeFeatures.h"
#include "openmmorbit/internal/StereoRecords.h"
#include <array>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace testSupport {

/** Build a graph of sp3 atoms and single bonds; the caller changes what differs. */
inline OrbitPlugin::MolecularGraph makeGraph(const std::string& name, const std::vector<int>& elements,
        const std::vector<std::pair<int, int>>& bonds) {
    OrbitPlugin::MolecularGraph graph;
    graph.name = name;
    for (int i = 0; i < (int) elements.size(); i++) {
        OrbitPlugin::GraphAtom atom;
        atom.element = elements[i];
        atom.hybridization = (elements[i] == 1 ? OrbitPlugin::Hybridization::S : OrbitPlugin::Hybridization::SP3);
        atom.name = "A"+std::to_string(i+1);
        graph.atoms.push_back(atom);
    }
    for (const auto& [atom1, atom2] : bonds) {
        OrbitPlugin::GraphBond bond;
        bond.atom1 = atom1;
        bond.atom2 = atom2;
        graph.bonds.push_back(bond);
    }
    return graph;
}

/** Water: O, H, H. Group order 2. */
inline OrbitPlugin::MolecularGraph makeWater() {
    return makeGraph("water", {8, 1, 1}, {{0, 1}, {0, 2}});
}

/** Ethanol: C, C, O, 3 H on C1, 2 H on C2, H on O. Group order 12. */
inline OrbitPlugin::MolecularGraph makeEthanol() {
    return makeGraph("ethanol", {6, 6, 8, 1, 1, 1, 1, 1, 1},
            {{0, 1}, {1, 2}, {0, 3}, {0, 4}, {0, 5}, {1, 6}, {1, 7}, {2, 8}});
}

/** Benzene: 6 aromatic C, then their H in the same order. Group order 12. */
inline OrbitPlugin::MolecularGraph makeBenzene() {
    std::vector<int> elements(12, 1);
    std::vector<std::pair<int, int>> bonds;
    for (int i = 0; i < 6; i++) {
        elements[i] = 6;
        bonds.emplace_back(i, (i+1)%6);
    }
    for (int i = 0; i < 6; i++)
        bonds.emplace_back(i, i+6);
    OrbitPlugin::MolecularGraph graph = makeGraph("benzene", elements, bonds);
    for (int i = 0; i < 6; i++) {
        graph.atoms[i].aromatic = true;
        graph.atoms[i].hybridization = OrbitPlugin::Hybridization::SP2;
        graph.bonds[i].order = OrbitPlugin::BondOrder::Aromatic;
    }
    graph.rings = {{0, 1, 2, 3, 4, 5}};
    return graph;
}

/** Bromochlorofluoromethane: C, F, Cl, Br, H; one specified centre, so that the group is trivial. */
inline OrbitPlugin::MolecularGraph makeBromochlorofluoromethane() {
    OrbitPlugin::MolecularGraph graph = makeGraph("bromochlorofluoromethane", {6, 9, 17, 35, 1},
            {{0, 1}, {0, 2}, {0, 3}, {0, 4}});
    OrbitPlugin::TetrahedralStereo stereo;
    stereo.center = 0;
    stereo.neighbors = {{1, 2, 3, 4}};
    graph.tetrahedral.push_back(stereo);
    return graph;
}

/** 1,2-dichloro-1,2-difluoroethane: C, C, F, Cl, H, F, Cl, H; two specified centres that share no ring. */
inline OrbitPlugin::MolecularGraph makeDichlorodifluoroethane() {
    OrbitPlugin::MolecularGraph graph = makeGraph("dichlorodifluoroethane", {6, 6, 9, 17, 1, 9, 17, 1},
            {{0, 1}, {0, 2}, {0, 3}, {0, 4}, {1, 5}, {1, 6}, {1, 7}});
    graph.tetrahedral.resize(2);
    graph.tetrahedral[0].center = 0;
    graph.tetrahedral[0].neighbors = {{1, 2, 3, 4}};
    graph.tetrahedral[1].center = 1;
    graph.tetrahedral[1].neighbors = {{0, 5, 7, 6}};
    return graph;
}

/** (Z)-1,2-difluoroethene: F, C, C, F, H, H; F1 and F4 on the same side. */
inline OrbitPlugin::MolecularGraph makeDifluoroethene() {
    OrbitPlugin::MolecularGraph graph = makeGraph("difluoroethene", {9, 6, 6, 9, 1, 1},
            {{0, 1}, {1, 2}, {2, 3}, {1, 4}, {2, 5}});
    graph.atoms[1].hybridization = graph.atoms[2].hybridization = OrbitPlugin::Hybridization::SP2;
    graph.bonds[1].order = OrbitPlugin::BondOrder::Double;
    OrbitPlugin::TorsionStereo stereo;
    stereo.atoms = {{0, 1, 2, 3}};
    stereo.kind = OrbitPlugin::TorsionStereoKind::Cis;
    graph.torsional.push_back(stereo);
    return graph;
}

/** Numbers between -scale and scale from a fixed sequence (SplitMix64), the same everywhere. */
inline std::vector<double> makeNumbers(int count, std::uint64_t seed, double scale = 1.0) {
    std::vector<double> numbers(count);
    for (double& number : numbers) {
        std::uint64_t z = (seed += 0x9e3779b97f4a7c15ULL);
        z = (z^(z>>30))*0xbf58476d1ce4e5b9ULL;
        z = (z^(z>>27))*0x94d049bb133111ebULL;
        z ^= z>>31;
        number = scale*(2.0*((double) (z>>11)/9007199254740992.0)-1.0);
    }
    return numbers;
}

/** Centred pseudo-random positions [numAtoms * 3]. */
inline std::vector<double> makePositions(int numAtoms, std::uint64_t seed, double scale = 2.0) {
    std::vector<double> positions = makeNumbers(3*numAtoms, seed, scale);
    for (int k = 0; k < 3; k++) {
        double mean = 0;
        for (int i = 0; i < numAtoms; i++)
            mean += positions[3*i+k]/numAtoms;
        for (int i = 0; i < numAtoms; i++)
            positions[3*i+k] -= mean;
    }
    return positions;
}

/** A proper rotation matrix [9], row major, from a pseudo-random unit quaternion. */
inline std::array<double, 9> makeRotation(std::uint64_t seed) {
    const std::vector<double> q0 = makeNumbers(4, seed);
    const double norm = std::sqrt(q0[0]*q0[0]+q0[1]*q0[1]+q0[2]*q0[2]+q0[3]*q0[3]);
    const double w = q0[0]/norm, x = q0[1]/norm, y = q0[2]/norm, z = q0[3]/norm;
    return {{1-2*(y*y+z*z), 2*(x*y-w*z), 2*(x*z+w*y), 2*(x*y+w*z), 1-2*(x*x+z*z), 2*(y*z-w*x),
             2*(x*z-w*y), 2*(y*z+w*x), 1-2*(x*x+y*y)}};
}

/** Rotate positions [numAtoms * 3]: every row r becomes R r. */
inline std::vector<double> rotate(const std::vector<double>& positions, const std::array<double, 9>& rotation) {
    std::vector<double> result(positions.size());
    for (int i = 0; i < (int) positions.size()/3; i++)
        for (int k = 0; k < 3; k++)
            for (int j = 0; j < 3; j++)
                result[3*i+k] += rotation[3*k+j]*positions[3*i+j];
    return result;
}

/** An OpenMM System of free particles, mass 12 for each. */
inline std::unique_ptr<OpenMM::System> makeSystem(int numParticles) {
    auto system = std::make_unique<OpenMM::System>();
    for (int i = 0; i < numParticles; i++)
        system->addParticle(12.0);
    return system;
}

/** 1,4-difluorocyclohexane: ring atoms 0 to 5, F6 on atom 0 (up), F7 on atom 3 (up or down), then hydrogens. */
inline OrbitPlugin::MolecularGraph makeDifluorocyclohexane(bool trans) {
    std::vector<int> elements(18, 1);
    std::fill(elements.begin(), elements.begin() + 6, 6);
    elements[6] = elements[7] = 9;
    std::vector<std::pair<int, int>> bonds = {
            {0, 6}, {3, 7}, {0, 8}, {3, 9}, {1, 10}, {1, 11}, {2, 12}, {2, 13}, {4, 14}, {4, 15}, {5, 16}, {5, 17}};
    for (int k = 0; k < 6; k++)
        bonds.emplace_back(k, (k + 1) % 6);
    OrbitPlugin::MolecularGraph graph = makeGraph("difluorocyclohexane", elements, bonds);
    graph.rings = {{0, 1, 2, 3, 4, 5}};

    // Seen from above the ring runs anticlockwise: (next, previous, up, down) is positive at every atom.

    graph.tetrahedral.push_back({0, {{1, 5, 6, 8}}});
    graph.tetrahedral.push_back({3, {{4, 2, 7, 9}}});
    if (trans)
        std::swap(graph.tetrahedral[1].neighbors[2], graph.tetrahedral[1].neighbors[3]);
    OrbitPlugin::canonicalizeStereo(graph);
    return graph;
}

} // namespace testSupport

#endif // OPENMM_ORBIT_TESTS_SYSTEMS_H_
