// SPDX-License-Identifier: MIT
// From the atoms, bonds and residues of a topology to a graph.
#include "openmmorbit/TopologyReader.h"
#include "Residues.h"
#include <GraphMol/MolOps.h>
#include <GraphMol/MonomerInfo.h>
#include <algorithm>
#include <set>

using namespace OrbitPlugin;
using namespace OrbitPlugin::chem;
using std::string;
using std::to_string;
using std::vector;

/** Order of aromatic bonds in a TopologyBond. */
static const int AROMATIC = 4;

string chem::describeResidue(const TopologyRecord& topology, int residue) {
    return "residue " + topology.residueNames[residue] + " " +
            (topology.residueIds.empty() ? "(index " + to_string(residue) + ")" : topology.residueIds[residue]);
}

vector<int> chem::getAtoms(const TopologyRecord& topology, int residue) {
    vector<int> result;
    for (size_t i = 0; i < topology.atoms.size(); i++)
        if (topology.atoms[i].residue == residue)
            result.push_back((int) i);
    return result;
}

static void checkBonds(const TopologyRecord& topology) {
    const int numAtoms = (int) topology.atoms.size();
    std::set<std::pair<int, int>> seen;
    for (const TopologyBond& bond : topology.bonds) {
        if (std::min(bond.atom1, bond.atom2) < 0 || std::max(bond.atom1, bond.atom2) >= numAtoms ||
                bond.atom1 == bond.atom2 || bond.order < 0 || bond.order > AROMATIC)
            throw ArgumentError("readTopology: expected bonds of two different atoms below " + to_string(numAtoms) +
                    " with an order of 0 to 4, got " + to_string(bond.atom1) + ", " + to_string(bond.atom2) +
                    " with order " + to_string(bond.order));
        if (!seen.insert(std::minmax(bond.atom1, bond.atom2)).second)
            throw ArgumentError("readTopology: expected every bond once, got " + to_string(bond.atom1) + ", " +
                to_string(bond.atom2) + " twice");
    }
}

static void checkRecord(const TopologyRecord& topology) {
    const int numAtoms = (int) topology.atoms.size(), numResidues = (int) topology.residueNames.size();
    if (numAtoms == 0)
        throw ArgumentError("readTopology: expected a topology of at least 1 atom, got none");
    if (!topology.residueIds.empty() && topology.residueIds.size() != topology.residueNames.size())
        throw ArgumentError("readTopology: expected a number for every residue or for none, got " +
            to_string(topology.residueIds.size()) + " for " + to_string(numResidues) + " residues");
    for (int i = 0; i < numAtoms; i++) {
        const TopologyAtom& atom = topology.atoms[i];
        if (atom.residue < 0 || atom.residue >= numResidues)
            throw ArgumentError("readTopology: expected a residue index below " + to_string(numResidues) + ", got " +
                to_string(atom.residue) + " at atom " + to_string(i));
        if (atom.element < 1 || atom.element > 118)
            throw ArgumentError("readTopology: expected an element for every atom, got " + to_string(atom.element) +
                    " for atom " + to_string(i) + " (" + atom.name + ") of " + describeResidue(topology, atom.residue) +
                    "; leave extra particles out");
    }
    checkBonds(topology);
    for (const auto& entry : topology.smiles)
        if (std::count(topology.residueNames.begin(), topology.residueNames.end(), entry.first) == 0)
            throw ArgumentError("readTopology: expected SMILES for residues of the topology, got one for \"" +
                    entry.first + "\", which has no such residue");
}

enum class Source { Smiles, Standard, Topology };

/** Tell where the bond orders of a residue come from. */
static Source getSource(const TopologyRecord& topology, int residue) {
    const string& name = topology.residueNames[residue];
    if (topology.smiles.count(name) > 0)
        return Source::Smiles;
    return isStandardResidue(name) ? Source::Standard : Source::Topology;
}

/** Refuse residues whose bonds lack: files without CONECT records give ligands so. */
static void checkConnections(const TopologyRecord& topology) {
    const size_t numResidues = topology.residueNames.size();
    vector<int> numAtoms(numResidues, 0), numBonds(numResidues, 0);
    for (const TopologyAtom& atom : topology.atoms)
        numAtoms[(size_t) atom.residue]++;
    for (const TopologyBond& bond : topology.bonds)
        for (int atom : {bond.atom1, bond.atom2})
            numBonds[(size_t) topology.atoms[atom].residue]++;
    for (size_t residue = 0; residue < numResidues; residue++)
        if (numAtoms[residue] > 1 && numBonds[residue] == 0)
            throw ArgumentError("readTopology: expected bonds between the atoms of " +
                describeResidue(topology, (int) residue) + ", got " + to_string(numAtoms[residue]) +
                " atoms without any; add CONECT records to the file, bonds to the topology, or give an "
                "rdkit.Chem.Mol instead");
}

/** Refuse residues whose bond orders nothing tells. */
static void checkResidues(const TopologyRecord& topology) {
    checkConnections(topology);
    for (const TopologyBond& bond : topology.bonds) {
        const TopologyAtom &first = topology.atoms[bond.atom1], &second = topology.atoms[bond.atom2];
        if (first.residue == second.residue && bond.order == 0 && first.element > 1 && second.element > 1 &&
                getSource(topology, first.residue) == Source::Topology)
            throw ArgumentError("readTopology: expected known bond orders, got none for " +
                    describeResidue(topology, first.residue) + ", which is no standard residue; give smiles={\"" +
                    topology.residueNames[first.residue] + "\": ...} for it");
    }
}

/**
 * Make a molecule of the topology's atoms, with the bond orders that it tells of residues that nothing else describes.
 */
static RDKit::RWMol makeMolecule(const TopologyRecord& topology) {
    RDKit::RWMol mol;
    for (const TopologyAtom& value : topology.atoms) {
        RDKit::Atom atom(value.element);
        atom.setFormalCharge(value.formalCharge);
        mol.addAtom(&atom, false, false);
    }
    for (const TopologyBond& value : topology.bonds) {
        const int residue = topology.atoms[value.atom1].residue;
        const bool known =
                residue != topology.atoms[value.atom2].residue || getSource(topology, residue) == Source::Topology;
        mol.addBond((unsigned int) value.atom1, (unsigned int) value.atom2, !known ? RDKit::Bond::SINGLE :
            value.order == AROMATIC ? RDKit::Bond::AROMATIC : value.order == 3 ? RDKit::Bond::TRIPLE :
            value.order == 2 ? RDKit::Bond::DOUBLE : RDKit::Bond::SINGLE);
        RDKit::Bond* bond = mol.getBondBetweenAtoms((unsigned int) value.atom1, (unsigned int) value.atom2);
        if (bond->getBondType() != RDKit::Bond::AROMATIC)
            continue;
        bond->setIsAromatic(true);
        bond->getBeginAtom()->setIsAromatic(true);
        bond->getEndAtom()->setIsAromatic(true);
    }
    return mol;
}

/** Give the molecule the names of the topology, if every atom has one of its own. */
static void assignNames(const TopologyRecord& topology, RDKit::RWMol& mol) {
    std::set<string> names;
    for (const TopologyAtom& atom : topology.atoms)
        names.insert(atom.name);
    if (names.size() < topology.atoms.size() || names.count("") > 0)
        return;
    for (RDKit::Atom* atom : mol.atoms())
        // The atom takes ownership.
        atom->setMonomerInfo(
                std::make_unique<RDKit::AtomPDBResidueInfo>(topology.atoms[atom->getIdx()].name).release());
}

MolecularGraph OrbitPlugin::readTopology(const TopologyRecord& topology, const ReaderOptions& options) {
    checkRecord(topology);
    checkResidues(topology);
    RDKit::RWMol mol = makeMolecule(topology);
    const size_t numOthers = topology.residueNames.size() - 1;
    const Origin origin{"readTopology", "the topology of " + describeResidue(topology, 0) +
            (numOthers > 0 ? " and " + to_string(numOthers) + " more" : string())};
    checkSize(mol, options, origin, "");
    for (int residue = 0; residue < (int) topology.residueNames.size(); residue++) {
        if (getSource(topology, residue) == Source::Smiles)
            assignFromSmiles(topology, residue, mol);
        else if (getSource(topology, residue) == Source::Standard)
            assignStandardResidue(topology, residue, mol);
    }
    assignNames(topology, mol);
    auto sanitized = callRDKit(origin,
            "atoms and bonds with valid valences, and aromatic bonds for which single and double ones can stand",
            [&]() {
                auto copy = std::make_unique<RDKit::RWMol>(mol);
                sanitize(*copy);
                return copy.release(); // callRDKit() takes ownership.
            });
    return recordFromMol(*sanitized, options, origin).graph;
}
