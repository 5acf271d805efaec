// SPDX-License-Identifier: MIT
// Amino acids, nucleotides, caps and water: bond orders and handedness from the residues that RDKit builds, charges
// from hydrogens.
#include "Residues.h"
#include <GraphMol/FileParsers/SequenceParsers.h>
#include <GraphMol/MonomerInfo.h>
#include <algorithm>
#include <map>
#include <set>

using namespace OrbitPlugin;
using namespace OrbitPlugin::chem;
using std::string;
using std::vector;

/** Names that force fields give to protonation states. */
static const std::map<string, string> SYNONYMS = {{"HID", "HIS"}, {"HIE", "HIS"}, {"HIP", "HIS"}, {"CYX", "CYS"},
        {"CYM", "CYS"}, {"ASH", "ASP"}, {"GLH", "GLU"}, {"LYN", "LYS"}, {"WAT", "HOH"}};
static const std::map<string, char> AMINO_ACIDS = {{"ALA", 'A'}, {"ARG", 'R'}, {"ASN", 'N'}, {"ASP", 'D'}, {"CYS", 'C'},
        {"GLN", 'Q'}, {"GLU", 'E'}, {"GLY", 'G'}, {"HIS", 'H'}, {"ILE", 'I'}, {"LEU", 'L'}, {"LYS", 'K'}, {"MET", 'M'},
        {"PHE", 'F'}, {"PRO", 'P'}, {"SER", 'S'}, {"THR", 'T'}, {"TRP", 'W'}, {"TYR", 'Y'}, {"VAL", 'V'}};
static const std::set<string> RIBONUCLEOTIDES = {"A", "C", "G", "U"}, DEOXYNUCLEOTIDES = {"DA", "DC", "DG", "DT"};

/** Residues without a template; the acetyl group has the only double bond. */
static const std::set<string> SMALL = {"ACE", "NME", "NH2", "HOH"};

/** Atoms that end a chain and are in no template. */
static const std::set<string> CHAIN_ENDS = {"OXT", "OP3"};

static string getStandardName(const string& name) {
    const auto found = SYNONYMS.find(name);
    return found == SYNONYMS.end() ? name : found->second;
}

bool chem::isStandardResidue(const string& name) {
    const string standard = getStandardName(name);
    return AMINO_ACIDS.count(standard) + RIBONUCLEOTIDES.count(standard) + DEOXYNUCLEOTIDES.count(standard) +
        SMALL.count(standard) > 0;
}

/** Build a residue between two others. Null for the small ones. */
static std::unique_ptr<RDKit::RWMol> buildTemplate(const string& name) {
    if (SMALL.count(name) > 0)
        return nullptr;
    const auto aminoAcid = AMINO_ACIDS.find(name);
    const string sequence =
            aminoAcid == AMINO_ACIDS.end() ? string("A") + name.back() + "A" : string("G") + aminoAcid->second + "G";
    const int flavor = aminoAcid != AMINO_ACIDS.end() ? 0 : RIBONUCLEOTIDES.count(name) > 0 ? 2 : 6;
    return callRDKit({"readTopology", "residue " + name}, "a residue that RDKit builds",
        [&]() { return RDKit::SequenceToMol(sequence, false, flavor); });
}

/** Find the atoms of the template's second residue in the topology, by their names. */
static AtomMap findNames(const TopologyRecord& topology, int residue, const RDKit::ROMol& pattern) {
    std::map<string, int> places;
    for (const RDKit::Atom* atom : pattern.atoms()) {
        const auto* info = dynamic_cast<const RDKit::AtomPDBResidueInfo*>(atom->getMonomerInfo());
        string name = info != nullptr && info->getResidueNumber() == 2 ? info->getName() : "";
        name.erase(std::remove(name.begin(), name.end(), ' '), name.end());
        if (!name.empty())
            places[name] = (int) atom->getIdx();
    }
    AtomMap mapping;
    for (size_t i = 0; i < topology.atoms.size(); i++) {
        const TopologyAtom& atom = topology.atoms[i];
        if (atom.residue != residue || atom.element == 1)
            continue;
        const auto found = places.find(atom.name);
        if (found != places.end() && pattern.getAtomWithIdx(found->second)->getAtomicNum() == atom.element)
            mapping[found->second] = (int) i;
        else if (CHAIN_ENDS.count(atom.name) == 0)
            throw ArgumentError("readTopology: expected the standard atoms of " + describeResidue(topology, residue) +
                    ", got \"" + atom.name + "\" besides; give smiles={\"" + topology.residueNames[residue] +
                    "\": ...} for it");
    }
    return mapping;
}

static int getValence(const RDKit::ROMol& mol, const RDKit::Atom& atom) {
    int valence = 0;
    for (const RDKit::Bond* bond : mol.atomBonds(&atom))
        valence += bond->getBondType() == RDKit::Bond::TRIPLE ? 3 : bond->getBondType() == RDKit::Bond::DOUBLE ? 2 : 1;
    return valence;
}

/**
 * Move a double bond from an N or O that has a hydrogen too many to one of the same element, bonded to the same atom,
 * that lacks one: the tautomers of histidine, neutral arginine, carboxylic acids protonated at either oxygen.
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

/** Whether an oxygen with one bond is the charged end of an acid; the others lack a hydrogen. */
static bool isAcidOxygen(const RDKit::ROMol& mol, const RDKit::Atom& oxygen) {
    const RDKit::Atom* center = *mol.atomNeighbors(&oxygen).begin();
    for (const RDKit::Bond* bond : mol.atomBonds(center))
        if (bond->getBondType() == RDKit::Bond::DOUBLE && bond->getOtherAtom(center)->getAtomicNum() == 8)
            return true;
    return false;
}

/**
 * In a residue with hydrogens, the charges of N, O and S follow from the valences. Other hydrogens that lack are
 * implicit.
 */
static void assignCharges(const vector<int>& atoms, RDKit::RWMol& mol) {
    const auto isHydrogen = [&](int i) { return mol.getAtomWithIdx(i)->getAtomicNum() == 1; };
    if (std::none_of(atoms.begin(), atoms.end(), isHydrogen))
        return;
    for (int i : atoms) {
        RDKit::Atom& atom = *mol.getAtomWithIdx(i);
        const int valence = getValence(mol, atom), element = atom.getAtomicNum();
        if (atom.getFormalCharge() != 0 || atom.getDegree() == 0)
            continue;
        if (element == 7)
            atom.setFormalCharge(std::max(0, valence - 3));
        else if (element == 8 && (valence > 2 || (valence == 1 && isAcidOxygen(mol, atom))))
            atom.setFormalCharge(valence - 2);
        else if (element == 16 && valence == 1)
            atom.setFormalCharge(-1);
    }
}

void chem::assignStandardResidue(const TopologyRecord& topology, int residue, RDKit::RWMol& mol) {
    const string name = getStandardName(topology.residueNames[residue]);
    const vector<int> atoms = getAtoms(topology, residue);
    const auto pattern = buildTemplate(name);
    const AtomMap mapping = pattern == nullptr ? AtomMap() : findNames(topology, residue, *pattern);
    vector<RDKit::Bond*> doubleBonds;
    for (const auto& [from, to] : mapping)
        for (const RDKit::Bond* bond : pattern->atomBonds(pattern->getAtomWithIdx(from))) {
            const auto other = mapping.find((int) bond->getOtherAtomIdx(from));
            if (bond->getBondType() != RDKit::Bond::DOUBLE || other == mapping.end() || other->first < from)
                continue;
            if (RDKit::Bond* known = mol.getBondBetweenAtoms(to, other->second))
                doubleBonds.push_back(known);
        }
    if (name == "ACE")
        for (int i : atoms)
            for (RDKit::Bond* bond : mol.atomBonds(mol.getAtomWithIdx(i)))
                if (topology.atoms[i].name == "O" && topology.atoms[bond->getOtherAtomIdx(i)].name == "C")
                    doubleBonds.push_back(bond);
    for (RDKit::Bond* bond : doubleBonds)
        bond->setBondType(RDKit::Bond::DOUBLE);
    for (RDKit::Bond* bond : doubleBonds)
        moveDoubleBond(mol, *bond);
    assignCharges(atoms, mol);
    for (const auto& [from, to] : mapping)
        copyHandedness(*pattern, *pattern->getAtomWithIdx(from), mapping, mol, *mol.getAtomWithIdx(to));
}
