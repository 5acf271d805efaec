// SPDX-License-Identifier: MIT
// The tables of the features of the atoms of a system and of pairs of them: name and function.
#include "openmmorbit/internal/TopologyFeatures.h"
#include "AtomRanks.h"
#include "Encoding.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/TopologyInputs.h"
#include "openmmorbit/internal/ElementSymbols.h"
#include <algorithm>
#include <set>

using std::string;
using std::vector;

namespace OrbitPlugin {

namespace {

/** Residues farther apart along a chain than this look alike, and so do atoms farther apart along the bonds. */
const int MAX_SEPARATION = 8, MAX_DISTANCE = 10;
/** Value of a pair that has no path of bonds, or that lies in two chains. */
const int APART = -1;

RawFeature computeElement(const TopologySubject& subject) {
    RawFeature raw;
    for (const GraphAtom& atom : subject.graph.atoms)
        raw.push_back(atom.element);
    return raw;
}

RawFeature computeAtomClass(const TopologySubject& subject) {
    return findAtomClasses(subject.graph);
}

/** Rank of the name of the atom's residue among all names. */
RawFeature computeResidueName(const TopologySubject& subject) {
    const std::set<string> names(subject.residueNames.begin(), subject.residueNames.end());
    RawFeature raw;
    for (int residue : subject.residues)
        raw.push_back((int) std::distance(names.begin(), names.find(subject.residueNames[residue])));
    return raw;
}

/** Number of the residue in its chain, from 0. */
vector<int> findPlaces(const TopologySubject& subject) {
    vector<int> places(subject.residueChains.size(), 0);
    for (int r = 1; r < (int) places.size(); r++)
        if (subject.residueChains[r] == subject.residueChains[r - 1])
            places[r] = places[r - 1] + 1;
    return places;
}

RawFeature computeResiduePlace(const TopologySubject& subject) {
    const vector<int> places = findPlaces(subject);
    RawFeature raw;
    for (int residue : subject.residues)
        raw.push_back(places[residue]);
    return raw;
}

template <class Property>
RawFeature mapPairs(const TopologySubject& subject, const Property& property) {
    RawFeature raw;
    raw.reserve(subject.residues.size() * subject.residues.size());
    for (int first : subject.residues)
        for (int second : subject.residues)
            raw.push_back(property(first, second));
    return raw;
}

RawFeature computeTopologicalDistance(const TopologySubject& subject) {
    return subject.graph.getTopologicalDistances();
}

RawFeature computeSharedResidue(const TopologySubject& subject) {
    return mapPairs(subject, [](int first, int second) { return first == second ? 1 : 0; });
}

RawFeature computeSharedChain(const TopologySubject& subject) {
    return mapPairs(subject, [&](int first, int second) {
        return subject.residueChains[first] == subject.residueChains[second] ? 1 : 0;
    });
}

/** Residues from the first atom's to the second's along their chain, and MAX_SEPARATION more: never negative. */
RawFeature computeResidueSeparation(const TopologySubject& subject) {
    const vector<int> places = findPlaces(subject);
    return mapPairs(subject, [&](int first, int second) {
        if (subject.residueChains[first] != subject.residueChains[second])
            return APART;
        return std::clamp(places[second] - places[first], -MAX_SEPARATION, MAX_SEPARATION) + MAX_SEPARATION;
    });
}

const FeatureRow<TopologySubject> ATOM_FEATURES[] = {
    {"element", computeElement},
    {"atomClass", computeAtomClass},
    {"residueName", computeResidueName},
    {"residuePlace", computeResiduePlace},
};

const FeatureRow<TopologySubject> PAIR_FEATURES[] = {
    {"topologicalDistance", computeTopologicalDistance},
    {"sharedResidue", computeSharedResidue},
    {"sharedChain", computeSharedChain},
    {"residueSeparation", computeResidueSeparation},
};

/** The values that a feature has in a system; those of a saturating feature end with a row for larger ones. */
FeatureVocabulary makeVocabulary(const FeatureRow<TopologySubject>& row, const TopologySubject& subject) {
    const RawFeature raw = row.compute(subject);
    const std::set<int> values(raw.begin(), raw.end());
    FeatureVocabulary vocabulary{row.name, vector<int>(values.begin(), values.end()), false};
    if (vocabulary.name == "topologicalDistance" && values.upper_bound(MAX_DISTANCE) != values.end()) {
        vocabulary.values.assign(values.begin(), values.upper_bound(MAX_DISTANCE));
        vocabulary.values.push_back(MAX_DISTANCE + 1);
        vocabulary.saturates = true;
    }
    return vocabulary;
}

template <std::size_t count>
vector<RawFeature> computeRaw(const FeatureRow<TopologySubject> (&table)[count], const string& kind,
        const TopologySubject& subject, const vector<FeatureVocabulary>& vocabularies) {
    vector<RawFeature> raw;
    for (const FeatureVocabulary& vocabulary : vocabularies) {
        const FeatureRow<TopologySubject>* row = findFeature(table, vocabulary.name);
        if (row == nullptr)
            throw ArgumentError("computeFeatures: expected the name of " + kind + " feature of a system, got \"" +
                vocabulary.name + "\"; the model file is one of molecules, or of a newer version");
        raw.push_back(row->compute(subject));
    }
    return raw;
}

string formatValue(const string& feature, int value) {
    return feature == "element" && value > 0 ? string(getElementSymbol(value)) : std::to_string(value);
}

} // namespace

vector<int> findAtomClasses(const MolecularGraph& graph) {
    StereoKnowledge known;
    known.atomLabels.assign(graph.atoms.size(), 0);
    return rankAtoms(graph, getBondedAtoms(graph), known);
}

TopologyVocabularies makeTopologyVocabularies(const TopologySubject& subject) {
    TopologyVocabularies vocabularies;
    for (const FeatureRow<TopologySubject>& row : ATOM_FEATURES)
        vocabularies.atoms.push_back(makeVocabulary(row, subject));
    for (const FeatureRow<TopologySubject>& row : PAIR_FEATURES)
        vocabularies.pairs.push_back(makeVocabulary(row, subject));
    return vocabularies;
}

TokenInputs computeFeatures(const TopologySubject& subject, const vector<FeatureVocabulary>& atomVocabularies,
        const vector<FeatureVocabulary>& pairVocabularies) {
    TokenInputs inputs;
    inputs.numTokens = subject.getNumAtoms();
    encodeFeatures({computeRaw(ATOM_FEATURES, "an atom", subject, atomVocabularies),
            computeRaw(PAIR_FEATURES, "a pair", subject, pairVocabularies)},
        atomVocabularies, pairVocabularies, {"the system", "atom", formatValue}, inputs);
    return inputs;
}

} // namespace OrbitPlugin
