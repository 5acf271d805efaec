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
#include <set>

using namespace OrbitPlugin;
using std::string;
using std::vector;

/** Which hydrogens a topology has. */
enum class Hydrogens { All, Some, None };

/** A topology of one residue "LIG" with the atoms of a graph in another order, and without bond orders. */
static TopologyRecord shuffle(
        const MolecularGraph& graph, const string& smiles, Hydrogens hydrogens, unsigned int seed) {
    vector<int> order(graph.getNumAtoms()), places(graph.getNumAtoms(), -1);
    std::iota(order.begin(), order.end(), 0);
    std::mt19937 random(seed);
    std::shuffle(order.begin(), order.end(), random);
    TopologyRecord topology;
    topology.residueNames = {"LIG"};
    topology.smiles["LIG"] = smiles;
    for (int index : order) {
        if (graph.atoms[index].element == 1 &&
                (hydrogens == Hydrogens::None || (hydrogens == Hydrogens::Some && random() % 2 == 0)))
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
    std::set<string> refused;
    for (const MoleculeRecord& record : MoleculeReader(testSupport::goldenPath("stereoConformers.sdf")).readAll()) {
        const MolecularGraph graph = readSmiles(record.graph.name);
        for (Hydrogens hydrogens : {Hydrogens::All, Hydrogens::Some, Hydrogens::None}) {
            const TopologyRecord topology = shuffle(graph, record.graph.name, hydrogens, numMolecules);
            MolecularGraph result;
            try {
                result = readTopology(topology);
            }
            catch (const ArgumentError& error) {
                // E.g. propyl and allyl have the same skeleton, and so have the E and the Z end of a diene.
                EXPECT_NE(string(error.what()).find("that differ in"), string::npos) << error.what();
                refused.insert(record.graph.name + (hydrogens == Hydrogens::All ? " with hydrogens" : ""));
                continue;
            }
            EXPECT_EQ(result.smiles, graph.smiles)
                    << record.graph.name << " with " << topology.atoms.size() << " atoms";
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
    EXPECT_EQ(refused,
            (std::set<string>{"C/C=C/C=C\\C", "C/C=C/C=C\\C with hydrogens", "C1C(C)(C)C=C2[C@@H]1CC2",
                    "C1CCC/C=C/CC1", "C1CCCCC/C=C\\CCCC1", "C[N@@+](CC)(CCC)CC=C"}));
}

TEST(TopologyReader, chargedAndAromaticLigands) {
    for (const char* smiles : {"CC(=O)[O-]", "C[N+](=O)[O-]", "[NH3+]CC(=O)[O-]", "c1cc[nH]c1",
                 "Cn1cnc2c1c(=O)n(C)c(=O)n2C", "[13CH3]C#N", "C[N+](C)(C)C", "O=S(=O)([O-])c1ccccc1"}) {
        const MolecularGraph graph = readSmiles(smiles);
        EXPECT_EQ(readTopology(shuffle(graph, smiles, Hydrogens::All, 3)).smiles, graph.smiles);
        EXPECT_EQ(readTopology(shuffle(graph, smiles, Hydrogens::None, 4)).smiles, graph.smiles);
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

/** An L-alanine with the names of its residue, and an atom of another name if one is given. */
static TopologyRecord makeAlanine(const vector<string>& hydrogens) {
    TopologyRecord topology;
    topology.residueNames = {"ALA"};
    topology.residueIds = {"17"};
    topology.atoms = {
            {"N", 7, 0, 0}, {"CA", 6, 0, 0}, {"C", 6, 0, 0}, {"O", 8, 0, 0}, {"CB", 6, 0, 0}, {"OXT", 8, 0, 0}};
    topology.bonds = {{0, 1, 0}, {1, 2, 0}, {2, 3, 0}, {1, 4, 0}, {2, 5, 0}};
    for (const string& name : hydrogens) {
        topology.bonds.push_back({name == "HA" ? 1 : name[1] == 'B' ? 4 : 0, (int) topology.atoms.size(), 0});
        topology.atoms.push_back({name, 1, 0, 0});
    }
    return topology;
}

TEST(TopologyReader, standardResiduesHaveTheirHandednessAndCharges) {
    const vector<string> all = {"H1", "H2", "H3", "HA", "HB1", "HB2", "HB3"};
    EXPECT_EQ(readTopology(makeAlanine(all)).smiles, readSmiles("C[C@H]([NH3+])C(=O)[O-]").smiles);
    EXPECT_EQ(readTopology(makeAlanine({})).smiles, readSmiles("C[C@H](N)C(=O)O").smiles);
    const MolecularGraph polar = readTopology(makeAlanine({"H1", "H2", "H3"}));
    EXPECT_EQ(polar.smiles, readSmiles("C[C@H]([NH3+])C(=O)[O-]").smiles);
    EXPECT_EQ(polar.numAddedHydrogens, 4);
    TopologyRecord other = makeAlanine(all);
    other.atoms[4].name = "CX";
    testSupport::expectThrows<ArgumentError>(
            "readTopology: expected the standard atoms of residue ALA 17, got \"CX\" besides; give "
            "smiles={\"ALA\": ...} for it",
            [&] { readTopology(other); });
    ReaderOptions options;
    options.addHydrogens = false;
    EXPECT_NO_THROW(readTopology(makeAlanine(all), options));
    EXPECT_THROW(readTopology(makeAlanine({"HA"}), options), ArgumentError);
}

TEST(TopologyReader, knownBondOrdersNeedNoSmiles) {
    TopologyRecord topology;
    topology.residueNames = {"ACN"};
    topology.atoms = {{"C1", 6, 0, 0}, {"C2", 6, 0, 0}, {"N1", 7, 0, 0}};
    topology.bonds = {{0, 1, 1}, {1, 2, 3}};
    const MolecularGraph graph = readTopology(topology);
    EXPECT_EQ(graph.smiles, "CC#N");
    EXPECT_EQ(graph.atoms[0].name, "C1");
    EXPECT_EQ(graph.atoms[3].name, "H1");
    EXPECT_EQ(graph.numAddedHydrogens, 3);
}

TEST(TopologyReader, aromaticBonds) {
    TopologyRecord topology;
    topology.residueNames = {"TOL"};
    for (int i = 0; i < 7; i++)
        topology.atoms.push_back({"C" + std::to_string(i), 6, 0, 0});
    topology.bonds.push_back({0, 1, 1});
    for (int i = 1; i < 7; i++)
        topology.bonds.push_back({i, i % 6 + 1, 4});
    EXPECT_EQ(readTopology(topology).smiles, "Cc1ccccc1");
    topology.atoms[3].element = 7;
    EXPECT_EQ(readTopology(topology).smiles, readSmiles("Cc1cnccc1").smiles);
    topology.bonds[1].order = topology.bonds[6].order = 1;
    EXPECT_THROW(readTopology(topology), ArgumentError);
}

TEST(TopologyReader, refusesWhatDoesNotFit) {
    TopologyRecord topology = shuffle(readSmiles("CCO"), "CCN", Hydrogens::All, 1);
    testSupport::expectThrows<ArgumentError>(
            "readTopology: expected a SMILES with the atoms and bonds of residue LIG (index 0) (3 heavy atoms, "
            "C2H6O), got \"CCN\" (3 heavy atoms, C2H7N); correct the SMILES, or the bonds and hydrogens of the "
            "topology",
            [&] { readTopology(topology); });
    topology.smiles["LIG"] = "CC[O-]";
    EXPECT_THROW(readTopology(topology), ArgumentError);
    topology.smiles["LIG"] = "CC(";
    EXPECT_THROW(readTopology(topology), ArgumentError);
    topology.smiles.clear();
    testSupport::expectThrows<ArgumentError>(
            "readTopology: expected known bond orders, got none for residue LIG (index 0), which is no standard "
            "residue; give smiles={\"LIG\": ...} for it",
            [&] { readTopology(topology); });
    topology = shuffle(readSmiles("CCO"), "CCO", Hydrogens::All, 1);
    topology.atoms[2].element = 0;
    EXPECT_THROW(readTopology(topology), ArgumentError);
    topology.residueNames = {"LIG", "LIG"};
    topology.residueIds = {"7"};
    EXPECT_THROW(readTopology(topology), ArgumentError);
    testSupport::expectThrows<ArgumentError>(
            "readTopology: expected a topology of at least 1 atom, got none", [] { readTopology(TopologyRecord()); });
}
