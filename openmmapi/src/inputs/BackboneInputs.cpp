// SPDX-License-Identifier: MIT
// A backbone as the network sees it: one token a residue.
#include "openmmorbit/BackboneInputs.h"
#include "Encoding.h"
#include "openmmorbit/ArgumentError.h"
#include <algorithm>
#include <numeric>

using std::string;
using std::vector;

namespace OrbitPlugin {

namespace {

/** Residues farther apart than this look alike, and so do those farther from an end of their chain. */
const int MAX_SEPARATION = 63, MAX_END_DISTANCE = 15;
/** Backbones look equally long that differ by fewer residues than this. */
const int LENGTH_STEP = 8;
/** Separation of residues of two chains. */
const int APART = -1;
/** Letters of the secondary structure, in the order of their values: 0 is open. */
const string LETTERS = "?HEC";

RawFeature computeStructure(const BackboneSubject& backbone) {
    RawFeature raw;
    for (char letter : backbone.structure)
        raw.push_back((int) LETTERS.find(letter));
    return raw;
}

/** Residues between each residue and the first or last one of its chain that are there. */
RawFeature computeEndDistance(const BackboneSubject& backbone, bool fromStart) {
    const int n = backbone.getNumResidues();
    RawFeature raw(n, 0);
    for (int k = 1; k < n; k++) {
        const int i = fromStart ? k : n - 1 - k, before = fromStart ? i - 1 : i + 1;
        if (backbone.chains[i] == backbone.chains[before])
            raw[i] = std::min(raw[before] + 1, MAX_END_DISTANCE);
    }
    return raw;
}

RawFeature computeFromStart(const BackboneSubject& backbone) {
    return computeEndDistance(backbone, true);
}

RawFeature computeFromEnd(const BackboneSubject& backbone) {
    return computeEndDistance(backbone, false);
}

/** 1 if a break is in front of the residue, 2 if one is behind it, 3 for both. */
RawFeature computeBreak(const BackboneSubject& backbone) {
    RawFeature raw(backbone.getNumResidues(), 0);
    for (int i = 0; i + 1 < backbone.getNumResidues(); i++)
        if (backbone.chains[i] == backbone.chains[i + 1] && !backbone.isBonded(i)) {
            raw[i] += 2;
            raw[i + 1] += 1;
        }
    return raw;
}

/** Number of each residue, counted from 1 at the first. */
RawFeature computeIndex(const BackboneSubject& backbone) {
    RawFeature raw;
    for (int number : backbone.numbers)
        raw.push_back(number - backbone.numbers[0] + 1);
    return raw;
}

RawFeature computeLength(const BackboneSubject& backbone) {
    return RawFeature(backbone.getNumResidues(), backbone.getNumResidues() / LENGTH_STEP);
}

/** Difference of the numbers of two residues of a chain, and MAX_SEPARATION more: never negative. */
RawFeature computeSeparation(const BackboneSubject& backbone) {
    const int n = backbone.getNumResidues();
    RawFeature raw((size_t) n * n, APART);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            if (backbone.chains[i] == backbone.chains[j])
                raw[(size_t) i * n + j] = MAX_SEPARATION +
                    std::clamp(backbone.numbers[j] - backbone.numbers[i], -MAX_SEPARATION, MAX_SEPARATION);
    return raw;
}

const FeatureRow<BackboneSubject> RESIDUE_FEATURES[] = {
    {"secondaryStructure", computeStructure},
    {"fromStart", computeFromStart},
    {"fromEnd", computeFromEnd},
    {"chainBreak", computeBreak},
    {"length", computeLength},
    {"residueIndex", computeIndex},
};

const FeatureRow<BackboneSubject> PAIR_FEATURES[] = {
    {"sequenceSeparation", computeSeparation},
};

FeatureVocabulary makeVocabulary(const string& name, int first, int last, bool saturates) {
    FeatureVocabulary vocabulary{name, vector<int>(last - first + 1), saturates};
    std::iota(vocabulary.values.begin(), vocabulary.values.end(), first);
    return vocabulary;
}

template <size_t count>
vector<RawFeature> computeRaw(const FeatureRow<BackboneSubject> (&table)[count], const string& kind,
        const BackboneSubject& backbone, const vector<FeatureVocabulary>& vocabularies) {
    vector<RawFeature> raw;
    for (const FeatureVocabulary& vocabulary : vocabularies) {
        const FeatureRow<BackboneSubject>* row = findFeature(table, vocabulary.name);
        if (row == nullptr)
            throw ArgumentError("describeBackbone: expected the name of " + kind + " feature of a backbone, got \"" +
                vocabulary.name + "\"; the model file is not one of backbones, or of a newer version");
        raw.push_back(row->compute(backbone));
    }
    return raw;
}

string formatValue(const string& feature, int value) {
    return feature == "secondaryStructure" ? string(1, LETTERS[value]) : std::to_string(value);
}

} // namespace

BackboneVocabularies makeBackboneVocabularies(int longest) {
    if (longest < 1)
        throw ArgumentError("makeBackboneVocabularies: expected a longest backbone of at least 1 residue, got " +
            std::to_string(longest));
    BackboneVocabularies vocabularies;
    vocabularies.residues = {makeVocabulary("secondaryStructure", 0, (int) LETTERS.size() - 1, false),
        makeVocabulary("fromStart", 0, MAX_END_DISTANCE, false), makeVocabulary("fromEnd", 0, MAX_END_DISTANCE, false),
        makeVocabulary("chainBreak", 0, 3, false), makeVocabulary("length", 0, longest / LENGTH_STEP, true)};
    vocabularies.pairs = {makeVocabulary("sequenceSeparation", APART, 2 * MAX_SEPARATION, false)};
    return vocabularies;
}

TokenInputs describeBackbone(const BackboneSubject& backbone, const DenoiserModel& model) {
    backbone.validate();
    TokenInputs inputs;
    inputs.numTokens = backbone.getNumResidues();
    inputs.pointsPerToken = model.getSettings().pointsPerToken;
    encodeFeatures({computeRaw(RESIDUE_FEATURES, "a residue", backbone, model.getAtomVocabularies()),
            computeRaw(PAIR_FEATURES, "a pair", backbone, model.getPairVocabularies())},
        model.getAtomVocabularies(), model.getPairVocabularies(), {"the " + backbone.getLabel(), "residue",
            formatValue}, inputs);
    return inputs;
}

void addSymmetryGroup(const BackboneSubject& backbone, TokenInputs& inputs) {
    const int n = backbone.getNumResidues();
    if (n != inputs.numTokens)
        throw ArgumentError("addSymmetryGroup: expected inputs of " + std::to_string(n) + " residues, got inputs of " +
            std::to_string(inputs.numTokens) + " residues");
    // Residues of one chain are all different: their separations have a sign.

    if (backbone.getNumChains() > 1) {
        inputs.group = findInputSymmetry(inputs, vector<int>(n, 0), makeBackboneGraph(backbone, 1).getNeighbors());
        return;
    }
    vector<int> identity(n);
    std::iota(identity.begin(), identity.end(), 0);
    inputs.group = SymmetryGroup();
    inputs.group.numAtoms = n;
    inputs.group.representatives = {identity};
}

} // namespace OrbitPlugin
