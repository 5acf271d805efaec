// SPDX-License-Identifier: MIT
// How the padded arrays of the device become taps.
#include "PairBiasTaps.h"
#include <algorithm>

namespace OrbitPlugin {
namespace common {

using std::vector;

void tapConditioning(const PairBiasPass& pass, const Batch& batch, StageTaps& taps) {
    const PairBiasSizes& sizes = pass.weights.sizes;
    const int c = pass.weights.settings.conditionWidth, d = sizes.width, dP = sizes.paddedWidth;
    const int size = sizes.modulationSize, numParts = 6 * pass.weights.settings.numLayers + 2;
    const std::size_t numConditions = pass.batch.numConditions;
    const vector<double> cond = pass.arrays.cond.downloadNumbers(numConditions * c);
    const vector<double> modulation = pass.arrays.modulation.downloadNumbers(numConditions * size);
    vector<int> conditions;
    vector<double>& tap = taps["timeConditioning"];
    for (const BatchCopy& copy : batch.copies) {
        const auto place = std::find(conditions.begin(), conditions.end(), copy.condition);
        const int condition = (int) (place - conditions.begin());
        if (place == conditions.end())
            conditions.push_back(copy.condition);
        tap.insert(tap.end(), cond.begin() + condition * c, cond.begin() + (condition + 1) * c);
        for (int part = 0; part < numParts; part++) {
            const auto begin = modulation.begin() + (std::size_t) condition * size + part * dP;
            tap.insert(tap.end(), begin, begin + d);
        }
    }
}

void tapPairFeatures(const PairBiasPass& pass, const Batch& batch, int numLayers, vector<vector<double>>& copies) {
    const int numOutputs = numLayers * pass.weights.settings.numHeads;
    const vector<double> bias = pass.arrays.bias.downloadNumbers((std::size_t) numOutputs * pass.arrays.numPairs);
    copies.resize(batch.copies.size());
    std::size_t first = 0;
    for (int c = 0; c < (int) batch.copies.size(); c++) {
        const int numTokens = batch.getNumTokens(c), rowLength = roundUp(numTokens, PADDING);
        for (int output = 0; output < numOutputs; output++)
            for (int i = 0; i < numTokens; i++) {
                const auto begin = bias.begin() + (std::size_t) output * pass.arrays.numPairs + first + i * rowLength;
                copies[c].insert(copies[c].end(), begin, begin + numTokens);
            }
        first += (std::size_t) numTokens * rowLength;
    }
}

void tapTokens(const PairBiasPass& pass, const std::string& name, StageTaps& taps) {
    const int d = pass.weights.sizes.width, dP = pass.weights.sizes.paddedWidth;
    const vector<double> x = pass.arrays.x.downloadNumbers((std::size_t) pass.batch.numRows * dP);
    vector<double>& tap = taps[name];
    for (int row = 0; row < pass.batch.numRows; row++)
        tap.insert(tap.end(), x.begin() + (std::size_t) row * dP, x.begin() + (std::size_t) row * dP + d);
}

} // namespace common
} // namespace OrbitPlugin
