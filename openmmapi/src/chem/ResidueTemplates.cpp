// SPDX-License-Identifier: MIT
// Residues with a SMILES: the match of its atoms to those of the topology, and what is carried over.
#include "Residues.h"
#include "openmmorbit/internal/PermutationSign.h"
#include <GraphMol/Descriptors/MolDescriptors.h>
#include <GraphMol/MolOps.h>
#include <GraphMol/SmilesParse/SmilesParse.h>
#include <GraphMol/SmilesParse/SmilesWrite.h>
#include <GraphMol/Substruct/SubstructMatch.h>
#include <GraphMol/new_canon.h>
#include <algorithm>
#include <iterator>
#include <map>
#include <set>

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

/** Mappings of a template to a residue that agree in elements and bonds. */
struct Mappings {
    vector<AtomMap> all;
    bool complete = false; ///< they agree in the hydrogens too; otherwise some lack in the topology
};

/**
 * Find the mappings of the template's heavy atoms, given with all hydrogens: those that agree in the hydrogens, if any.
 */
static Mappings findMappings(const TopologyRecord& topology, const vector<int>& residue, const RDKit::ROMol& pattern,
        const RDKit::ROMol& mol) {
    const vector<int> heavy = getHeavyAtoms(pattern);
    const RDKit::RWMol query = getSkeleton(pattern, heavy), target = getSkeleton(mol, residue);
    if (query.getNumAtoms() != target.getNumAtoms() || query.getNumBonds() != target.getNumBonds())
        return {};
    RDKit::SubstructMatchParameters parameters;
    parameters.uniquify = false;
    parameters.maxMatches = 10000;
    Mappings complete, incomplete;
    complete.complete = true;
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
        if (least == 0)
            (most == 0 ? complete : incomplete).all.push_back(mapping);
    }
    return complete.all.empty() ? incomplete : complete;
}

/** Get the counterpart of the atom beside a double bond, or of the other one there; then the relation turns round. */
static int findBondEnd(const RDKit::ROMol& pattern, const AtomMap& mapping, int end, int center, int across,
        bool& inverted) {
    if (mapping.count(end) > 0)
        return mapping.at(end);
    for (const RDKit::Bond* bond : pattern.atomBonds(pattern.getAtomWithIdx(center))) {
        const int other = (int) bond->getOtherAtomIdx(center);
        if (other == across || other == end || mapping.count(other) == 0)
            continue;
        inverted = !inverted;
        return mapping.at(other);
    }
    return -1;
}

static void copyBonds(const RDKit::ROMol& pattern, const AtomMap& mapping, RDKit::RWMol& mol) {
    for (const RDKit::Bond* bond : pattern.bonds()) {
        const auto first = mapping.find((int) bond->getBeginAtomIdx()),
                   second = mapping.find((int) bond->getEndAtomIdx());
        if (first == mapping.end() || second == mapping.end())
            continue;
        RDKit::Bond* target = mol.getBondBetweenAtoms(first->second, second->second);
        target->setBondType(bond->getBondType());
        const bool trans = bond->getStereo() == RDKit::Bond::STEREOTRANS;
        if (!trans && bond->getStereo() != RDKit::Bond::STEREOCIS)
            continue;
        bool inverted = false;
        const vector<int>& ends = bond->getStereoAtoms();
        const int begin = findBondEnd(pattern, mapping, ends[0], first->first, second->first, inverted);
        const int end = findBondEnd(pattern, mapping, ends[1], second->first, first->first, inverted);
        if (begin < 0 || end < 0)
            continue;
        const bool forward = (int) target->getBeginAtomIdx() == first->second;
        target->setStereoAtoms((unsigned int) (forward ? begin : end), (unsigned int) (forward ? end : begin));
        target->setStereo(trans != inverted ? RDKit::Bond::STEREOTRANS : RDKit::Bond::STEREOCIS);
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

/**
 * Dictionaries give residues as free molecules: an oxygen in the place of a bond to the next residue. Such oxygens
 * become hydrogens, one or two of them, if the atoms that bear them have bonds to other residues.
 */
static Mappings replaceLeavingAtoms(
        const TopologyRecord& topology, const vector<int>& heavy, RDKit::RWMol& pattern, const RDKit::ROMol& mol) {
    vector<int> leaving;
    for (const RDKit::Atom* atom : pattern.atoms())
        if (atom->getAtomicNum() == 8 &&
                (int) atom->getDegree() - (int) getHydrogens(pattern, atom->getIdx()).size() == 1)
            for (const RDKit::Bond* bond : pattern.atomBonds(atom))
                if (bond->getBondType() == RDKit::Bond::SINGLE && bond->getOtherAtom(atom)->getAtomicNum() > 1)
                    leaving.push_back((int) atom->getIdx());
    const auto replace = [&](const vector<int>& oxygens) {
        RDKit::RWMol changed(pattern);
        vector<int> bearers;
        for (int oxygen : oxygens) {
            for (const RDKit::Atom* other : changed.atomNeighbors(changed.getAtomWithIdx((unsigned int) oxygen)))
                if (other->getAtomicNum() > 1)
                    bearers.push_back((int) other->getIdx());
            changed.getAtomWithIdx((unsigned int) oxygen)->setAtomicNum(1);
            changed.getAtomWithIdx((unsigned int) oxygen)->setFormalCharge(0);
        }
        Mappings found = findMappings(topology, heavy, changed, mol);
        const auto isWrong = [&](const AtomMap& mapping) {
            return std::any_of(bearers.begin(), bearers.end(),
                    [&](int bearer) { return countOutside(topology, mapping.at(bearer)) == 0; });
        };
        found.all.erase(std::remove_if(found.all.begin(), found.all.end(), isWrong), found.all.end());
        if (!found.all.empty())
            pattern = changed;
        return found;
    };
    for (size_t i = 0; i < leaving.size(); i++)
        if (const Mappings found = replace({leaving[i]}); !found.all.empty())
            return found;
    for (size_t i = 0; i < leaving.size(); i++)
        for (size_t j = 0; j < i; j++)
            if (const Mappings found = replace({leaving[i], leaving[j]}); !found.all.empty())
                return found;
    return {};
}

/**
 * Strip a template, given with all hydrogens, of what resonance changes: charges, aromaticity, orders of bonds without
 * stereo. Hydrogens are counted on their atoms.
 */
static RDKit::RWMol getConstitution(const RDKit::ROMol& pattern) {
    RDKit::RWMol mol(pattern);
    for (RDKit::Atom* atom : mol.atoms()) {
        atom->setFormalCharge(0);
        atom->setIsAromatic(false);
        atom->setNoImplicit(true);
        if (atom->getAtomicNum() > 1)
            atom->setNumExplicitHs((unsigned int) getHydrogens(pattern, (int) atom->getIdx()).size());
    }
    for (RDKit::Bond* bond : mol.bonds()) {
        const bool hasStereo = bond->getStereo() > RDKit::Bond::STEREOANY;
        bond->setBondType(hasStereo ? RDKit::Bond::DOUBLE : RDKit::Bond::SINGLE);
        bond->setIsAromatic(false);
    }
    return mol;
}

/** Drop the atoms at the end of a bond from a mapping: which of those on one atom is which does not matter. */
static AtomMap withoutEnds(const RDKit::ROMol& pattern, const AtomMap& mapping) {
    AtomMap inner;
    for (const auto& [from, to] : mapping)
        if (pattern.getAtomWithIdx((unsigned int) from)->getDegree() - getHydrogens(pattern, from).size() > 1)
            inner[from] = to;
    return inner;
}

/** Describe the handedness, cis and trans of the atoms of the topology that a mapping makes, or of the mirror image. */
static string describeMapping(const RDKit::ROMol& constitution, const AtomMap& inner, bool mirrored) {
    RDKit::RWMol mol(constitution);
    for (const auto& [from, to] : inner) {
        RDKit::Atom& atom = *mol.getAtomWithIdx((unsigned int) from);
        atom.setIsotope(1000 * (unsigned int) (to + 1) + atom.getIsotope());
    }
    for (RDKit::Atom* atom : mol.atoms())
        if (mirrored)
            atom->invertChirality();

    // With all atoms told apart, other centres have a handedness than in the template.

    mol.clearProp(RDKit::common_properties::_StereochemDone);
    return RDKit::MolToSmiles(mol);
}

/** Whether a mapping agrees with the bond orders that the topology knows; those of aromatic bonds are not looked at. */
static bool hasKnownOrders(const TopologyRecord& topology, const RDKit::ROMol& pattern, const AtomMap& mapping) {
    std::map<int, int> places;
    for (const auto& [from, to] : mapping)
        places[to] = from;
    return std::all_of(topology.bonds.begin(), topology.bonds.end(), [&](const TopologyBond& known) {
        const auto first = places.find(known.atom1), second = places.find(known.atom2);
        if (known.order < 1 || known.order > 3 || first == places.end() || second == places.end())
            return true;
        const RDKit::Bond* bond =
                pattern.getBondBetweenAtoms((unsigned int) first->second, (unsigned int) second->second);
        return bond == nullptr || bond->getIsAromatic() || bond->getBondTypeAsDouble() == known.order;
    });
}

/**
 * Choose one of several mappings, which must all make the same of the atoms of the topology: each is what it was, or
 * one that differs in its neighbours' places only, or everything is mirrored.
 */
static AtomMap chooseMapping(
        const TopologyRecord& topology, int residue, const Mappings& mappings, const RDKit::ROMol& pattern) {
    vector<AtomMap> candidates;
    std::copy_if(mappings.all.begin(), mappings.all.end(), std::back_inserter(candidates),
        [&](const AtomMap& mapping) { return hasKnownOrders(topology, pattern, mapping); });
    if (candidates.empty())
        candidates = mappings.all;
    const RDKit::RWMol constitution = getConstitution(pattern);
    vector<unsigned int> ranks;
    RDKit::Canon::rankMolAtoms(constitution, ranks, false);
    const AtomMap first = withoutEnds(pattern, candidates[0]);
    std::map<int, unsigned int> classes;
    for (const auto& [from, to] : first)
        classes[to] = ranks[from];
    const string mirror = describeMapping(constitution, first, true);
    std::set<AtomMap> seen;
    std::set<string> ways = {describeMapping(constitution, first, false)};
    for (const AtomMap& mapping : candidates) {
        const AtomMap inner = withoutEnds(pattern, mapping);
        const auto isSame = [&](const auto& entry) { return classes[entry.second] == ranks[entry.first]; };
        if (!seen.insert(inner).second || std::all_of(inner.begin(), inner.end(), isSame))
            continue;
        const string way = describeMapping(constitution, inner, false);
        if (way != mirror)
            ways.insert(way);
    }
    if (ways.size() == 1)
        return candidates[0];
    const string name = describeResidue(topology, residue), smiles = topology.smiles.at(topology.residueNames[residue]);
    throw ArgumentError("readTopology: expected one way to put \"" + smiles + "\" on the atoms of " + name + ", got " +
        to_string(ways.size()) + " that differ in " +
        (mappings.complete ? "stereochemistry" : "hydrogens or stereochemistry: the skeleton is symmetric") + "; " +
        (mappings.complete ? "" : "add the hydrogens or bond orders to the topology, or ") +
        "give an rdkit.Chem.Mol with this order of atoms instead");
}

static string count(int number, const string& what) {
    return to_string(number) + " " + what + (number == 1 ? "" : "s");
}

void chem::assignFromSmiles(const TopologyRecord& topology, int residue, RDKit::RWMol& mol) {
    const string& name = topology.residueNames[residue];
    const string& smiles = topology.smiles.at(name);
    const Origin origin{"readTopology", "\"" + smiles + "\" for " + describeResidue(topology, residue)};
    const auto pattern = parseSmiles(smiles, ReaderOptions(), origin);
    RDKit::MolOps::addHs(*pattern);
    perceiveStereo(*pattern, StereoSource::Labels, origin);
    const vector<int> all = getAtoms(topology, residue);
    vector<int> heavy;
    std::copy_if(
            all.begin(), all.end(), std::back_inserter(heavy), [&](int i) { return topology.atoms[i].element > 1; });
    Mappings mappings = findMappings(topology, heavy, *pattern, mol);
    if (mappings.all.empty())
        mappings = replaceLeavingAtoms(topology, heavy, *pattern, mol);
    if (mappings.all.empty())
        throw ArgumentError("readTopology: expected a SMILES with the atoms and bonds of " +
                describeResidue(topology, residue) + " (" + count((int) heavy.size(), "heavy atom") + ", " +
                RDKit::Descriptors::calcMolFormula(getSkeleton(mol, all)) + "), got \"" + smiles + "\" (" +
                count((int) getHeavyAtoms(*pattern).size(), "heavy atom") + ", " +
                RDKit::Descriptors::calcMolFormula(*pattern) +
                "); correct the SMILES, or the bonds and hydrogens of the topology");
    AtomMap mapping = chooseMapping(topology, residue, mappings, *pattern);
    RDKit::MolOps::Kekulize(*pattern, true);
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
