// SPDX-License-Identifier: MIT
// The tables of the features of atoms and of pairs of atoms: name and function.
#include "openmmorbit/internal/MoleculeFeatures.h"
#include "Encoding.h"
#include "RingFaces.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/internal/ElementSymbols.h"
#include <algorithm>

using std::string;
using std::vector;

namespace OrbitPlugin {

namespace {

size_t pairIndex(const MolecularGraph& graph, int i, int j) {
    return (size_t) i * graph.atoms.size() + j;
}

RawFeature makePairs(const MolecularGraph& graph) {
    return RawFeature(graph.atoms.size() * graph.atoms.size(), 0);
}

/** A feature that is a property of each atom alone. */
template <class Property>
RawFeature mapAtoms(const MolecularGraph& graph, const Property& property) {
    RawFeature raw;
    for (const GraphAtom& atom : graph.atoms)
        raw.push_back((int) property(atom));
    return raw;
}

RawFeature computeElement(const MolecularGraph& graph) {
    return mapAtoms(graph, [](const GraphAtom& atom) { return atom.element; });
}

RawFeature computeFormalCharge(const MolecularGraph& graph) {
    return mapAtoms(graph, [](const GraphAtom& atom) { return atom.formalCharge; });
}

/** Isotopes of an element have one geometry. */
RawFeature computeIsotope(const MolecularGraph& graph) {
    return mapAtoms(graph, [](const GraphAtom&) { return 0; });
}

RawFeature computeHybridization(const MolecularGraph& graph) {
    return mapAtoms(graph, [](const GraphAtom& atom) { return atom.hybridization; });
}

RawFeature computeAromatic(const MolecularGraph& graph) {
    return mapAtoms(graph, [](const GraphAtom& atom) { return atom.aromatic; });
}

/** Size of the smallest ring that holds the atom, 0 if there is none. */
RawFeature computeSmallestRing(const MolecularGraph& graph) {
    RawFeature raw(graph.atoms.size(), 0);
    for (const vector<int>& ring : graph.rings)
        for (int i : ring)
            raw[i] = (raw[i] == 0 ? (int) ring.size() : std::min(raw[i], (int) ring.size()));
    return raw;
}

RawFeature computeDegree(const MolecularGraph& graph) {
    RawFeature raw(graph.atoms.size(), 0);
    for (const GraphBond& bond : graph.bonds) {
        raw[bond.atom1]++;
        raw[bond.atom2]++;
    }
    return raw;
}

RawFeature computeBondOrder(const MolecularGraph& graph) {
    RawFeature raw = makePairs(graph);
    for (const GraphBond& bond : graph.bonds) {
        raw[pairIndex(graph, bond.atom1, bond.atom2)] = (int) bond.order;
        raw[pairIndex(graph, bond.atom2, bond.atom1)] = (int) bond.order;
    }
    return raw;
}

RawFeature computeTopologicalDistance(const MolecularGraph& graph) {
    return graph.getTopologicalDistances();
}

/** Size of the smallest ring that holds both atoms (i = j: that holds the atom), 0 if there is none. */
RawFeature computeSharedRing(const MolecularGraph& graph) {
    RawFeature raw = makePairs(graph);
    for (const vector<int>& ring : graph.rings)
        for (int i : ring)
            for (int j : ring) {
                int& value = raw[pairIndex(graph, i, j)];
                const int size = (int) ring.size();
                value = (value == 0 ? size : std::min(value, size));
            }
    return raw;
}

/** Place of an atom among the neighbours of a centre, 0 if it is none; by centre and neighbour. */
RawFeature computeChiralNeighbor(const MolecularGraph& graph) {
    RawFeature raw = makePairs(graph);
    for (const TetrahedralStereo& stereo : graph.tetrahedral)
        for (int k = 0; k < 4 && stereo.neighbors[k] >= 0; k++)
            raw[pairIndex(graph, stereo.center, stereo.neighbors[k])] = k + 1;
    return raw;
}

/** The same by neighbour and centre. */
RawFeature computeChiralCenter(const MolecularGraph& graph) {
    RawFeature raw = makePairs(graph);
    for (const TetrahedralStereo& stereo : graph.tetrahedral)
        for (int k = 0; k < 4 && stereo.neighbors[k] >= 0; k++)
            raw[pairIndex(graph, stereo.neighbors[k], stereo.center)] = k + 1;
    return raw;
}

template <class Condition>
RawFeature computeAxes(const MolecularGraph& graph, const Condition& isShown) {
    RawFeature raw = makePairs(graph);
    for (const TorsionStereo& stereo : graph.torsional) {
        if (!isShown(stereo.kind))
            continue;
        raw[pairIndex(graph, stereo.atoms[0], stereo.atoms[3])] = (int) stereo.kind;
        raw[pairIndex(graph, stereo.atoms[3], stereo.atoms[0])] = (int) stereo.kind;
    }
    return raw;
}

RawFeature computeTorsionStereo(const MolecularGraph& graph) {
    return computeAxes(graph, [](TorsionStereoKind) { return true; });
}

RawFeature computeDoubleBondStereo(const MolecularGraph& graph) {
    return computeAxes(graph, [](TorsionStereoKind kind) {
        return kind != TorsionStereoKind::AtropisomerMinus && kind != TorsionStereoKind::AtropisomerPlus;
    });
}

const FeatureRow<MolecularGraph> ATOM_FEATURES[] = {
    {"element", computeElement},
    {"formalCharge", computeFormalCharge},
    {"isotope", computeIsotope},
    {"hybridization", computeHybridization},
    {"smallestRing", computeSmallestRing},
    {"aromatic", computeAromatic},
    {"degree", computeDegree},
};

const FeatureRow<MolecularGraph> PAIR_FEATURES[] = {
    {"bondOrder", computeBondOrder},
    {"topologicalDistance", computeTopologicalDistance},
    {"sharedRing", computeSharedRing},
    {"ringFace", computeRingFaces},
    {"chiralNeighbor", computeChiralNeighbor},
    {"chiralCenter", computeChiralCenter},
    {"torsionStereo", computeTorsionStereo},
    {"doubleBondStereo", computeDoubleBondStereo},
};

template <std::size_t count>
vector<RawFeature> computeRaw(const FeatureRow<MolecularGraph> (&table)[count], const string& kind,
        const MolecularGraph& graph, const vector<FeatureVocabulary>& vocabularies) {
    vector<RawFeature> raw;
    for (const FeatureVocabulary& vocabulary : vocabularies) {
        const FeatureRow<MolecularGraph>* row = findFeature(table, vocabulary.name);
        if (row == nullptr)
            throw ArgumentError("computeFeatures: expected the name of " + kind + " feature, got \"" +
                vocabulary.name + "\"; the model file asks for a feature that this version does not know");
        raw.push_back(row->compute(graph));
    }
    return raw;
}

string formatValue(const string& feature, int value) {
    return feature == "element" ? string(getElementSymbol(value)) : std::to_string(value);
}

} // namespace

TokenInputs computeFeatures(const MolecularGraph& graph, const vector<FeatureVocabulary>& atomVocabularies,
        const vector<FeatureVocabulary>& pairVocabularies) {
    TokenInputs inputs;
    inputs.numTokens = graph.getNumAtoms();
    encodeFeatures({computeRaw(ATOM_FEATURES, "an atom", graph, atomVocabularies),
            computeRaw(PAIR_FEATURES, "a pair", graph, pairVocabularies)},
        atomVocabularies, pairVocabularies, {"molecule " + graph.getLabel(), "atom", formatValue}, inputs);
    return inputs;
}

} // namespace OrbitPlugin
