// SPDX-License-Identifier: MIT
// Which shapes a molecule has, and the names of their classes.
#include "openmmorbit/internal/GeometryTerms.h"
#include "openmmorbit/internal/ElementSymbols.h"
#include <algorithm>
#include <map>

using namespace OrbitPlugin;
using std::string;
using std::to_string;
using std::vector;

namespace {

/** Rings larger than this leave their atoms as free as chains do. */
const int MAX_RING = 9;

/** What the names of classes are made of. */
struct Surroundings {
    explicit Surroundings(const MolecularGraph& graph);
    const MolecularGraph& graph;
    vector<vector<int>> neighbors;
    vector<string> elements, counted, names;        // "C", "C3", "C3p"
    vector<int> numRingBonds;                       // [numAtoms]
    vector<vector<int>> ringSizes;                  // [numAtoms] sizes of the rings of an atom, ascending
    std::map<std::pair<int, int>, int> ringOfBond;  // smallest ring of a bond, both directions
    std::map<std::array<int, 3>, int> ringOfAngle;  // smallest ring of two bonds at the middle atom, both directions
    std::map<std::array<int, 4>, int> ringOfChain;  // smallest ring of at most 7 of four atoms in a row
    int getRing(int a, int b) const;
    int getRing(int a, int b, int c) const;
    string describeRings(int atom, bool all) const;
};

string nameRing(int size) {
    return " r" + to_string(size == 0 || size > MAX_RING ? 0 : std::min(size, 7));
}

template <class Key>
void keepSmallest(std::map<Key, int>& rings, const Key& key, int size) {
    const auto place = rings.emplace(key, size).first;
    place->second = std::min(place->second, size);
}

template <class Key>
int findRing(const std::map<Key, int>& rings, const Key& key) {
    const auto place = rings.find(key);
    return place == rings.end() ? 0 : place->second;
}

Surroundings::Surroundings(const MolecularGraph& newGraph) : graph(newGraph), neighbors(newGraph.getNeighbors()),
        numRingBonds(newGraph.atoms.size(), 0), ringSizes(newGraph.atoms.size()) {
    for (int i = 0; i < graph.getNumAtoms(); i++) {
        const GraphAtom& atom = graph.atoms[i];
        elements.push_back(getElementSymbol(atom.element));
        counted.push_back(elements[i] + to_string(neighbors[i].size()));
        names.push_back(counted[i] + "slptx"[(int) atom.hybridization]);
    }
    for (const vector<int>& ring : graph.rings) {
        const int size = (int) ring.size();
        for (int k = 0; k < size; k++) {
            const int a = ring[k], b = ring[(k + 1) % size], c = ring[(k + 2) % size], d = ring[(k + 3) % size];
            keepSmallest(ringOfBond, {a, b}, size);
            keepSmallest(ringOfBond, {b, a}, size);
            keepSmallest(ringOfAngle, {a, b, c}, size);
            keepSmallest(ringOfAngle, {c, b, a}, size);
            if (size > 3 && size <= 7) {
                keepSmallest(ringOfChain, {a, b, c, d}, size);
                keepSmallest(ringOfChain, {d, c, b, a}, size);
            }
            ringSizes[a].push_back(size);
        }
    }
    for (vector<int>& sizes : ringSizes)
        std::sort(sizes.begin(), sizes.end());
    for (const auto& bond : ringOfBond)
        numRingBonds[bond.first.first]++;
}

int Surroundings::getRing(int a, int b) const {
    return findRing(ringOfBond, {a, b});
}

int Surroundings::getRing(int a, int b, int c) const {
    return findRing(ringOfAngle, {a, b, c});
}

// How an atom sits in rings: the number of its bonds in rings and, where rings meet, their sizes or only the smallest.

string Surroundings::describeRings(int atom, bool all) const {
    string text = " b" + to_string(numRingBonds[atom]);
    if (numRingBonds[atom] < 3 || ringSizes[atom].empty())
        return text;
    text += " s" + to_string(std::min(ringSizes[atom][0], 7));
    for (size_t k = 1; all && k < ringSizes[atom].size(); k++)
        text += "." + to_string(std::min(ringSizes[atom][k], 7));
    return text;
}

/** Get the part of a name that leaves the element open: the number of neighbours and the hybridisation. */
string getKind(const string& name) {
    return name.substr(name.size() - 2);
}

string getSymbol(BondOrder order) {
    return string(1, "~-=#:>"[(int) order]);
}

/** Join the names of two bonded atoms, the alphabetically first in front. */
string join(const vector<string>& names, const GraphBond& bond) {
    const string& first = std::min(names[bond.atom1], names[bond.atom2]);
    const string& second = std::max(names[bond.atom1], names[bond.atom2]);
    return first + getSymbol(bond.order) + second;
}

void addBonds(const Surroundings& around, vector<GeometryTerm>& terms) {
    for (const GraphBond& bond : around.graph.bonds) {
        const int ring = around.getRing(bond.atom1, bond.atom2);
        terms.push_back({GeometryKind::Bond, {{bond.atom1, bond.atom2, -1, -1, -1}}, false, true,
                {join(around.names, bond) + (ring == 0 || ring > 5 ? "" : nameRing(ring)),
                    join(around.counted, bond), join(around.elements, bond)}});
    }
}

void addAngles(const Surroundings& around, int center, vector<GeometryTerm>& terms) {
    const vector<int>& ends = around.neighbors[center];
    const string &name = around.names[center], kind = getKind(name);
    const string rings = around.describeRings(center, true), smallest = around.describeRings(center, false);
    const bool joinsRings = around.numRingBonds[center] > 2;
    for (size_t i = 0; i < ends.size(); i++)
        for (size_t j = i + 1; j < ends.size(); j++) {
            const string &first = around.elements[ends[i]], &second = around.elements[ends[j]];
            const string ring = nameRing(around.getRing(ends[i], center, ends[j]));
            if (ends.size() == 6) {
                terms.push_back({GeometryKind::Octahedron, {{ends[i], center, ends[j], -1, -1}}, joinsRings, false,
                        {name + " octahedron", "octahedron" + ring}});
                continue;
            }
            terms.push_back({GeometryKind::Angle, {{ends[i], center, ends[j], -1, -1}}, joinsRings,
                    ends.size() == 2 && first == "H" && second == "H",
                    {std::min(first, second) + "," + name + "," + std::max(first, second) + ring + rings,
                        name + ring + rings, kind + ring + rings, kind + ring + smallest, kind + ring}});
        }
}

void addShape(const Surroundings& around, int center, vector<GeometryTerm>& terms) {
    const vector<int>& ends = around.neighbors[center];
    const string &name = around.names[center], kind = getKind(name);
    const string ring = nameRing(around.ringSizes[center].empty() ? 0 : around.ringSizes[center][0]);
    const string rings = around.describeRings(center, true), smallest = around.describeRings(center, false);
    const bool joinsRings = around.numRingBonds[center] > 2;
    if (ends.size() == 3 && around.graph.atoms[center].hybridization == Hybridization::SP2) {
        const int numHydrogens = (int) std::count_if(
                ends.begin(), ends.end(), [&](int i) { return around.graph.atoms[i].element == 1; });
        terms.push_back({GeometryKind::Pyramid, {{center, ends[0], ends[1], ends[2], -1}}, joinsRings, false,
                {name + ring + rings + " h" + to_string(numHydrogens), name + ring + rings, name + ring + smallest,
                    name + ring, name}});
    }
    if (ends.size() == 4)
        terms.push_back({GeometryKind::Centre, {{center, ends[0], ends[1], ends[2], ends[3]}}, joinsRings, false,
                {name + ring + rings, kind + ring + rings, kind + ring + smallest, kind}});
}

/** Ask whether a bond keeps its substituents in a plane. */
bool isTwistLimited(const Surroundings& around, const GraphBond& bond) {
    auto isPlanar = [&](int end) {
        return around.graph.atoms[end].hybridization == Hybridization::SP2 && around.neighbors[end].size() <= 3;
    };
    return (bond.order == BondOrder::Double || bond.order == BondOrder::Aromatic) && isPlanar(bond.atom1) &&
        isPlanar(bond.atom2);
}

void addTwists(const Surroundings& around, const GraphBond& bond, vector<GeometryTerm>& terms) {
    if (!isTwistLimited(around, bond))
        return;
    const int ring = around.getRing(bond.atom1, bond.atom2);
    const int numRingBonds = around.numRingBonds[bond.atom1] + around.numRingBonds[bond.atom2];
    for (int a : around.neighbors[bond.atom1])
        for (int d : around.neighbors[bond.atom2]) {
            if (a == bond.atom2 || d == bond.atom1 || a == d)
                continue;

            // A chain of four atoms of one small ring must be cis.

            const int chainRing = findRing(around.ringOfChain, {a, bond.atom1, bond.atom2, d});
            const bool endocyclic = chainRing > 3;
            const string suffix = endocyclic
                ? " in" + nameRing(chainRing) + (ring < chainRing ? nameRing(ring) : "")
                : " ex" + nameRing(ring);
            terms.push_back({endocyclic ? GeometryKind::RingTwist : GeometryKind::Twist,
                    {{a, bond.atom1, bond.atom2, d, -1}}, numRingBonds > 4, false,
                    {join(around.names, bond) + suffix + " b" + to_string(numRingBonds),
                        join(around.elements, bond) + suffix, getSymbol(bond.order) + suffix}});
        }
}

/** The planes at the ends of an allene are perpendicular. */
void addAllene(const Surroundings& around, int middle, vector<GeometryTerm>& terms) {
    const vector<int>& ends = around.neighbors[middle];
    auto isEnd = [&](int i) { return around.names[i] == "C3p" && around.getRing(middle, i) == 0; };
    if (around.names[middle] != "C2l" || !std::all_of(ends.begin(), ends.end(), isEnd))
        return;
    for (int a : around.neighbors[ends[0]])
        for (int d : around.neighbors[ends[1]])
            if (a != middle && d != middle)
                terms.push_back({GeometryKind::Allene, {{a, ends[0], ends[1], d, -1}}, false, false, {}});
}

} // namespace

vector<GeometryTerm> OrbitPlugin::listGeometryTerms(const MolecularGraph& graph) {
    const Surroundings around(graph);
    vector<GeometryTerm> terms;
    addBonds(around, terms);
    for (int i = 0; i < graph.getNumAtoms(); i++)
        addAngles(around, i, terms);
    for (int i = 0; i < graph.getNumAtoms(); i++)
        addShape(around, i, terms);
    for (int i = 0; i < graph.getNumAtoms(); i++)
        addAllene(around, i, terms);
    for (const GraphBond& bond : graph.bonds)
        addTwists(around, bond, terms);

    // Outside of rings the names of some classes are the same.

    for (GeometryTerm& term : terms)
        term.classes.erase(std::unique(term.classes.begin(), term.classes.end()), term.classes.end());
    return terms;
}
