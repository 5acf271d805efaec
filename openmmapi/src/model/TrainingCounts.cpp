// SPDX-License-Identifier: MIT
// Kinds of atoms and bonds, counting them over molecules, and what a molecule has that was hardly ever counted.
#include "openmmorbit/TrainingCounts.h"
#include "openmmorbit/internal/ElementSymbols.h"
#include <algorithm>
#include <array>
#include <cstdlib>
#include <sstream>

namespace OrbitPlugin {

using std::map;
using std::set;
using std::string;
using std::vector;

namespace {

const int MAX_SMALL = 3;
const std::array<const char*, 6> ORDER_NAMES = {{"unknown", "single", "double", "triple", "aromatic", "dative"}};

/** What a molecule counts for. */
struct Kinds {
    set<string> atoms, bonds;
    set<int> rings;
    int numHeavy = 0, numAtoms = 0;
    string hash;    ///< of small molecules only
};

/** FNV-1a hash: the same number for a text everywhere. */
std::uint64_t hashText(const string& text) {
    std::uint64_t hash = 14695981039346656037u;
    for (char character : text)
        hash = (hash ^ (unsigned char) character) * 1099511628211u;
    return hash;
}

string describeElement(const GraphAtom& atom) {
    string text = getElementSymbol(atom.element);
    if (atom.formalCharge != 0)
        text += (std::abs(atom.formalCharge) > 1 ? std::to_string(std::abs(atom.formalCharge)) : "") +
            (atom.formalCharge > 0 ? "+" : "-");
    return text;
}

/** Get the kind of an atom from its numbers of bonds by order, and how many of them lead to hydrogens. */
string describeAtom(const GraphAtom& atom, const std::array<int, 6>& orders, int numHydrogens) {
    string text;
    int numBonds = 0;
    for (int order : {1, 2, 3, 4, 5, 0}) {
        if (orders[order] == 0)
            continue;
        text += (text.empty() ? "" : ", ") + std::to_string(orders[order]) + " " + ORDER_NAMES[order];
        numBonds += orders[order];
    }
    text = describeElement(atom) + (numBonds == 0 ? " without bonds" : " with " + text + " bond");
    if (numBonds > 1)
        text += "s";
    return text + (numHydrogens > 0 ? ", " + std::to_string(numHydrogens) + " to H" : "");
}

string describeBond(const MolecularGraph& graph, const GraphBond& bond) {
    string first = describeElement(graph.atoms[bond.atom1]), second = describeElement(graph.atoms[bond.atom2]);
    if (second < first)
        std::swap(first, second);
    return first + " and " + second + ", " + ORDER_NAMES[(int) bond.order];
}

Kinds findKinds(const MolecularGraph& graph) {
    graph.validate();
    const int n = graph.getNumAtoms();
    vector<std::array<int, 6>> orders(n, std::array<int, 6>{});
    vector<int> numHydrogens(n, 0);
    Kinds kinds;
    kinds.numAtoms = n;
    vector<string> parts;
    for (const GraphBond& bond : graph.bonds) {
        orders[bond.atom1][(int) bond.order]++;
        orders[bond.atom2][(int) bond.order]++;
        numHydrogens[bond.atom1] += graph.atoms[bond.atom2].element == 1;
        numHydrogens[bond.atom2] += graph.atoms[bond.atom1].element == 1;
        parts.push_back(describeBond(graph, bond));
        kinds.bonds.insert(parts.back());
    }
    for (int i = 0; i < n; i++) {
        parts.push_back(describeAtom(graph.atoms[i], orders[i], numHydrogens[i]));
        kinds.atoms.insert(parts.back());
        kinds.numHeavy += graph.atoms[i].element > 1;
    }
    for (const vector<int>& ring : graph.rings)
        kinds.rings.insert((int) ring.size());

    // Kinds of atoms and bonds tell constitutions of so few heavy atoms from each other.

    if (kinds.numHeavy > MAX_SMALL)
        return kinds;
    std::sort(parts.begin(), parts.end());
    string text;
    for (const string& part : parts)
        text += part + ";";
    std::ostringstream digits;
    digits << std::hex << hashText(text);
    kinds.hash = digits.str();
    return kinds;
}

template <class Key>
long long get(const map<Key, long long>& counts, const Key& key) {
    const auto found = counts.find(key);
    return found == counts.end() ? 0 : found->second;
}

template <class Key>
void takeLarger(map<Key, long long>& counts, const map<Key, long long>& others) {
    for (const auto& [key, number] : others) {
        long long& value = counts[key];
        value = std::max(value, number);
    }
}

string describeNumber(long long number, const string& what) {
    if (number == 0)
        return what + " (in no training molecule)";
    return what + " (in " + std::to_string(number) + " training molecule" + (number == 1 ? "" : "s") + ")";
}

/** List a size that lies outside of nearly all: fewer molecules than the minimum are as large, or as small. */
void addSize(const map<int, long long>& counts, int size, const string& what, int minimum, vector<string>& phrases) {
    long long numLarger = 0, numSmaller = 0;
    for (const auto& [other, number] : counts) {
        numLarger += other >= size ? number : 0;
        numSmaller += other <= size ? number : 0;
    }
    const bool large = numLarger < minimum;
    if (counts.empty() || (!large && numSmaller >= minimum))
        return;
    const string border = std::to_string(large ? counts.rbegin()->first : counts.begin()->first);
    phrases.push_back(std::to_string(size) + " " + what + (size == 1 ? "" : "s") + " (the training molecules have " +
        (large ? "at most " : "at least ") + border + ", and " + std::to_string(large ? numLarger : numSmaller) +
        " of them " + (large ? "so many)" : "so few)"));
}

} // namespace

void TrainingCounts::addMolecule(const MolecularGraph& graph, const string& flatSmiles) {
    if (!flatSmiles.empty() && !keys.insert(hashText(flatSmiles)).second)
        return;
    const Kinds kinds = findKinds(graph);
    numMolecules++;
    for (const string& kind : kinds.atoms)
        atoms[kind]++;
    for (const string& kind : kinds.bonds)
        bonds[kind]++;
    for (int size : kinds.rings)
        rings[size]++;
    heavyAtoms[kinds.numHeavy]++;
    allAtoms[kinds.numAtoms]++;
    if (!kinds.hash.empty())
        smallMolecules.insert(kinds.hash);
}

void TrainingCounts::include(const TrainingCounts& earlier) {
    numMolecules = std::max(numMolecules, earlier.numMolecules);
    takeLarger(atoms, earlier.atoms);
    takeLarger(bonds, earlier.bonds);
    takeLarger(rings, earlier.rings);
    takeLarger(heavyAtoms, earlier.heavyAtoms);
    takeLarger(allAtoms, earlier.allAtoms);
    smallMolecules.insert(earlier.smallMolecules.begin(), earlier.smallMolecules.end());
}

vector<string> TrainingCounts::findUnfamiliar(const MolecularGraph& graph, int minimum) const {
    vector<string> phrases;
    const Kinds kinds = findKinds(graph);
    if (numMolecules == 0 || smallMolecules.count(kinds.hash) != 0)
        return phrases;
    for (const string& kind : kinds.atoms)
        if (get(atoms, kind) < minimum)
            phrases.push_back(describeNumber(get(atoms, kind), kind));
    for (const string& kind : kinds.bonds)
        if (get(bonds, kind) < minimum)
            phrases.push_back(describeNumber(get(bonds, kind), kind + " bond"));
    for (int size : kinds.rings)
        if (get(rings, size) < minimum)
            phrases.push_back(describeNumber(get(rings, size), "a ring of " + std::to_string(size) + " atoms"));
    addSize(heavyAtoms, kinds.numHeavy, "heavy atom", minimum, phrases);
    addSize(allAtoms, kinds.numAtoms, "atom", minimum, phrases);
    return phrases;
}

} // namespace OrbitPlugin
