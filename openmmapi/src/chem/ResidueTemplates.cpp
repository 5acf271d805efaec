// SPDX-License-Identifier: MIT
// Residues with a SMILES: the match of its atoms to those of the topology, and what is carried over.
#include "Residues.h"
#include "openmmorbit/internal/PermutationSign.h"
#include <GraphMol/Descriptors/MolDescriptors.h>
#include <GraphMol/MolOps.h>
#include <GraphMol/SmilesParse/SmilesParse.h>
#include <GraphMol/Substruct/SubstructMatch.h>
#include <algorithm>
#include <iterator>
#include <map>

using namespace OrbitPlugin;
using namespace OrbitPlugin::chem;
using std::string;
using std::to_string;
using std::vector;

static vector<int> getHydrogens(const RDKit::ROMol& mol, int atom) {
    vector<int> result;
    for (const RDKit::Atom* other : mol.atomNeighbors(mol.getAtomWithIdx(atom)))
        if (other->getAtomicNum() == 1)
            result.push_back((int) other->getIdx());
    return result;
}

/** Copy some atoms with elements and plain bonds only. */
static RDKit::RWMol getSkeleton(const RDKit::ROMol& mol, const vector<int>& indices) {
    RDKit::RWMol skeleton;
    std::map<int, int> places;
    for (int index : indices) {
        RDKit::Atom atom(mol.getAtomWithIdx(index)->getAtomicNum());
        atom.setNoImplicit(true);
        places[index] = (int) skeleton.addAtom(&atom, false, false);
    }
    for (const RDKit::Bond* bond : mol.bonds())
        if (places.count((int) bond->getBeginAtomIdx()) > 0 && places.count((int) bond->getEndAtomIdx()) > 0)
            skeleton.addBond((unsigned int) places[(int) bond->getBeginAtomIdx()],
                    (unsigned int) places[(int) bond->getEndAtomIdx()], RDKit::Bond::SINGLE);
    return skeleton;
}

static vector<int> getHeavyAtoms(const RDKit::ROMol& mol) {
    vector<int> result;
    for (const RDKit::Atom* atom : mol.atoms())
        if (atom->getAtomicNum() > 1)
            result.push_back((int) atom->getIdx());
    return result;
}

/** Bonds of an atom to other residues: each takes the place of a hydrogen of the SMILES. */
static int countOutside(const TopologyRecord& topology, int atom) {
    return (int) std::count_if(topology.bonds.begin(), topology.bonds.end(), [&](const TopologyBond& bond) {
        return (bond.atom1 == atom || bond.atom2 == atom) &&
            topology.atoms[bond.atom1].residue != topology.atoms[bond.atom2].residue;
    });
}

/**
 * Find a mapping of the template's heavy atoms, given with all hydrogens, that agrees in elements and bonds. One that
 * agrees in the hydrogens too is preferred; otherwise some may lack in the topology. Empty if there is none.
 */
static AtomMap findMapping(const TopologyRecord& topology, const vector<int>& residue, const RDKit::ROMol& pattern,
        const RDKit::ROMol& mol) {
    const vector<int> heavy = getHeavyAtoms(pattern);
    const RDKit::RWMol query = getSkeleton(pattern, heavy), target = getSkeleton(mol, residue);
    if (query.getNumAtoms() != target.getNumAtoms() || query.getNumBonds() != target.getNumBonds())
        return {};
    RDKit::SubstructMatchParameters parameters;
    parameters.uniquify = false;
    parameters.maxMatches = 10000;
    AtomMap incomplete;
    for (const RDKit::MatchVectType& match : RDKit::SubstructMatch(target, query, parameters)) {
        AtomMap mapping;
        int most = 0, least = 0;
        for (const auto& [from, to] : match) {
            mapping[heavy[from]] = residue[to];
            const int lacking = (int) getHydrogens(pattern, heavy[from]).size() -
                    (int) getHydrogens(mol, residue[to]).size() - countOutside(topology, residue[to]);
            most = std::max(most, lacking);
            least = std::min(least, lacking);
        }
        if (most == 0 && least == 0)
            return mapping;
        if (least == 0 && incomplete.empty())
            incomplete = mapping;
    }
    return incomplete;
}

static void copyBonds(const RDKit::ROMol& pattern, const AtomMap& mapping, RDKit::RWMol& mol) {
    for (const RDKit::Bond* bond : pattern.bonds()) {
        const auto first = mapping.find((int) bond->getBeginAtomIdx()),
                   second = mapping.find((int) bond->getEndAtomIdx());
        if (first == mapping.end() || second == mapping.end())
            continue;
        RDKit::Bond* target = mol.getBondBetweenAtoms(first->second, second->second);
        target->setBondType(bond->getBondType());
        const bool trans = bond->getStereo() == RDKit::Bond::STEREOE, cis = bond->getStereo() == RDKit::Bond::STEREOZ;
        if ((!cis && !trans) || mapping.count(bond->getStereoAtoms()[0]) == 0 ||
                mapping.count(bond->getStereoAtoms()[1]) == 0)
            continue;
        const bool forward = (int) target->getBeginAtomIdx() == first->second;
        target->setStereoAtoms(mapping.at(bond->getStereoAtoms()[forward ? 0 : 1]),
                mapping.at(bond->getStereoAtoms()[forward ? 1 : 0]));
        target->setStereo(cis ? RDKit::Bond::STEREOCIS : RDKit::Bond::STEREOTRANS);
    }
}

void chem::copyHandedness(const RDKit::ROMol& pattern, const RDKit::Atom& source, const AtomMap& mapping,
        RDKit::RWMol& mol, RDKit::Atom& target) {
    if (source.getChiralTag() == RDKit::Atom::CHI_UNSPECIFIED)
        return;
    vector<int> wanted, found;
    for (const RDKit::Bond* bond : pattern.atomBonds(&source)) {
        const auto entry = mapping.find((int) bond->getOtherAtomIdx(source.getIdx()));
        wanted.push_back(entry == mapping.end() ? -1 : entry->second);
    }
    for (const RDKit::Bond* bond : mol.atomBonds(&target))
        found.push_back((int) bond->getOtherAtomIdx(target.getIdx()));

    // An implicit hydrogen counts as the last neighbour. The one neighbour that has no counterpart takes the place that
    // is left.

    if (wanted.size() + 1 == found.size())
        wanted.push_back(-1);
    if (found.size() + 1 == wanted.size())
        found.push_back(-1);
    for (int& place : wanted)
        if (std::find(found.begin(), found.end(), place) == found.end())
            for (int other : found)
                if (place == -1 && std::find(wanted.begin(), wanted.end(), other) == wanted.end())
                    place = other;
    if (!std::is_permutation(wanted.begin(), wanted.end(), found.begin(), found.end()))
        return;
    target.setChiralTag(source.getChiralTag());
    vector<size_t> places;
    for (int place : wanted)
        places.push_back(std::find(found.begin(), found.end(), place) - found.begin());
    if (isOddPermutation(places))
        target.invertChirality();
}

static string count(int number, const string& what) {
    return to_string(number) + " " + what + (number == 1 ? "" : "s");
}

void chem::assignFromSmiles(const TopologyRecord& topology, int residue, RDKit::RWMol& mol) {
    const string& name = topology.residueNames[residue];
    const string& smiles = topology.smiles.at(name);
    const Origin origin{"readTopology", "\"" + smiles + "\" for " + describeResidue(topology, residue)};
    auto pattern = callRDKit(origin, "a valid SMILES", [&]() { return RDKit::SmilesToMol(smiles); });
    RDKit::MolOps::addHs(*pattern);
    RDKit::MolOps::Kekulize(*pattern, true);
    const vector<int> all = getAtoms(topology, residue);
    vector<int> heavy;
    std::copy_if(
            all.begin(), all.end(), std::back_inserter(heavy), [&](int i) { return topology.atoms[i].element > 1; });
    AtomMap mapping = findMapping(topology, heavy, *pattern, mol);
    if (mapping.empty())
        throw ArgumentError("readTopology: expected a SMILES with the atoms and bonds of " +
                describeResidue(topology, residue) + " (" + count((int) heavy.size(), "heavy atom") + ", " +
                RDKit::Descriptors::calcMolFormula(getSkeleton(mol, all)) + "), got \"" + smiles + "\" (" +
                count((int) getHeavyAtoms(*pattern).size(), "heavy atom") + ", " +
                RDKit::Descriptors::calcMolFormula(*pattern) +
                "); correct the SMILES, or the bonds and hydrogens of the topology");
    for (const auto& [from, to] : AtomMap(mapping)) {
        const vector<int> given = getHydrogens(*pattern, from), found = getHydrogens(mol, to);
        const int numOutside = countOutside(topology, to);
        RDKit::Atom& atom = *mol.getAtomWithIdx(to);
        atom.setNoImplicit(true);
        atom.setNumExplicitHs((unsigned int) std::max(0, (int) given.size() - (int) found.size() - numOutside));
        for (size_t k = 0; k < std::min(given.size(), found.size()); k++)
            mapping[given[k]] = found[k];
    }
    copyBonds(*pattern, mapping, mol);
    for (const auto& [from, to] : mapping) {
        const RDKit::Atom& source = *pattern->getAtomWithIdx(from);
        RDKit::Atom& target = *mol.getAtomWithIdx(to);
        target.setFormalCharge(source.getFormalCharge());
        target.setIsotope(source.getIsotope());
        copyHandedness(*pattern, source, mapping, mol, target);
    }
}
