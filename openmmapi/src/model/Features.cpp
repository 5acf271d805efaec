// SPDX-License-Identifier: MIT
// The categorical inputs of the network: default vocabularies, features of atoms and pairs, and their symmetry group.
#include "openmmorbit/internal/Features.h"
#include "RingFaces.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/internal/ElementSymbols.h"
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <unordered_map>

using namespace OrbitPlugin;
using std::string;
using std::vector;

/** Values of one feature before the vocabulary is applied, for all atoms or all ordered pairs. */
typedef vector<int> RawFeature;

static size_t pairIndex(const MolecularGraph& graph, int i, int j) {
    return (size_t) i * graph.atoms.size() + j;
}

/** Size of the smallest ring that holds both atoms (i = j: that holds the atom), 0 if there is none. */
static RawFeature computeSharedRing(const MolecularGraph& graph) {
    RawFeature raw(graph.atoms.size() * graph.atoms.size(), 0);
    for (const vector<int>& ring : graph.rings)
        for (int i : ring)
            for (int j : ring) {
                int& value = raw[pairIndex(graph, i, j)];
                const int size = (int) ring.size();
                value = (value == 0 ? size : std::min(value, size));
            }
    return raw;
}

static RawFeature computeAtomFeature(const MolecularGraph& graph, const string& name) {
    const int n = graph.getNumAtoms();
    RawFeature raw(n, 0);
    if (name == "smallestRing") {
        for (const vector<int>& ring : graph.rings)
            for (int i : ring)
                raw[i] = (raw[i] == 0 ? (int) ring.size() : std::min(raw[i], (int) ring.size()));
        return raw;
    }
    if (name == "degree") {
        for (const GraphBond& bond : graph.bonds) {
            raw[bond.atom1]++;
            raw[bond.atom2]++;
        }
        return raw;
    }
    for (int i = 0; i < n; i++) {
        const GraphAtom& atom = graph.atoms[i];
        if (name == "element")
            raw[i] = atom.element;
        else if (name == "formalCharge")
            raw[i] = atom.formalCharge;
        else if (name == "isotope")
            raw[i] = 0;     // Isotopes of an element have one geometry.
        else if (name == "hybridization")
            raw[i] = (int) atom.hybridization;
        else if (name == "aromatic")
            raw[i] = atom.aromatic;
        else
            throw ArgumentError("computeFeatures: expected the name of an atom feature, got \"" + name +
                "\"; the model file asks for a feature that this version does not know");
    }
    return raw;
}

static bool isHanded(TorsionStereoKind kind) {
    return kind == TorsionStereoKind::AtropisomerMinus || kind == TorsionStereoKind::AtropisomerPlus;
}

static RawFeature computePairFeature(const MolecularGraph& graph, const string& name) {
    if (name == "topologicalDistance")
        return graph.getTopologicalDistances();
    if (name == "sharedRing")
        return computeSharedRing(graph);
    if (name == "ringFace")
        return computeRingFaces(graph);
    RawFeature raw(graph.atoms.size() * graph.atoms.size(), 0);
    auto set = [&](int i, int j, int value) { raw[pairIndex(graph, i, j)] = value; };
    if (name == "bondOrder")
        for (const GraphBond& bond : graph.bonds) {
            set(bond.atom1, bond.atom2, (int) bond.order);
            set(bond.atom2, bond.atom1, (int) bond.order);
        }
    else if (name == "chiralNeighbor" || name == "chiralCenter")
        for (const TetrahedralStereo& stereo : graph.tetrahedral)
            for (int k = 0; k < 4 && stereo.neighbors[k] >= 0; k++) {
                if (name == "chiralNeighbor")
                    set(stereo.center, stereo.neighbors[k], k + 1);
                else
                    set(stereo.neighbors[k], stereo.center, k + 1);
            }
    else if (name == "torsionStereo" || name == "doubleBondStereo")
        for (const TorsionStereo& stereo : graph.torsional) {
            if (name == "doubleBondStereo" && isHanded(stereo.kind))
                continue;
            set(stereo.atoms[0], stereo.atoms[3], (int) stereo.kind);
            set(stereo.atoms[3], stereo.atoms[0], (int) stereo.kind);
        }
    else
        throw ArgumentError("computeFeatures: expected the name of a pair feature, got \"" + name +
            "\"; the model file asks for a feature that this version does not know");
    return raw;
}

/** Get the row of a value within its vocabulary, -1 if the vocabulary refuses it. */
static int findRow(const FeatureVocabulary& vocabulary, int value) {
    const auto found = std::find(vocabulary.values.begin(), vocabulary.values.end(), value);
    if (found != vocabulary.values.end())
        return (int) (found - vocabulary.values.begin());
    return vocabulary.saturates ? (int) vocabulary.values.size() - 1 : -1;
}

/** Write one column of an interleaved feature array: rows of the concatenated vocabulary. */
static void encode(const MolecularGraph& graph, const FeatureVocabulary& vocabulary, const RawFeature& raw, int offset,
        int* column, int stride) {
    for (size_t k = 0; k < raw.size(); k++) {
        const int row = findRow(vocabulary, raw[k]);
        if (row < 0) {
            const size_t n = graph.atoms.size();
            const string where = raw.size() == n ? "atom " + std::to_string(k) :
                "atoms " + std::to_string(k / n) + " and " + std::to_string(k % n);
            auto describe = [&](int value) {
                return vocabulary.name == "element" ? string(getElementSymbol(value)) : std::to_string(value);
            };
            string values;
            for (int value : vocabulary.values)
                values += (values.empty() ? "" : ", ") + describe(value);
            throw ArgumentError("computeFeatures: expected " + vocabulary.name + " to be one of " + values + ", got " +
                describe(raw[k]) + " at " + where + " of molecule " + graph.getLabel() +
                "; the model was not trained for it");
        }
        column[k * stride] = offset + row;
    }
}

vector<FeatureVocabulary> OrbitPlugin::getDefaultAtomVocabularies() {
    return {{"element", {1, 5, 6, 7, 8, 9, 14, 15, 16, 17, 34, 35, 53}, false},
        {"formalCharge", {-2, -1, 0, 1, 2}, false}, {"isotope", {0, 1}, false},
        {"hybridization", {0, 1, 2, 3, 4}, true}, {"smallestRing", {0, 3, 4, 5, 6, 7, 8}, true},
        {"aromatic", {0, 1}, false}, {"degree", {0, 1, 2, 3, 4, 5, 6}, true}};
}

vector<FeatureVocabulary> OrbitPlugin::getDefaultPairVocabularies() {
    return {{"bondOrder", {0, 1, 2, 3, 4, 5}, false}, {"topologicalDistance", {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, true},
        {"sharedRing", {0, 3, 4, 5, 6, 7, 8}, true}, {"ringFace", {0, 1, 2}, false},
        {"doubleBondStereo", {0, 1, 2}, false}};
}

bool OrbitPlugin::hasHandedness(const vector<FeatureVocabulary>& pairVocabularies) {
    return std::any_of(pairVocabularies.begin(), pairVocabularies.end(), [](const FeatureVocabulary& vocabulary) {
        return vocabulary.name == "chiralNeighbor" || vocabulary.name == "chiralCenter" ||
            vocabulary.name == "torsionStereo";
    });
}

GraphFeatures OrbitPlugin::computeFeatures(const MolecularGraph& graph,
        const vector<FeatureVocabulary>& atomVocabularies, const vector<FeatureVocabulary>& pairVocabularies) {
    GraphFeatures features;
    features.numAtoms = graph.getNumAtoms();
    features.numAtomFeatures = (int) atomVocabularies.size();
    features.numPairFeatures = (int) pairVocabularies.size();
    const size_t n = features.numAtoms;
    features.atomFeatures.resize(n * features.numAtomFeatures);
    features.pairFeatures.resize(n * n * features.numPairFeatures);
    int offset = 0;
    for (int f = 0; f < features.numAtomFeatures; f++) {
        encode(graph, atomVocabularies[f], computeAtomFeature(graph, atomVocabularies[f].name), offset,
            features.atomFeatures.data() + f, features.numAtomFeatures);
        offset += (int) atomVocabularies[f].values.size();
    }
    offset = 0;
    for (int f = 0; f < features.numPairFeatures; f++) {
        encode(graph, pairVocabularies[f], computePairFeature(graph, pairVocabularies[f].name), offset,
            features.pairFeatures.data() + f, features.numPairFeatures);
        offset += (int) pairVocabularies[f].values.size();
    }
    if (!hasHandedness(pairVocabularies))
        features.handedVolumes = findHandedVolumes(graph);
    return features;
}

/** Refine colours by one more property of the same objects; equal colours stay equal only where the property agrees. */
static void refineColors(vector<int>& colors, const int* property, int stride) {
    std::unordered_map<std::int64_t, int> labels;
    for (size_t k = 0; k < colors.size(); k++) {
        const std::int64_t key = ((std::int64_t) colors[k] << 32) | (std::uint32_t) property[k * stride];
        colors[k] = labels.emplace(key, (int) labels.size()).first->second;
    }
}

SymmetryGroup OrbitPlugin::findSymmetryGroup(const MolecularGraph& graph, const GraphFeatures& features) {
    const size_t n = features.numAtoms;
    if (graph.atoms.size() != n)
        throw ArgumentError("findSymmetryGroup: expected features of " + std::to_string(graph.atoms.size()) +
            " atoms, got features of " + std::to_string(n) + " atoms");
    vector<int> atomColors(n, 0), pairColors(n * n, 0), isotopes;
    for (const GraphAtom& atom : graph.atoms)
        isotopes.push_back(atom.isotope);
    refineColors(atomColors, isotopes.data(), 1);
    for (int f = 0; f < features.numAtomFeatures; f++)
        refineColors(atomColors, features.atomFeatures.data() + f, features.numAtomFeatures);
    for (int f = 0; f < features.numPairFeatures; f++)
        refineColors(pairColors, features.pairFeatures.data() + f, features.numPairFeatures);
    return findSymmetryGroup(atomColors, pairColors, graph.getNeighbors());
}
