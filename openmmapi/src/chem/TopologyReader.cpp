// SPDX-License-Identifier: MIT
// From the atoms, bonds and residues of a topology to a graph.
#include "openmmorbit/TopologyReader.h"
#include "Residues.h"
#include <GraphMol/MolOps.h>
#include <algorithm>
#include <set>

using namespace OrbitPlugin;
using namespace OrbitPlugin::chem;
using std::string;
using std::to_string;
using std::vector;

static string describeResidue(const TopologyRecord& topology, int residue) {
    return "residue " + to_string(residue) + " \"" + topology.residueNames[residue] + "\"";
}

static void checkRecord(const TopologyRecord& topology) {
    const int numAtoms = (int) topology.atoms.size(), numResidues = (int) topology.residueNames.size();
    if (numAtoms == 0)
        throw ArgumentError("readTopology: expected at least one atom, got none");
    for (int i = 0; i < numAtoms; i++) {
        const TopologyAtom& atom = topology.atoms[i];
        if (atom.residue < 0 || atom.residue >= numResidues)
            throw ArgumentError("readTopology: expected a residue index below " + to_string(numResidues) + ", got " +
                to_string(atom.residue) + " at atom " + to_string(i));
        if (atom.element < 1 || atom.element > 118)
            throw ArgumentError("readTopology: expected an element for every atom, got " + to_string(atom.element) + " for atom " +
                to_string(i) + " (" + atom.name + ") of " + describeResidue(topology, atom.residue) + "; leave extra particles out");
    }
    std::set<std::pair<int, int>> seen;
    for (const TopologyBond& bond : topology.bonds) {
        if (std::min(bond.atom1, bond.atom2) < 0 || std::max(bond.atom1, bond.atom2) >= numAtoms || bond.atom1 == bond.atom2 ||
                bond.order < 0 || bond.order > 3)
            throw ArgumentError("readTopology: expected bonds of two different atoms below " + to_string(numAtoms) +
                " with an order of 0 to 3, got " + to_string(bond.atom1) + ", " + to_string(bond.atom2) + " with order " +
                to_string(bond.order));
        if (!seen.insert(std::minmax(bond.atom1, bond.atom2)).second)
            throw ArgumentError("readTopology: expected every bond once, got " + to_string(bond.atom1) + ", " +
                to_string(bond.atom2) + " twice");
    }
}

/** Refuse residues whose bond orders nothing tells. */
static void checkResidues(const TopologyRecord& topology) {
    for (const TopologyBond& bond : topology.bonds) {
        const TopologyAtom &first = topology.atoms[bond.atom1], &second = topology.atoms[bond.atom2];
        const string& name = topology.residueNames[first.residue];
        if (first.residue == second.residue && bond.order == 0 && first.element > 1 && second.element > 1 &&
                topology.smiles.count(name) == 0 && !isStandardResidue(name))
            throw ArgumentError("readTopology: expected a SMILES for " + describeResidue(topology, first.residue) +
                ", which is no standard residue and has bonds of unknown order, got none; give one by the residue's name");
    }
}

/** With all hydrogens there, the charges of standard residues follow from the valences. */
static void assignCharges(const TopologyRecord& topology, RDKit::RWMol& mol) {
    for (RDKit::Atom* atom : mol.atoms()) {
        const string& name = topology.residueNames[topology.atoms[atom->getIdx()].residue];
        if (!isStandardResidue(name) || topology.smiles.count(name) > 0 || atom->getFormalCharge() != 0)
            continue;
        int valence = 0;
        for (const RDKit::Bond* bond : mol.atomBonds(atom))
            valence += bond->getBondType() == RDKit::Bond::DOUBLE ? 2 : 1;
        if (atom->getAtomicNum() == 7)
            atom->setFormalCharge(valence - 3);
        else if (atom->getAtomicNum() == 8 || (atom->getAtomicNum() == 16 && valence == 1))
            atom->setFormalCharge(valence - 2);
    }
}

MolecularGraph OrbitPlugin::readTopology(const TopologyRecord& topology, const ReaderOptions& options) {
    checkRecord(topology);
    checkResidues(topology);
    const bool complete = std::any_of(topology.atoms.begin(), topology.atoms.end(), [](const TopologyAtom& a) { return a.element == 1; });
    RDKit::RWMol mol;
    for (const TopologyAtom& value : topology.atoms) {
        RDKit::Atom atom(value.element);
        atom.setFormalCharge(value.formalCharge);
        atom.setNoImplicit(complete);
        mol.addAtom(&atom, false, false);
    }
    for (const TopologyBond& bond : topology.bonds)
        mol.addBond((unsigned int) bond.atom1, (unsigned int) bond.atom2, bond.order == 3 ? RDKit::Bond::TRIPLE :
            bond.order == 2 ? RDKit::Bond::DOUBLE : RDKit::Bond::SINGLE);
    const Origin origin{"readTopology", "the topology of " + describeResidue(topology, 0) + (topology.residueNames.size() > 1 ?
        " and " + to_string(topology.residueNames.size() - 1) + " more" : string())};
    checkSize(mol, options, origin, "");
    assignStandardResidues(topology, mol);
    if (complete)
        assignCharges(topology, mol);
    for (int residue = 0; residue < (int) topology.residueNames.size(); residue++)
        if (topology.smiles.count(topology.residueNames[residue]) > 0)
            assignFromSmiles(topology, residue, complete, mol);
    auto sanitized = callRDKit(origin, "atoms and bonds with valid valences", [&]() {
        auto copy = std::make_unique<RDKit::RWMol>(mol);
        RDKit::MolOps::sanitizeMol(*copy);
        RDKit::MolOps::setDoubleBondNeighborDirections(*copy);
        return copy.release(); // callRDKit() takes ownership.
    });
    MolecularGraph graph = recordFromMol(*sanitized, options, origin).graph;

    // The names of the topology, unless two residues share them.

    std::set<string> names;
    for (const TopologyAtom& atom : topology.atoms)
        names.insert(atom.name);
    for (size_t i = topology.atoms.size(); i < graph.atoms.size(); i++)
        names.insert(graph.atoms[i].name);
    if (names.size() == graph.atoms.size() && names.count("") == 0)
        for (size_t i = 0; i < topology.atoms.size(); i++)
            graph.atoms[i].name = topology.atoms[i].name;
    return graph;
}
