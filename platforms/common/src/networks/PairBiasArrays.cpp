// SPDX-License-Identifier: MIT
// How the features and pairs of a batch are packed for the pair-bias transformer on a device.
#include "PairBiasArrays.h"
#include "openmm/OpenMMException.h"
#include <algorithm>
#include <limits>
#include <set>

using namespace OpenMM;

namespace OrbitPlugin {
namespace common {

using std::vector;

namespace {

int toInt(long long value) {
    if (value > std::numeric_limits<int>::max())
        throw OpenMMException("IntegrateOrbitDiffusionStepKernel::setBatch: expected at most " +
            std::to_string(std::numeric_limits<int>::max()) + " values in an array of the device, got " +
            std::to_string(value) + "; generate fewer copies at a time");
    return (int) value;
}

/** Pairs of N tokens: rows of N padded to 16. */
long long countPairs(int numTokens) {
    return (long long) numTokens * roundUp(numTokens, PADDING);
}

} // namespace

void PairBiasArrays::set(Device& device, const PairBiasWeights& weights, const Batch& batch) {
    packInputs(device.context, batch);
    packCopies(device, batch);
    reserveAll(device, weights, batch);
}

void PairBiasArrays::packInputs(ComputeContext& context, const Batch& batch) {
    vector<mm_int4> values;
    vector<int> blocks, ofTokens, ofPairs;
    firstInputPairs.clear();
    numTokenFeatures = batch.inputs.empty() ? 0 : batch.inputs[0].numTokenFeatures;
    numPairFeatures = batch.inputs.empty() ? 0 : batch.inputs[0].numPairFeatures;
    long long firstPair = 0;
    for (int k = 0; k < (int) batch.inputs.size(); k++) {
        const TokenInputs& inputs = batch.inputs[k];
        firstInputPairs.push_back(toInt(firstPair));
        values.emplace_back(inputs.numTokens, firstInputPairs.back(), toInt((long long) ofPairs.size()), 0);
        blocks.insert(blocks.end(), countPairs(inputs.numTokens) / PADDING, k);
        ofTokens.insert(ofTokens.end(), inputs.tokenFeatures.begin(), inputs.tokenFeatures.end());
        ofPairs.insert(ofPairs.end(), inputs.pairFeatures.begin(), inputs.pairFeatures.end());
        firstPair += countPairs(inputs.numTokens);
    }
    numInputPairs = toInt(firstPair);
    inputPairs.upload(context, values);
    inputBlocks.upload(context, blocks);
    tokenFeatures.upload(context, ofTokens);
    pairFeatures.upload(context, ofPairs);
}

void PairBiasArrays::packCopies(const Device& device, const Batch& batch) {
    vector<mm_int4> values, unitValues;
    vector<int> blocks;
    const int queryBlock = device.tiles.queryBlock;
    long long firstPair = 0;
    for (int c = 0; c < (int) batch.copies.size(); c++) {
        const int numTokens = batch.getNumTokens(c), firstToken = batch.getFirstToken(c);
        values.emplace_back(firstToken, numTokens, toInt(firstPair), firstInputPairs[batch.copies[c].input]);
        for (int first = 0; first < numTokens; first += queryBlock)
            unitValues.emplace_back(firstToken, numTokens, first, toInt(firstPair));
        blocks.insert(blocks.end(), countPairs(numTokens) / PADDING, c);
        firstPair += countPairs(numTokens);
    }
    numPairs = toInt(firstPair);
    numUnits = (int) unitValues.size();
    copyPairs.upload(device.context, values);
    units.upload(device.context, unitValues);
    pairBlocks.upload(device.context, blocks);
}

void PairBiasArrays::reserveAll(const Device& device, const PairBiasWeights& weights, const Batch& batch) {
    ComputeContext& context = device.context;
    const PairBiasSizes& sizes = weights.sizes;
    const int realSize = device.precision.getRealSize();
    const std::size_t n = batch.getNumTokens(), pairs = numPairs;
    std::set<int> conditions;
    for (const BatchCopy& copy : batch.copies)
        conditions.insert(copy.condition);
    cond.reserve(context, conditions.size() * weights.settings.conditionWidth, realSize);
    modulation.reserve(context, conditions.size() * sizes.modulationSize, realSize);
    embedded.reserve(context, (std::size_t) sizes.paddedPairWidth * numInputPairs, realSize);
    const std::size_t layerBytes = std::max<std::size_t>(1, weights.settings.numHeads * pairs * realSize);
    layersAtOnce = (int) std::max<std::size_t>(1, std::min<std::size_t>(weights.settings.numLayers,
        device.tiles.maxBiasBytes / layerBytes));
    bias.reserve(context, layersAtOnce * weights.settings.numHeads * pairs, realSize);
    x.reserve(context, n * sizes.paddedWidth, realSize);
    qkv.reserve(context, n * 3 * sizes.attentionWidth, realSize);
    gathered.reserve(context, n * sizes.gatheredWidth, realSize);
    gated.reserve(context, n * sizes.paddedInnerWidth, realSize);
}

} // namespace common
} // namespace OrbitPlugin
