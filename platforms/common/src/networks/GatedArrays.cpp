// SPDX-License-Identifier: MIT
// How the rows and pairs of a batch are packed for the gated transformer on a device.
#include "GatedArrays.h"
#include "openmm/OpenMMException.h"
#include <algorithm>
#include <limits>

using namespace OpenMM;

namespace OrbitPlugin {
namespace common {

using std::vector;

void GatedArrays::set(Device& device, const PackedGatedWeights& weights, const Batch& batch) {
    packInputs(device, weights, batch);
    packCopies(device, weights, batch);
    reserveAll(device, weights, batch);
}

void GatedArrays::packInputs(const Device& device, const PackedGatedWeights& weights, const Batch& batch) {
    const int p = weights.sizes.pairWidth;
    vector<int> ofTokens, ofPairs;
    vector<double> descriptions;
    std::map<vector<int>, int> known;
    firstInputPairs.clear();
    firstInputTokens.clear();
    numTokenFeatures = batch.inputs.empty() ? 0 : batch.inputs[0].numTokenFeatures;
    int numTokens = 0;
    for (const TokenInputs& inputs : batch.inputs) {
        firstInputPairs.push_back((int) ofPairs.size());
        firstInputTokens.push_back(numTokens);
        numTokens += inputs.numTokens;
        ofTokens.insert(ofTokens.end(), inputs.tokenFeatures.begin(), inputs.tokenFeatures.end());
        for (auto features = inputs.pairFeatures.begin(); features != inputs.pairFeatures.end();
                features += inputs.numPairFeatures) {
            const vector<int> key(features, features + inputs.numPairFeatures);
            const auto [place, isNew] = known.emplace(key, (int) known.size());
            ofPairs.push_back(place->second);
            for (int c = 0; isNew && c < p; c++) {
                double sum = 0;
                for (int feature : key)
                    sum += weights.pairEmbedding[(std::size_t) feature * p + c];
                descriptions.push_back(sum);
            }
        }
    }
    tokenFeatures.upload(device.context, ofTokens);
    classes.upload(device.context, ofPairs);
    embedded.uploadNumbers(device.context, descriptions, device.precision.realIsDouble);
}

void GatedArrays::packCopies(const Device& device, const PackedGatedWeights& weights, const Batch& batch) {
    const int R = weights.gated.numRegisters, queryBlock = device.tiles.queryBlock;
    vector<mm_int4> ofRows, ofCopies, ofUnits;
    vector<int> blocks, ofConditions;
    for (const BatchCopy& copy : batch.copies)
        if (std::find(ofConditions.begin(), ofConditions.end(), copy.condition) == ofConditions.end())
            ofConditions.push_back(copy.condition);
    const int registerRow = (int) ofConditions.size();
    long long firstPair = 0;
    for (int c = 0; c < (int) batch.copies.size(); c++) {
        const BatchCopy& copy = batch.copies[c];
        const int numTokens = batch.getNumTokens(c), M = R + numTokens, firstRow = (int) ofRows.size();
        const int condition = (int) (std::find(ofConditions.begin(), ofConditions.end(), copy.condition) -
            ofConditions.begin());
        for (int k = 0; k < R; k++)
            ofRows.emplace_back(c, registerRow, -1 - k, -1);
        for (int i = 0; i < numTokens; i++)
            ofRows.emplace_back(c, condition, firstInputTokens[copy.input] + i, batch.getFirstToken(c) + i);
        ofCopies.emplace_back(firstRow, M, (int) firstPair, firstInputPairs[copy.input]);
        for (int first = 0; first < M; first += queryBlock)
            ofUnits.emplace_back(firstRow, M, first, (int) firstPair);
        const long long pairs = (long long) M * roundUp(M, PADDING);
        firstPair += pairs;
        if (firstPair > std::numeric_limits<int>::max())
            throw OpenMMException("IntegrateOrbitDiffusionStepKernel::setBatch: expected at most " +
                std::to_string(std::numeric_limits<int>::max()) + " pairs of tokens, got " +
                std::to_string(firstPair) + "; generate fewer copies at a time");
        blocks.insert(blocks.end(), pairs / PADDING, c);
    }
    ofConditions.push_back(-1);
    numRows = (int) ofRows.size();
    numPairs = (int) firstPair;
    numUnits = (int) ofUnits.size();
    numConditionRows = (int) ofConditions.size();
    rows.upload(device.context, ofRows);
    conditions.upload(device.context, ofConditions);
    copyPairs.upload(device.context, ofCopies);
    units.upload(device.context, ofUnits);
    pairBlocks.upload(device.context, blocks);
}

void GatedArrays::reservePairs(const Device& device, const PackedGatedWeights& weights) {
    const std::size_t p = weights.sizes.paddedPairWidth, t = weights.sizes.paddedTriangleWidth, n = numPairs;
    auto reserve = [&](Buffer& buffer, std::size_t size) {
        buffer.reserve(device.context, size, device.precision.getRealSize());
    };
    for (Buffer* buffer : {&pairs, &pairsA, &pairsB, &pairsC})
        reserve(*buffer, n * p);
    for (Buffer* buffer : {&left, &right, &sums})
        reserve(*buffer, n * t);
    reserve(hiddenPairs, n * roundUp(2 * weights.sizes.pairWidth, PADDING));
    reserve(projected, (std::size_t) numRows * 2 * p);
}

void GatedArrays::reserveAll(const Device& device, const PackedGatedWeights& weights, const Batch& batch) {
    ComputeContext& context = device.context;
    const GatedSizes& sizes = weights.sizes;
    const int realSize = device.precision.getRealSize(), L = weights.settings.numLayers;
    const std::size_t n = numRows, conditionRows = numConditionRows, pairs = numPairs;
    auto reserve = [&](Buffer& buffer, std::size_t size) { buffer.reserve(context, size, realSize); };
    for (Buffer* buffer : {&cond, &normalized, &pairCond})
        reserve(*buffer, conditionRows * sizes.paddedConditionWidth);
    reserve(hidden, conditionRows * roundUp(2 * sizes.conditionWidth, PADDING));
    reserve(made, conditionRows * 4 * L * sizes.paddedWidth);
    reserve(gateValues, conditionRows * 2 * L * sizes.paddedWidth);
    reserve(pairValues, conditionRows * 2 * sizes.paddedPairWidth);
    reserve(modulation, conditionRows * sizes.modulationSize);
    places.reserve(context, pairs, sizeof(mm_int4));
    reserve(moments, 6 * pairs);
    const std::size_t layerBytes = std::max<std::size_t>(1, weights.settings.numHeads * pairs * realSize);
    layersAtOnce = (int) std::max<std::size_t>(1, std::min<std::size_t>(L, device.tiles.maxBiasBytes / layerBytes));
    if (weights.keepsPairs()) {
        layersAtOnce = 1;
        reservePairs(device, weights);
    }
    reserve(bias, layersAtOnce * weights.settings.numHeads * pairs);
    for (Buffer* buffer : {&x, &a, &tokens})
        reserve(*buffer, n * sizes.paddedWidth);
    reserve(qkv, n * 3 * sizes.attentionWidth);
    reserve(gates, n * sizes.attentionWidth);
    reserve(gathered, n * sizes.gatheredWidth);
    reserve(gated, n * sizes.paddedInnerWidth);

    // A vector that starts at the last row may reach beyond it. The second array is as long as DeviceBatch::u.

    const vector<double> zeros(3 * getNowhereStride() + PADDING, 0.0);
    nowhere.uploadNumbers(context, zeros, device.precision.realIsDouble);
    reserve(before, 3 * (batch.getNumTokens() + PADDING));
}

} // namespace common
} // namespace OrbitPlugin
