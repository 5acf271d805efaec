// SPDX-License-Identifier: MIT
// Sums the embeddings of tokens and of classes of pairs.
#include "PairBiasInputs.h"
#include <unordered_map>

namespace OrbitPlugin {
namespace cpu {

namespace {

struct HashOfFeatures {
    std::size_t operator()(const std::vector<int>& features) const {
        std::size_t hash = 1469598103934665603ull;
        for (int feature : features)
            hash = (hash ^ (std::size_t) feature) * 1099511628211ull;
        return hash;
    }
};

} // namespace

PairBiasInputs::PairBiasInputs(const EmbeddingTables& tables, const TokenInputs& inputs) :
        numTokens(inputs.numTokens),
        paddedTokens(roundUp(inputs.numTokens, NEIGHBOR_PADDING)) {
    int width = tables.width, pairWidth = tables.pairWidth;
    tokens.reserve((std::size_t) numTokens * tables.widthStride);
    for (int i = 0; i < numTokens; i++) {
        const int* rows = inputs.tokenFeatures.data() + i * inputs.numTokenFeatures;
        for (int c = 0; c < width; c++) {
            double sum = 0;
            for (int f = 0; f < inputs.numTokenFeatures; f++)
                sum += tables.tokens[(std::size_t) rows[f] * width + c];
            tokens.data()[(std::size_t) i * tables.widthStride + c] = (float) sum;
        }
    }
    std::unordered_map<std::vector<int>, int, HashOfFeatures> classes;
    std::vector<int> key(inputs.numPairFeatures);
    pairClasses.resize((std::size_t) numTokens * numTokens);
    for (std::size_t pair = 0; pair < pairClasses.size(); pair++) {
        const int* values = inputs.pairFeatures.data() + pair * inputs.numPairFeatures;
        key.assign(values, values + inputs.numPairFeatures);
        auto inserted = classes.emplace(key, (int) classes.size());
        pairClasses[pair] = inserted.first->second;
        if (!inserted.second)
            continue;
        for (int c = 0; c < pairWidth; c++) {
            double sum = 0;
            for (int feature : key)
                sum += tables.pairs[(std::size_t) feature * pairWidth + c];
            classEmbedding.push_back((float) sum);
        }
    }
    for (std::size_t i = 0; i < (std::size_t) numTokens; i++)
        for (std::size_t j = 0; j < i; j++)
            isSymmetric = isSymmetric && pairClasses[i * numTokens + j] == pairClasses[j * numTokens + i];
}

long PairBiasInputs::countPairs(const PairRows& rows) const {
    return rows.halved ? numTokens * (numTokens + 1l) / 2 : (long) rows.numRows * numTokens;
}

void PairBiasInputs::expand(const PairRows& rows, int pairWidth, float* out) const {
    const long stride = getPairStride(countPairs(rows));
    for (int i = rows.firstRow; i < rows.firstRow + rows.numRows; i++)
        for (int j = rows.halved ? i : 0; j < numTokens; j++, out++) {
            const std::size_t pairClass = pairClasses[(std::size_t) i * numTokens + j];
            for (int c = 0; c < pairWidth; c++)
                out[c * stride] = classEmbedding[pairClass * pairWidth + c];
        }
}

} // namespace cpu
} // namespace OrbitPlugin
