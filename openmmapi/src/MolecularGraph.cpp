// SPDX-License-Identifier: MIT
// Derived properties of a molecular graph, and the check that every graph passes before it leaves the reading room.
#include "openmmorbit/MolecularGraph.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/internal/ElementSymbols.h"
#include "openmmorbit/internal/GraphWalk.h"
#include <algorithm>
#include <map>
#include <set>

using namespace OrbitPlugin;

static const int MAX_ATOMS = 2000;
static const int MAX_ELEMENT = 118;

static const char* const ELEMENT_SYMBOLS[MAX_ELEMENT + 1] = {"*", "H", "He", "Li", "Be", "B", "C", "N", "O", "F",
    "Ne", "Na", "Mg", "Al", "Si", "P", "S", "Cl", "Ar", "K", "Ca", "Sc", "Ti", "V", "Cr", "Mn", "Fe", "Co", "Ni",
    "Cu", "Zn", "Ga", "Ge", "As", "Se", "Br", "Kr", "Rb", "Sr", "Y", "Zr", "Nb", "Mo", "Tc", "Ru", "Rh", "Pd", "Ag",
    "Cd", "In", "Sn", "Sb", "Te", "I", "Xe", "Cs", "Ba", "La", "Ce", "Pr", "Nd", "Pm", "Sm", "Eu", "Gd", "Tb", "Dy",
    "Ho", "Er", "Tm", "Yb", "Lu", "Hf", "Ta", "W", "Re", "Os", "Ir", "Pt", "Au", "Hg", "Tl", "Pb", "Bi", "Po", "At",
    "Rn", "Fr", "Ra", "Ac", "Th", "Pa", "U", "Np", "Pu", "Am", "Cm", "Bk", "Cf", "Es", "Fm", "Md", "No", "Lr", "Rf",
    "Db", "Sg", "Bh", "Hs", "Mt", "Ds", "Rg", "Cn", "Nh", "Fl", "Mc", "Lv", "Ts", "Og"};

const char* OrbitPlugin::getElementSymbol(int element) {
    return ELEMENT_SYMBOLS[element > 0 && element <= MAX_ELEMENT ? element : 0];
}

static void refuse(const MolecularGraph& graph, const std::string& expected, const std::string& found) {
    throw ArgumentError("MolecularGraph::validate: expected " + expected + ", got " + found + " in molecule " +
        graph.getLabel());
}

static void checkIndex(const MolecularGraph& graph, int index, const std::string& where) {
    if (index < 0 || index >= graph.getNumAtoms())
        refuse(graph, "an atom index from 0 to " + std::to_string(graph.getNumAtoms() - 1),
            std::to_string(index) + " in " + where);
}

static void checkAtoms(const MolecularGraph& graph) {
    if (graph.atoms.empty() || graph.getNumAtoms() > MAX_ATOMS)
        refuse(graph, "1 to " + std::to_string(MAX_ATOMS) + " atoms", std::to_string(graph.getNumAtoms()) + " atoms");
    for (int i = 0; i < graph.getNumAtoms(); i++) {
        const GraphAtom& atom = graph.atoms[i];
        if (atom.element < 1 || atom.element > MAX_ELEMENT)
            refuse(graph, "an atomic number from 1 to " + std::to_string(MAX_ELEMENT),
                std::to_string(atom.element) + " at atom " + std::to_string(i));
        if (atom.hybridization < Hybridization::S || atom.hybridization > Hybridization::Other)
            refuse(graph, "a hybridization from 0 to 4",
                std::to_string((int) atom.hybridization) + " at atom " + std::to_string(i));
    }
}

static std::set<std::pair<int, int>> checkBonds(const MolecularGraph& graph) {
    std::set<std::pair<int, int>> bonded;
    for (int b = 0; b < graph.getNumBonds(); b++) {
        const GraphBond& bond = graph.bonds[b];
        const std::string where = "bond " + std::to_string(b);
        checkIndex(graph, bond.atom1, where);
        checkIndex(graph, bond.atom2, where);
        if (bond.order < BondOrder::None || bond.order > BondOrder::Dative)
            refuse(graph, "a bond order from 0 to 5", std::to_string((int) bond.order) + " in " + where);
        if (bond.atom1 == bond.atom2)
            refuse(graph, "two different atoms", "atom " + std::to_string(bond.atom1) + " twice in " + where);
        if (!bonded.insert(std::minmax(bond.atom1, bond.atom2)).second)
            refuse(graph, "every bond once",
                "bond " + std::to_string(bond.atom1) + "-" + std::to_string(bond.atom2) + " twice");
    }
    return bonded;
}

static void checkConnected(const MolecularGraph& graph) {
    std::vector<char> seen(graph.getNumAtoms(), 0);
    if ((int) listReached(graph.getNeighbors(), 0, seen).size() != graph.getNumAtoms()) {
        const int other = (int) (std::find(seen.begin(), seen.end(), 0) - seen.begin());
        refuse(graph, "one connected fragment", "atom " + std::to_string(other) + " without a path to atom 0");
    }
}

static void checkStereo(const MolecularGraph& graph, const std::set<std::pair<int, int>>& bonded) {
    auto checkBonded = [&](int a, int b, const std::string& where) {
        checkIndex(graph, a, where);
        checkIndex(graph, b, where);
        if (bonded.count(std::minmax(a, b)) == 0)
            refuse(graph, "bonded atoms in " + where, "atoms " + std::to_string(a) + " and " + std::to_string(b));
    };
    std::set<int> centers;
    for (const TetrahedralStereo& stereo : graph.tetrahedral) {
        const std::string where = "the tetrahedral centre " + std::to_string(stereo.center);
        const int numNeighbors = stereo.neighbors[3] == -1 ? 3 : 4;
        for (int k = 0; k < numNeighbors; k++)
            checkBonded(stereo.center, stereo.neighbors[k], where);
        const std::set<int> different(stereo.neighbors.begin(), stereo.neighbors.begin() + numNeighbors);
        if ((int) different.size() != numNeighbors)
            refuse(graph, "different neighbours in " + where, "one of them twice");
        if (!centers.insert(stereo.center).second)
            refuse(graph, "every tetrahedral centre once", "centre " + std::to_string(stereo.center) + " twice");
    }
    for (const TorsionStereo& stereo : graph.torsional) {
        const std::array<int, 4>& a = stereo.atoms;
        const std::string where = "the stereo axis " + std::to_string(a[1]) + "-" + std::to_string(a[2]);
        for (int k = 0; k < 3; k++)
            checkBonded(a[k], a[k + 1], where);
        if (stereo.kind < TorsionStereoKind::Cis || stereo.kind > TorsionStereoKind::AtropisomerPlus)
            refuse(graph, "a kind from 1 to 4 in " + where, std::to_string((int) stereo.kind));
        if (std::set<int>(a.begin(), a.end()).size() != 4)
            refuse(graph, "four different atoms in " + where, "one of them twice");
    }
}

std::vector<std::vector<int>> MolecularGraph::getNeighbors() const {
    std::vector<std::vector<int>> neighbors(atoms.size());
    for (const GraphBond& bond : bonds) {
        neighbors[bond.atom1].push_back(bond.atom2);
        neighbors[bond.atom2].push_back(bond.atom1);
    }
    for (std::vector<int>& list : neighbors)
        std::sort(list.begin(), list.end());
    return neighbors;
}

std::vector<int> MolecularGraph::getTopologicalDistances() const {
    const int n = getNumAtoms();
    const std::vector<std::vector<int>> neighbors = getNeighbors();
    std::vector<int> distances((std::size_t) n * n, -1), queue;
    for (int start = 0; start < n; start++) {
        int* row = distances.data() + (std::size_t) start * n;
        row[start] = 0;
        queue.assign(1, start);
        for (std::size_t k = 0; k < queue.size(); k++)
            for (int j : neighbors[queue[k]])
                if (row[j] == -1) {
                    row[j] = row[queue[k]] + 1;
                    queue.push_back(j);
                }
    }
    return distances;
}

void MolecularGraph::validate() const {
    checkAtoms(*this);
    const std::set<std::pair<int, int>> bonded = checkBonds(*this);
    checkConnected(*this);
    for (const std::vector<int>& ring : rings)
        for (int index : ring)
            checkIndex(*this, index, "a ring");
    checkStereo(*this, bonded);
}

std::string MolecularGraph::getLabel() const {
    if (!name.empty())
        return "\"" + name + "\"";
    return "\"" + (smiles.empty() ? getFormula() : smiles) + "\"";
}

std::string MolecularGraph::getFormula() const {
    std::map<std::string, int> counts;
    for (const GraphAtom& atom : atoms)
        counts[getElementSymbol(atom.element)]++;

    // Hill order: carbon first and hydrogen second if there is carbon, the others by the alphabet.

    std::vector<std::string> order;
    if (counts.count("C"))
        for (const std::string symbol : {"C", "H"})
            if (counts.count(symbol))
                order.push_back(symbol);
    for (const auto& entry : counts)
        if (std::find(order.begin(), order.end(), entry.first) == order.end())
            order.push_back(entry.first);
    std::string formula;
    for (const std::string& symbol : order)
        formula += symbol + (counts[symbol] > 1 ? std::to_string(counts[symbol]) : "");
    return formula;
}
