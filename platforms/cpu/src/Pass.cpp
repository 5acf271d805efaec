// SPDX-License-Identifier: MIT
// Divides a batch into passes.
#include "Pass.h"
#include <algorithm>
#include <numeric>

namespace OrbitPlugin {
namespace cpu {

long countBiasWords(const PackedModel& model, const PackedGraph& graph) {
    return (long) model.settings.numLayers * model.settings.numHeads * graph.numTokens * graph.paddedTokens;
}

void Pass::add(const PackedModel& model, const PackedGraph& graph, int copy, int firstPoint) {
    copies.push_back(copy);
    places.push_back({&graph, firstPoint, numRows, numCoordinates, numBias});
    numRows += graph.numTokens;
    numCoordinates += 3 * model.settings.pointsPerToken * graph.paddedTokens;
    numBias += countBiasWords(model, graph);
}

std::vector<Pass> makePasses(const PackedModel& model, const std::vector<PackedGraph>& graphs, const Batch& batch,
        const std::vector<int>& conditionOfCopy, int numThreads) {
    std::vector<int> order(batch.copies.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
        if (conditionOfCopy[a] != conditionOfCopy[b])
            return conditionOfCopy[a] < conditionOfCopy[b];
        return batch.getNumTokens(a) > batch.getNumTokens(b);
    });

    // Sections of equal length of the row of all tokens. A pass has the copies whose middle is in one section.

    const long numTokens = std::max(1, batch.getNumTokens());
    const long numSections = roundUp((int) ((numTokens + PASS_ROWS - 1) / PASS_ROWS), numThreads);
    const bool alone = (int) order.size() <= numThreads;
    std::vector<Pass> passes;
    long first = 0, lastSection = -1;
    for (int copy : order) {
        const PackedGraph& graph = graphs[batch.copies[copy].input];
        const long section = (2 * first + graph.numTokens) * numSections / (2 * numTokens);
        if (alone || section != lastSection || passes.back().condition != conditionOfCopy[copy] ||
                passes.back().numBias + countBiasWords(model, graph) > MAX_BIAS_WORDS) {
            passes.emplace_back();
            passes.back().condition = conditionOfCopy[copy];
        }
        passes.back().add(model, graph, copy, batch.copies[copy].firstPoint);
        first += graph.numTokens;
        lastSection = section;
    }
    std::stable_sort(passes.begin(), passes.end(), [](const Pass& a, const Pass& b) {
        return a.numRows > b.numRows;
    });
    return passes;
}

} // namespace cpu
} // namespace OrbitPlugin
