// SPDX-License-Identifier: MIT
// Topologies: ligands from a SMILES whatever the order of their atoms, standard residues in several protonation states.
#include "Golden.h"
#include "Matchers.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/MoleculeReader.h"
#include "openmmorbit/TopologyReader.h"
#include <algorithm>
#include <gtest/gtest.h>
#include <numeric>
#include <random>

using namespace OrbitPlugin;
using std::string;
using std::vector;

/** A topology of one residue "LIG" with the atoms of a graph in another order, and without bond orders. */
static TopologyRecord shuffle(const MolecularGraph& graph, const string& smiles, bool withHydrogens, unsigned int seed) {
    vector<int> order(graph.getNumAtoms()), places(graph.getNumAtoms(), -1);
    std::iota(order.begin(), order.end(), 0);
    std::mt19937 random(seed);
    std::shuffle(order.begin(), order.end(), random);
    TopologyRecord topology;
    topology.residueNames = {"LIG"};
    topology.smiles["LIG"] = smiles;
    for (int index : order) {
        if (!withHydrogens && graph.atoms[index].element == 1)
            continue;
        places[index] = (int) topology.atoms.size();
        topology.atoms.push_back({graph.atoms[index].name, graph.atoms[index].element, 0, 0});
    }
    for (const GraphBond& bond : graph.bonds)
        if (places[bond.atom1] >= 0 && places[bond.atom2] >= 0)
            topology.bonds.push_back({places[bond.atom2], places[bond.atom1], 0});
    return topology;
}

TEST(TopologyReader, ligandsTakeEverythingFromTheirSmiles) {
    int numMolecules = 0;
    for (const MoleculeRecord& record : MoleculeReader(testSupport::goldenPath("stereoConformers.sdf")).readAll()) {
        const MolecularGraph graph = readSmiles(record.graph.name);
        for (bool withHydrogens : {true, false}) {
            const TopologyRecord topology = shuffle(graph, record.graph.name, withHydrogens, numMolecules);
            const MolecularGraph result = readTopology(topology);
            EXPECT_EQ(result.smiles, graph.smiles) << record.graph.name << (withHydrogens ? "" : " without hydrogens");
            ASSERT_EQ(result.getNumAtoms(), graph.getNumAtoms());
            for (size_t i = 0; i < topology.atoms.size(); i++) {
                EXPECT_EQ(result.atoms[i].name, topology.atoms[i].name);
                EXPECT_EQ(result.atoms[i].element, topology.atoms[i].element);
            }
            EXPECT_EQ(result.numAddedHydrogens, graph.getNumAtoms() - (int) topology.atoms.size());
            EXPECT_EQ(result.tetrahedral.size(), graph.tetrahedral.size());
            EXPECT_EQ(result.torsional.size(), graph.torsional.size());
        }
        numMolecules++;
    }
    EXPECT_GT(numMolecules, 60);
}

TEST(TopologyReader, chargedAndAromaticLigands) {
    for (const char* smiles : {"CC(=O)[O-]", "C[N+](=O)[O-]", "[NH3+]CC(=O)[O-]", "c1cc[nH]c1", "Cn1cnc2c1c(=O)n(C)c(=O)n2C", "[13CH3]C#N",
             "C[N+](C)(C)C", "O=S(=O)([O-])c1ccccc1"}) {
        const MolecularGraph graph = readSmiles(smiles);
        EXPECT_EQ(readTopology(shuffle(graph, smiles, true, 3)).smiles, graph.smiles);
        EXPECT_EQ(readTopology(shuffle(graph, smiles, false, 4)).smiles, graph.smiles);
    }
}

TEST(TopologyReader, standardResiduesAgreeWithRDKit) {
    for (const nlohmann::json& entry : testSupport::readGolden("topologies.json")) {
        TopologyRecord topology;
        topology.residueNames = entry["residues"].get<vector<string>>();
        for (const nlohmann::json& atom : entry["atoms"])
            topology.atoms.push_back({atom[0], atom[1], atom[2], 0});
        for (const nlohmann::json& bond : entry["bonds"])
            topology.bonds.push_back({bond[0], bond[1], 0});
        const MolecularGraph graph = readTopology(topology);
        EXPECT_EQ(flatSmiles(graph), flatSmiles(readSmiles(entry["flat"]))) << entry["label"];
        for (size_t i = 0; i < topology.atoms.size(); i++)
            EXPECT_EQ(graph.atoms[i].element, topology.atoms[i].element);
    }
}

TEST(TopologyReader, knownBondOrdersNeedNoSmiles) {
    TopologyRecord topology;
    topology.residueNames = {"ACN"};
    topology.atoms = {{"C1", 6, 0, 0}, {"C2", 6, 0, 0}, {"N1", 7, 0, 0}};
    topology.bonds = {{0, 1, 1}, {1, 2, 3}};
    EXPECT_EQ(readTopology(topology).smiles, "CC#N");
}

TEST(TopologyReader, refusesWhatDoesNotFit) {
    TopologyRecord topology = shuffle(readSmiles("CCO"), "CCN", true, 1);
    testSupport::expectThrows<ArgumentError>("readTopology: expected a SMILES with the atoms and bonds of residue 0 \"LIG\" (C2H6O), got "
        "\"CCN\" (C2H7N); correct the SMILES, or the bonds and hydrogens of the topology", [&] { readTopology(topology); });
    topology.smiles["LIG"] = "CC[O-]";
    EXPECT_THROW(readTopology(topology), ArgumentError);
    topology.smiles["LIG"] = "CC(";
    EXPECT_THROW(readTopology(topology), ArgumentError);
    topology.smiles.clear();
    testSupport::expectThrows<ArgumentError>("readTopology: expected a SMILES for residue 0 \"LIG\", which is no standard residue and has "
        "bonds of unknown order, got none; give one by the residue's name", [&] { readTopology(topology); });
    topology = shuffle(readSmiles("CCO"), "CCO", true, 1);
    topology.atoms[2].element = 0;
    EXPECT_THROW(readTopology(topology), ArgumentError);
    testSupport::expectThrows<ArgumentError>("readTopology: expected at least one atom, got none", [] { readTopology(TopologyRecord()); });
}
