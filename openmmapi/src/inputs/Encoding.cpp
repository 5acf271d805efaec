// SPDX-License-Identifier: MIT
// Vocabularies applied to features, and the symmetry group of what comes out.
#include "Encoding.h"
#include "openmmorbit/ArgumentError.h"
#include <algorithm>
#include <cstdint>
#include <unordered_map>

using std::string;
using std::vector;

namespace OrbitPlugin {

namespace {

/** Get the row of a value within its vocabulary, -1 if the vocabulary refuses it. */
int findRow(const FeatureVocabulary& vocabulary, int value) {
    const auto found = std::find(vocabulary.values.begin(), vocabulary.values.end(), value);
    if (found != vocabulary.values.end())
        return (int) (found - vocabulary.values.begin());
    return vocabulary.saturates ? (int) vocabulary.values.size() - 1 : -1;
}

[[noreturn]] void refuseValue(const FeatureVocabulary& vocabulary, int value, const string& where,
        const SubjectNames& names) {
    string values;
    for (int known : vocabulary.values)
        values += (values.empty() ? "" : ", ") + names.formatValue(vocabulary.name, known);
    throw ArgumentError("computeFeatures: expected " + vocabulary.name + " to be one of " + values + ", got " +
        names.formatValue(vocabulary.name, value) + " at " + where + " of " + names.subject +
        "; the model was not trained for it");
}

/** Write the columns of some features, interleaved: rows of the concatenated vocabulary. */
void encode(const vector<RawFeature>& raw, const vector<FeatureVocabulary>& vocabularies, size_t numTokens,
        const SubjectNames& names, vector<int>& rows) {
    const size_t numFeatures = vocabularies.size();
    int offset = 0;
    for (size_t f = 0; f < numFeatures; f++) {
        const FeatureVocabulary& vocabulary = vocabularies[f];
        const size_t count = raw[f].size();
        rows.resize(count * numFeatures);
        for (size_t k = 0; k < count; k++) {
            const int row = findRow(vocabulary, raw[f][k]);
            if (row < 0)
                refuseValue(vocabulary, raw[f][k], count == numTokens ? names.token + " " + std::to_string(k) :
                    names.token + "s " + std::to_string(k / numTokens) + " and " + std::to_string(k % numTokens),
                    names);
            rows[k * numFeatures + f] = offset + row;
        }
        offset += (int) vocabulary.values.size();
    }
}

/** Refine colours by one more property of the same objects; equal colours stay equal only where the property agrees. */
void refineColors(vector<int>& colors, const int* property, int stride) {
    std::unordered_map<std::int64_t, int> labels;
    for (size_t k = 0; k < colors.size(); k++) {
        const std::int64_t key = ((std::int64_t) colors[k] << 32) | (std::uint32_t) property[k * stride];
        colors[k] = labels.emplace(key, (int) labels.size()).first->second;
    }
}

} // namespace

void encodeFeatures(const RawFeatures& raw, const vector<FeatureVocabulary>& tokenVocabularies,
        const vector<FeatureVocabulary>& pairVocabularies, const SubjectNames& names, TokenInputs& inputs) {
    inputs.numTokenFeatures = (int) tokenVocabularies.size();
    inputs.numPairFeatures = (int) pairVocabularies.size();
    encode(raw.tokens, tokenVocabularies, inputs.numTokens, names, inputs.tokenFeatures);
    encode(raw.pairs, pairVocabularies, inputs.numTokens, names, inputs.pairFeatures);
}

SymmetryGroup findInputSymmetry(
        const TokenInputs& inputs, const vector<int>& invariants, const vector<vector<int>>& neighbors) {
    const size_t n = inputs.numTokens;
    vector<int> tokenColors(n, 0), pairColors(n * n, 0);
    refineColors(tokenColors, invariants.data(), 1);
    for (int f = 0; f < inputs.numTokenFeatures; f++)
        refineColors(tokenColors, inputs.tokenFeatures.data() + f, inputs.numTokenFeatures);
    for (int f = 0; f < inputs.numPairFeatures; f++)
        refineColors(pairColors, inputs.pairFeatures.data() + f, inputs.numPairFeatures);
    return findSymmetryGroup(tokenColors, pairColors, neighbors);
}

} // namespace OrbitPlugin
