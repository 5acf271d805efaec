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

std::vector<Pass> makePasses(const Batch& batch, const PassPlan& plan) {
    const std::vector<int>& conditions = plan.conditionOfCopy;
    std::vector<int> order(batch.copies.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
        if (conditions[a] != conditions[b])
            return conditions[a] < conditions[b];
        return batch.getNumTokens(a) > batch.getNumTokens(b);
    });

    // Sections of equal length of the row of all tokens. A pass has the copies whose middle is in one section.

    const long numTokens = std::max(1, batch.getNumTokens());
    const long numSections = roundUp((int) ((numTokens + PASS_ROWS - 1) / PASS_ROWS), plan.numThreads);
    const bool alone = (int) order.size() <= plan.numThreads;
    std::vector<Pass> passes;
    long first = 0, lastSection = -1;
    for (int copy : order) {
        const long size = batch.getNumTokens(copy), words = plan.wordsOfInput[batch.copies[copy].input];
        const long section = (2 * first + size) * numSections / (2 * numTokens);
        if (alone || section != lastSection || passes.back().condition != conditions[copy] ||
                passes.back().numWords + words > MAX_PASS_WORDS) {
            passes.emplace_back();
            passes.back().condition = conditions[copy];
        }
        passes.back().add(batch, copy, words);
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
