// SPDX-License-Identifier: MIT
// From values of features to rows of the network's embeddings, for every kind of subject.
#ifndef OPENMM_ORBIT_INPUTS_ENCODING_H_
#define OPENMM_ORBIT_INPUTS_ENCODING_H_

#include "openmmorbit/FeatureVocabulary.h"
#include "openmmorbit/TokenInputs.h"
#include <functional>
#include <string>
#include <vector>

namespace OrbitPlugin {

/** Values of one feature before the vocabulary is applied, for all tokens or all ordered pairs of tokens. */
typedef std::vector<int> RawFeature;

/** A feature that a subject offers: a row of its table. */
template <class Subject>
struct FeatureRow {
    const char* name;                       ///< in vocabularies, docs/model-format.md
    RawFeature (*compute)(const Subject&);  ///< its values
};

/** Find the row of a table, a null pointer if the table has no such feature. */
template <class Subject, std::size_t count>
const FeatureRow<Subject>* findFeature(const FeatureRow<Subject> (&table)[count], const std::string& name) {
    for (const FeatureRow<Subject>& row : table)
        if (name == row.name)
            return &row;
    return nullptr;
}

/** How messages speak of a subject. */
struct SubjectNames {
    std::string subject;    ///< e.g. "molecule CCO"
    std::string token;      ///< e.g. "atom"
    std::function<std::string(const std::string& feature, int value)> formatValue;
};

/** The raw values of all features of a subject, in the order of the vocabularies. */
struct RawFeatures {
    std::vector<RawFeature> tokens;     ///< [numTokens] each
    std::vector<RawFeature> pairs;      ///< [numTokens * numTokens] each
};

/**
 * Fill the categorical members of inputs: rows of the concatenated vocabularies.
 *
 * @throws ArgumentError naming subject, token, feature and value if a vocabulary lacks the value
 */
void encodeFeatures(const RawFeatures& raw, const std::vector<FeatureVocabulary>& tokenVocabularies,
        const std::vector<FeatureVocabulary>& pairVocabularies, const SubjectNames& names, TokenInputs& inputs);

/**
 * Find the permutations of tokens that leave every input unchanged.
 *
 * @param invariants   [numTokens] a property beyond the inputs that they leave unchanged too
 * @param neighbors    bonded neighbours of every token
 */
SymmetryGroup findInputSymmetry(const TokenInputs& inputs, const std::vector<int>& invariants,
        const std::vector<std::vector<int>>& neighbors);

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_INPUTS_ENCODING_H_
