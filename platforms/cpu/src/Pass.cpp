// SPDX-License-Identifier: MIT
// Divides a batch into passes.
#include "Pass.h"
#include <algorithm>
#include <numeric>

namespace OrbitPlugin {
namespace cpu {

void Pass::add(const Batch& batch, int copy, long words) {
    const int numTokens = batch.getNumTokens(copy), paddedTokens = roundUp(numTokens, NEIGHBOR_PADDING);
    const BatchCopy& key = batch.copies[copy];
    copies.push_back(copy);
    places.push_back({key.input, numTokens, paddedTokens, key.firstPoint, numRows, numPaddedRows, numWords});
    numRows += numTokens;
    numPaddedRows += paddedTokens;
    numWords += words;
}

/** Find the copy that each one is the contrast of; -1: none. */
static std::vector<int> findGuided(const Batch& batch) {
    std::vector<int> guided(batch.copies.size(), -1);
    for (int copy = 0; copy < (int) batch.copies.size(); copy++)
        if (batch.copies[copy].contrast >= 0)
            guided[batch.copies[copy].contrast] = copy;
    return guided;
}

std::vector<Pass> makePasses(const Batch& batch, const PassPlan& plan) {
    const std::vector<int>& conditions = plan.conditionOfCopy;
    const std::vector<int> guided = findGuided(batch);
    std::vector<int> order;
    for (int copy = 0; copy < (int) batch.copies.size(); copy++)
        if (guided[copy] < 0)
            order.push_back(copy);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
        if (conditions[a] != conditions[b])
            return conditions[a] < conditions[b];
        return batch.getNumTokens(a) > batch.getNumTokens(b);
    });

    // Sections of equal length of the row of all tokens. A pass has the copies whose middle is in one section.

    const long numTokens = std::max(1, batch.getNumTokens());
    const long numSections = roundUp((int) ((numTokens + plan.passRows - 1) / plan.passRows), plan.numThreads);
    const bool alone = (int) order.size() <= plan.numThreads;
    std::vector<Pass> passes;
    long first = 0, lastSection = -1;
    for (int copy : order) {
        const int contrast = batch.copies[copy].contrast;
        const long numTogether = contrast < 0 ? 1 : 2, size = numTogether * batch.getNumTokens(copy);
        const long words = plan.wordsOfInput[batch.copies[copy].input];
        const long section = (2 * first + size) * numSections / (2 * numTokens);
        if (alone || section != lastSection || passes.back().condition != conditions[copy] ||
                passes.back().numWords + numTogether * words > MAX_PASS_WORDS) {
            passes.emplace_back();
            passes.back().condition = conditions[copy];
        }
        passes.back().add(batch, copy, words);
        if (contrast >= 0)
            passes.back().add(batch, contrast, plan.wordsOfInput[batch.copies[contrast].input]);
        first += size;
        lastSection = section;
    }
    std::stable_sort(passes.begin(), passes.end(), [](const Pass& a, const Pass& b) {
        return a.numRows > b.numRows;
    });
    return passes;
}

} // namespace cpu
} // namespace OrbitPlugin
