// SPDX-License-Identifier: MIT
// Amino acids, nucleotides and water: bond orders from RDKit's reader of PDB files.
#include "Residues.h"
#include <GraphMol/FileParsers/FileParsers.h>
#include <GraphMol/PeriodicTable.h>
#include <cstddef>
#include <map>
#include <set>
#include <sstream>

using namespace OrbitPlugin;
using namespace OrbitPlugin::chem;
using std::string;
using std::vector;

/** Names that force fields give to protonation states. */
static const std::map<string, string> SYNONYMS = {{"HID", "HIS"}, {"HIE", "HIS"}, {"HIP", "HIS"}, {"CYX", "CYS"}, {"CYM", "CYS"},
    {"ASH", "ASP"}, {"GLH", "GLU"}, {"LYN", "LYS"}, {"WAT", "HOH"}};
static const std::set<string> STANDARD = {"ALA", "ARG", "ASN", "ASP", "CYS", "GLN", "GLU", "GLY", "HIS", "ILE", "LEU", "LYS", "MET",
    "PHE", "PRO", "SER", "THR", "TRP", "TYR", "VAL", "ACE", "NME", "NH2", "HOH", "A", "C", "G", "U", "DA", "DC", "DG", "DT"};

static string getStandardName(const string& name) {
    const auto found = SYNONYMS.find(name);
    return found == SYNONYMS.end() ? name : found->second;
}

bool chem::isStandardResidue(const string& name) {
    return STANDARD.count(getStandardName(name)) > 0;
}

static string pad(const string& text, size_t width, bool right) {
    const string space(text.size() < width ? width - text.size() : 0, ' ');
    return right ? space + text : text + space;
}

/** Write the heavy atoms of the topology as a PDB block; serial numbers are atom indices plus one. */
static string writeBlock(const TopologyRecord& topology) {
    std::ostringstream block;
    const RDKit::PeriodicTable* table = RDKit::PeriodicTable::getTable();
    for (size_t i = 0; i < topology.atoms.size(); i++) {
        const TopologyAtom& atom = topology.atoms[i];
        const string symbol = table->getElementSymbol(atom.element);
        const string name = (symbol.size() == 1 && atom.name.size() < 4 ? " " : "") + atom.name.substr(0, 4);
        block << "ATOM  " << pad(std::to_string(i + 1), 5, true) << " " << pad(name, 4, false) << " "
              << pad(getStandardName(topology.residueNames[atom.residue]).substr(0, 3), 3, true) << " A"
              << pad(std::to_string(atom.residue + 1), 4, true) << "       0.000   0.000   0.000  1.00  0.00          "
              << pad(symbol, 2, true) << "\n";
    }
    for (const TopologyBond& bond : topology.bonds)
        block << "CONECT" << pad(std::to_string(bond.atom1 + 1), 5, true) << pad(std::to_string(bond.atom2 + 1), 5, true) << "\n";
    block << "END\n";
    return block.str();
}

static int getValence(const RDKit::ROMol& mol, const RDKit::Atom& atom) {
    int valence = 0;
    for (const RDKit::Bond* bond : mol.atomBonds(&atom))
        valence += bond->getBondType() == RDKit::Bond::DOUBLE ? 2 : 1;
    return valence;
}

/**
 * Move a double bond from an N or O that has a hydrogen too many to one of the same element, bonded to the same atom, that
 * lacks one: the tautomers of histidine, neutral arginine, carboxylic acids protonated at either oxygen.
 */
static void moveDoubleBond(RDKit::RWMol& mol, RDKit::Bond& bond) {
    for (RDKit::Atom* end : {bond.getBeginAtom(), bond.getEndAtom()}) {
        const int element = end->getAtomicNum(), normal = element == 7 ? 3 : 2;
        if ((element != 7 && element != 8) || getValence(mol, *end) <= normal)
            continue;
        for (RDKit::Bond* other : mol.atomBonds(bond.getOtherAtom(end))) {
            const RDKit::Atom* taker = other->getOtherAtom(bond.getOtherAtom(end));
            if (taker == end || taker->getAtomicNum() != element || getValence(mol, *taker) >= normal)
                continue;
            bond.setBondType(RDKit::Bond::SINGLE);
            other->setBondType(RDKit::Bond::DOUBLE);
            return;
        }
    }
}

void chem::assignStandardResidues(const TopologyRecord& topology, RDKit::RWMol& mol) {
    const string block = writeBlock(topology);
    const unsigned int withBondOrders = 8;
    const auto perceived = callRDKit({"readTopology", "a topology of " + std::to_string(topology.atoms.size()) + " atoms"},
        "atoms and bonds that RDKit reads", [&]() { return RDKit::PDBBlockToMol(block, false, false, withBondOrders, false); });
    vector<RDKit::Bond*> doubleBonds;
    for (RDKit::Bond* bond : mol.bonds()) {
        const int i = (int) bond->getBeginAtomIdx(), j = (int) bond->getEndAtomIdx(), residue = topology.atoms[i].residue;
        const string& name = topology.residueNames[residue];
        if (residue != topology.atoms[j].residue || topology.smiles.count(name) > 0 || !isStandardResidue(name))
            continue;
        const RDKit::Bond* known = perceived->getBondBetweenAtoms(i, j);
        const std::set<string> ends = {topology.atoms[i].name, topology.atoms[j].name};
        const bool isAcetyl = name == "ACE" && ends == std::set<string>{"C", "O"};
        if (!isAcetyl && (known == nullptr || known->getBondType() != RDKit::Bond::DOUBLE))
            continue;
        bond->setBondType(RDKit::Bond::DOUBLE);
        doubleBonds.push_back(bond);
    }
    for (RDKit::Bond* bond : doubleBonds)
        moveDoubleBond(mol, *bond);
}
