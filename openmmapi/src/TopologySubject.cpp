// SPDX-License-Identifier: MIT
// From a topology and a selection to a subject, and the comparison of two subjects.
#include "openmmorbit/TopologySubject.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/internal/ElementSymbols.h"
#include "openmmorbit/internal/Sha256.h"
#include <algorithm>
#include <set>
#include <sstream>

using std::string;
using std::to_string;
using std::vector;

namespace OrbitPlugin {

namespace {

const int MAX_ELEMENT = 118;

[[noreturn]] void refuse(const string& expected, const string& found) {
    throw ArgumentError("makeTopologySubject: expected " + expected + ", got " + found);
}

void checkRecord(const TopologyRecord& topology) {
    const int numAtoms = (int) topology.atoms.size(), numResidues = (int) topology.residueNames.size();
    if (numAtoms == 0)
        refuse("a topology of at least 1 atom", "none");
    if (!topology.residueChains.empty() && (int) topology.residueChains.size() != numResidues)
        refuse("a chain for each of " + to_string(numResidues) + " residues", to_string(topology.residueChains.size()));
    if (!topology.residueIds.empty() && (int) topology.residueIds.size() != numResidues)
        refuse("a number for each of " + to_string(numResidues) + " residues or for none",
                to_string(topology.residueIds.size()));
    for (int i = 0; i < numAtoms; i++) {
        const TopologyAtom& atom = topology.atoms[i];
        if (atom.residue < 0 || atom.residue >= numResidues)
            refuse("residues below " + to_string(numResidues), to_string(atom.residue) + " at atom " + to_string(i));
        if (atom.element < 0 || atom.element > MAX_ELEMENT)
            refuse("an atomic number from 0 (a bead) to " + to_string(MAX_ELEMENT),
                    to_string(atom.element) + " at atom " + to_string(i));
    }
    for (const TopologyBond& bond : topology.bonds) {
        for (int atom : {bond.atom1, bond.atom2})
            if (atom < 0 || atom >= numAtoms)
                refuse("bonds of atoms below " + to_string(numAtoms), "atom " + to_string(atom));
        if (bond.atom1 == bond.atom2)
            refuse("bonds of two different atoms", "atom " + to_string(bond.atom1) + " bonded to itself");
    }
}

vector<int> sortSelection(const vector<int>& selection, int numAtoms) {
    vector<int> sorted(selection);
    if (sorted.empty())
        for (int i = 0; i < numAtoms; i++)
            sorted.push_back(i);
    std::sort(sorted.begin(), sorted.end());
    for (int k = 0; k < (int) sorted.size(); k++) {
        if (sorted[k] < 0 || sorted[k] >= numAtoms)
            refuse("selected atoms from 0 to " + to_string(numAtoms - 1), to_string(sorted[k]));
        if (k > 0 && sorted[k] == sorted[k - 1])
            refuse("every selected atom once", "atom " + to_string(sorted[k]) + " twice");
    }
    return sorted;
}

/** Find the selected atoms that a selected atom meets, straight or over atoms that are not selected. */
std::set<int> findReached(int start, const vector<vector<int>>& neighbors, const vector<int>& places) {
    std::set<int> reached, seen = {start};
    vector<int> queue = {start};
    for (std::size_t k = 0; k < queue.size(); k++)
        for (int j : neighbors[queue[k]])
            if (seen.insert(j).second) {
                if (places[j] >= 0)
                    reached.insert(places[j]);
                else
                    queue.push_back(j);
            }
    return reached;
}

void addBonds(const TopologyRecord& topology, TopologySubject& subject) {
    const int numAtoms = (int) topology.atoms.size();
    vector<vector<int>> neighbors(numAtoms);
    for (const TopologyBond& bond : topology.bonds) {
        neighbors[bond.atom1].push_back(bond.atom2);
        neighbors[bond.atom2].push_back(bond.atom1);
    }
    vector<int> places(numAtoms, -1);
    for (int k = 0; k < (int) subject.selection.size(); k++)
        places[subject.selection[k]] = k;
    for (int k = 0; k < (int) subject.selection.size(); k++)
        for (int other : findReached(subject.selection[k], neighbors, places))
            if (k < other)
                subject.graph.bonds.push_back({k, other, BondOrder::None});
}

/**
 * Name of an atom in messages: "7 (CA of residue ALA 12)" with the number that the source has for the residue. A
 * subject does not know it; without a source, residues are counted from 1.
 */
string nameAtom(const TopologySubject& subject, int atom, const TopologyRecord* source) {
    const string index = to_string(subject.selection[atom]), &name = subject.graph.atoms[atom].name;
    if (name.empty())
        return index;
    const int residue = subject.residues[atom];
    const string number = source == nullptr || source->residueIds.empty() ?
        "number " + to_string(residue + 1) :
        source->residueIds[source->atoms[subject.selection[atom]].residue];
    return index + " (" + name + " of residue " + subject.residueNames[residue] + " " + number + ")";
}

string describeElement(int element) {
    return element == 0 ? "a bead without an element" : string(getElementSymbol(element));
}

std::set<std::pair<int, int>> listBonds(const MolecularGraph& graph) {
    std::set<std::pair<int, int>> bonds;
    for (const GraphBond& bond : graph.bonds)
        bonds.insert(std::minmax(bond.atom1, bond.atom2));
    return bonds;
}

string describeAtomDifference(
        const TopologySubject& expected, const TopologySubject& found, int i, const TopologyRecord* source) {
    const GraphAtom &first = expected.graph.atoms[i], &second = found.graph.atoms[i];
    const int residue = expected.residues[i], other = found.residues[i];
    auto differ = [&](const string& what, const string& right, const string& wrong) {
        return what + " " + right + " at atom " + nameAtom(found, i, source) + ", got " + wrong;
    };
    if (first.element != second.element)
        return differ("element", describeElement(first.element), describeElement(second.element));
    if (first.name != second.name)
        return differ("name", "\"" + first.name + "\"", "\"" + second.name + "\"");
    // The residues of all atoms before are the same.
    if (residue != other)
        return residue > other ? differ("a residue", "that begins", "the residue of the atom before") :
                                 differ("the residue", "of the atom before", "one that begins");
    if (expected.residueNames[residue] != found.residueNames[other])
        return differ("residue name", expected.residueNames[residue], found.residueNames[other]);
    if (expected.residueChains[residue] != found.residueChains[other])
        return differ("chain", "number " + to_string(expected.residueChains[residue] + 1),
                "number " + to_string(found.residueChains[other] + 1));
    if (expected.selection[i] != found.selection[i])
        return differ("index", to_string(expected.selection[i]), to_string(found.selection[i]));
    return "";
}

/** Get the first difference in words. @param source   what the second system was made of, if it is known */
string findDifference(
        const TopologySubject& expected, const TopologySubject& found, const TopologyRecord* source) {
    if (expected.getNumAtoms() != found.getNumAtoms())
        return to_string(expected.getNumAtoms()) + " atoms, got " + to_string(found.getNumAtoms());
    for (int i = 0; i < expected.getNumAtoms(); i++) {
        const string difference = describeAtomDifference(expected, found, i, source);
        if (!difference.empty())
            return difference;
    }
    const std::set<std::pair<int, int>> known = listBonds(expected.graph), others = listBonds(found.graph);
    auto nameBond = [&](int i, int j) {
        return "bond of atoms " + nameAtom(found, i, source) + " and " + nameAtom(found, j, source);
    };
    for (const auto& [i, j] : known)
        if (others.count({i, j}) == 0)
            return "a " + nameBond(i, j) + ", got none";
    for (const auto& [i, j] : others)
        if (known.count({i, j}) == 0)
            return "no " + nameBond(i, j) + ", got one";
    return "";
}

} // namespace

TopologySubject makeTopologySubject(const TopologyRecord& topology, const vector<int>& selection) {
    checkRecord(topology);
    TopologySubject subject;
    subject.numTopologyAtoms = (int) topology.atoms.size();
    subject.selection = sortSelection(selection, subject.numTopologyAtoms);
    int last = -1;
    for (int i : subject.selection) {
        const TopologyAtom& atom = topology.atoms[i];
        if (subject.residueNames.empty() || atom.residue != last) {
            last = atom.residue;
            subject.residueNames.push_back(topology.residueNames[last]);
            subject.residueChains.push_back(topology.residueChains.empty() ? 0 : topology.residueChains[last]);
        }
        subject.residues.push_back((int) subject.residueNames.size() - 1);
        GraphAtom entry;
        entry.element = atom.element;
        entry.formalCharge = atom.formalCharge;
        entry.name = atom.name;
        subject.graph.atoms.push_back(entry);
    }
    addBonds(topology, subject);
    return subject;
}

string describeDifference(const TopologySubject& expected, const TopologySubject& found) {
    return findDifference(expected, found, nullptr);
}

string computeFingerprint(const TopologySubject& subject) {
    std::ostringstream text;
    text << subject.numTopologyAtoms << '\n';
    for (int i = 0; i < subject.getNumAtoms(); i++) {
        const GraphAtom& atom = subject.graph.atoms[i];
        const int residue = subject.residues[i];
        text << subject.selection[i] << '\t' << atom.element << '\t' << atom.name << '\t' << residue << '\t'
             << subject.residueNames[residue] << '\t' << subject.residueChains[residue] << '\n';
    }
    for (const auto& [i, j] : listBonds(subject.graph))
        text << i << '\t' << j << '\n';
    const string bytes = text.str();
    return sha256(bytes.data(), bytes.size());
}

void checkTopology(const string& where, const TopologySubject& expected, const TopologyRecord& topology,
        const vector<int>& selection) {
    const int numAtoms = (int) topology.atoms.size();
    if (selection.empty()) {
        // A model of a part does not care what else there is, for example how many waters follow the solute.

        const bool isWhole = expected.getNumAtoms() == expected.numTopologyAtoms;
        const int least = isWhole ? expected.numTopologyAtoms : expected.selection.back() + 1;
        if (isWhole ? numAtoms != least : numAtoms < least)
            throw ArgumentError(where + ": expected a topology of " + (isWhole ? "" : "at least ") + to_string(least) +
                    " atoms as in training, got " + to_string(numAtoms));
    }
    const string difference = findDifference(
            expected, makeTopologySubject(topology, selection.empty() ? expected.selection : selection), &topology);
    if (!difference.empty())
        throw ArgumentError(where + ": expected the topology that the model was trained for, with " + difference);
}

} // namespace OrbitPlugin
