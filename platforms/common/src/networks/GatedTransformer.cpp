// SPDX-License-Identifier: MIT
// The order in which the stages make the gated transformer on a device, and their taps.
#include "GatedTransformer.h"
#include "../GatedStages.h"
#include <algorithm>

namespace OrbitPlugin {

using std::vector;

namespace {

void append(StageTaps& taps, const std::string& name, const vector<double>& values, std::size_t first,
        std::size_t count) {
    taps[name].insert(taps[name].end(), values.begin() + first, values.begin() + first + count);
}

/** Append cond, the modulations of all layers and those of pairs of every copy. */
void tapConditioning(const common::GatedPass& pass, const Batch& batch, StageTaps& taps) {
    const common::GatedSizes& sizes = pass.weights.sizes;
    const std::size_t numRows = pass.arrays.numConditionRows, size = sizes.modulationSize;
    const vector<double> cond = pass.arrays.cond.downloadNumbers(numRows * sizes.paddedConditionWidth);
    const vector<double> modulation = pass.arrays.modulation.downloadNumbers(numRows * size);
    vector<int> known;
    for (const BatchCopy& copy : batch.copies) {
        const std::size_t row = std::find(known.begin(), known.end(), copy.condition) - known.begin();
        if (row == known.size())
            known.push_back(copy.condition);
        append(taps, "flowConditioning", cond, row * sizes.paddedConditionWidth, sizes.conditionWidth);
        for (int part = 0; part < 6 * pass.weights.settings.numLayers; part++)
            append(taps, "flowConditioning", modulation, row * size + part * sizes.paddedWidth, sizes.width);
        for (int part = 0; part < 2; part++)
            append(taps, "flowConditioning", modulation,
                row * size + sizes.pairModulation + part * sizes.paddedPairWidth, sizes.pairWidth);
    }
}

void tapRows(const common::GatedPass& pass, const std::string& name, StageTaps& taps) {
    const std::size_t padded = pass.weights.sizes.paddedWidth, numRows = pass.arrays.numRows;
    const vector<double> x = pass.arrays.x.downloadNumbers(numRows * padded);
    for (std::size_t row = 0; row < numRows; row++)
        append(taps, name, x, row * padded, pass.weights.sizes.width);
}

/** Append the biases of some layers to those of each copy. */
void tapPairs(const common::GatedPass& pass, const Batch& batch, int numLayers, vector<vector<double>>& copies) {
    const std::size_t numPairs = pass.arrays.numPairs, numOutputs = numLayers * pass.weights.settings.numHeads;
    const vector<double> bias = pass.arrays.bias.downloadNumbers(numOutputs * numPairs);
    copies.resize(batch.copies.size());
    std::size_t first = 0;
    for (std::size_t c = 0; c < copies.size(); c++) {
        const std::size_t M = pass.weights.gated.numRegisters + batch.getNumTokens((int) c);
        const std::size_t rowLength = common::roundUp((int) M, common::PADDING);
        for (std::size_t output = 0; output < numOutputs; output++)
            for (std::size_t i = 0; i < M; i++) {
                const auto begin = bias.begin() + output * numPairs + first + i * rowLength;
                copies[c].insert(copies[c].end(), begin, begin + M);
            }
        first += M * rowLength;
    }
}

} // namespace

common::GatedTransformer::GatedTransformer(OpenMM::ComputeContext& context, const DenoiserModel& model,
    const GatedSizes& sizes) :
        device(context, Tiles::choose(context, std::max({sizes.paddedWidth, sizes.gatheredWidth,
            sizes.paddedInnerWidth, sizes.paddedWaves, roundUp(2 * sizes.conditionWidth, PADDING),
            roundUp(2 * sizes.pairWidth, PADDING)}),
            sizes.paddedHeadWidth, 1), sizes.getDefines(model), getGatedProgramSource()),
        weights(device, model) {
}

void common::GatedTransformer::setBatch(const Batch& batch, DeviceBatch& coordinates) {
    arrays.set(device, weights, batch);
}

void common::GatedTransformer::evaluate(
        const Batch& batch, DeviceBatch& coordinates, double logSigma, Buffer* before, StageTaps* taps) {
    const GatedPass pass = {device, weights, arrays, coordinates, before != nullptr};
    const int numLayers = weights.settings.numLayers, numHeads = weights.settings.numHeads;
    if (before != nullptr)
        scaleInput(device, coordinates, *before, 1.0, arrays.before);
    flowConditioning(pass, logSigma);
    if (taps != nullptr)
        tapConditioning(pass, batch, *taps);
    tokenEmbedding(pass);
    if (taps != nullptr)
        tapRows(pass, "tokenEmbedding", *taps);
    describePairs(pass);
    const bool keepsPairs = weights.keepsPairs();
    if (keepsPairs)
        keepPairs(pass);

    vector<vector<double>> biases;
    for (int layer = 0; layer < numLayers; layer++) {
        const int layerOfPart = layer % arrays.layersAtOnce;
        if (layerOfPart == 0) {
            const int numLayersOfPart = std::min(arrays.layersAtOnce, numLayers - layer);
            if (keepsPairs)
                pairBiases(pass, layer);
            else
                binnedPairs(pass, layer, numLayersOfPart);
            if (taps != nullptr)
                tapPairs(pass, batch, numLayersOfPart, biases);
        }
        gatedAttention(pass, layer, layerOfPart * numHeads);
        if (taps != nullptr)
            tapRows(pass, "gatedAttention." + std::to_string(layer), *taps);
        transition(pass, layer);
        if (taps != nullptr)
            tapRows(pass, "transition." + std::to_string(layer), *taps);
        if (weights.gated.updatesPairs(layer, numLayers))
            pairUpdate(pass, layer);
    }

    coordinateHead(pass);
    if (taps == nullptr)
        return;
    for (const vector<double>& bias : biases)
        append(*taps, "binnedPairs", bias, 0, bias.size());
    (*taps)["coordinateHead"] = coordinates.output.downloadNumbers(3 * coordinates.getNumPoints());
}

} // namespace OrbitPlugin
