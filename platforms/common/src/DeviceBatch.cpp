// SPDX-License-Identifier: MIT
// How a batch is packed for the device.
#include "DeviceBatch.h"
#include "CommonStages.h"
#include "openmm/OpenMMException.h"
#include <algorithm>
#include <limits>

using namespace OpenMM;

namespace OrbitPlugin {
namespace common {

using std::vector;

namespace {

int toInt(long long value) {
    if (value > std::numeric_limits<int>::max())
        throw OpenMMException("DeviceBatch::set: expected at most " + std::to_string(std::numeric_limits<int>::max()) +
            " values in an array of the device, got " + std::to_string(value) + "; generate fewer copies at a time");
    return (int) value;
}

/** Pairs of a molecule: rows of N padded to 16. */
long long countPairs(int numAtoms) {
    return (long long) numAtoms * roundUp(numAtoms, PADDING);
}

} // namespace

void DeviceBatch::set(DeviceModel& model, const Batch& batch) {
    numRows = batch.getNumTokens();
    numCopies = (int) batch.copies.size();
    pointsPerToken = model.settings.pointsPerToken;
    packGraphs(batch);
    packCopies(batch, model.device.tiles.queryBlock);
    uploadAll(model.device.context);
    packVolumes(model.device.context, batch, model.device.precision.mixedIsDouble);
    if (!batch.fixed.empty()) {
        fixed.upload(model.device.context, vector<int>(batch.fixed.begin(), batch.fixed.end()));
        start.uploadNumbers(model.device.context, batch.start, model.device.precision.mixedIsDouble);
    }
    if (!batch.particles.empty())
        particles.upload(model.device.context, batch.particles);
    reserveAll(model);
    common::embedPairs(model, *this);
}

void DeviceBatch::packGraphs(const Batch& batch) {
    graphValues.clear();
    graphBlockValues.clear();
    atomFeatureValues.clear();
    pairFeatureValues.clear();
    firstFeatureRows.clear();
    numAtomFeatures = batch.inputs.empty() ? 0 : batch.inputs[0].numTokenFeatures;
    numPairFeatures = batch.inputs.empty() ? 0 : batch.inputs[0].numPairFeatures;
    long long firstPair = 0;
    int firstRow = 0;
    for (int g = 0; g < (int) batch.inputs.size(); g++) {
        const TokenInputs& graph = batch.inputs[g];
        graphValues.emplace_back(graph.numTokens, toInt(firstPair), toInt((long long) pairFeatureValues.size()), 0);
        graphBlockValues.insert(graphBlockValues.end(), countPairs(graph.numTokens) / PADDING, g);
        atomFeatureValues.insert(atomFeatureValues.end(), graph.tokenFeatures.begin(), graph.tokenFeatures.end());
        pairFeatureValues.insert(pairFeatureValues.end(), graph.pairFeatures.begin(), graph.pairFeatures.end());
        firstFeatureRows.push_back(firstRow);
        firstRow += graph.numTokens;
        firstPair += countPairs(graph.numTokens);
    }
    numGraphPairs = toInt(firstPair);
}

void DeviceBatch::packVolumes(ComputeContext& context, const Batch& batch, bool asDouble) {
    vector<mm_int4> atoms;
    vector<double> scales;
    vector<mm_int2> ofGraph, ofCopy;
    for (const TokenInputs& graph : batch.inputs) {
        ofGraph.emplace_back((int) atoms.size(), (int) graph.handedVolumes.size());
        for (const HandedVolume& volume : graph.handedVolumes) {
            atoms.emplace_back(volume.atoms[0], volume.atoms[1], volume.atoms[2], volume.atoms[3]);
            scales.insert(scales.end(), {getCertainVolume(volume), getLeastGradient(volume)});
        }
    }
    for (const BatchCopy& copy : batch.copies)
        ofCopy.push_back(ofGraph[copy.input]);
    if (atoms.empty())
        return;
    volumes.upload(context, atoms);
    volumeScales.uploadNumbers(context, scales, asDouble);
    copyVolumes.upload(context, ofCopy);
}

void DeviceBatch::packCopies(const Batch& batch, int queryBlock) {
    rowValues.clear();
    copyValues.clear();
    keyValues.clear();
    unitValues.clear();
    conditionValues.clear();
    pairBlockValues.clear();
    long long firstPair = 0;
    for (int c = 0; c < numCopies; c++) {
        const BatchCopy& copy = batch.copies[c];
        const int numTokens = batch.getNumTokens(c), firstToken = batch.getFirstToken(c);
        const auto place = std::find(conditionValues.begin(), conditionValues.end(), copy.condition);
        const int condition = (int) (place - conditionValues.begin());
        if (place == conditionValues.end())
            conditionValues.push_back(copy.condition);
        for (int i = 0; i < numTokens; i++)
            rowValues.emplace_back(c, condition, firstFeatureRows[copy.input] + i, i);
        copyValues.emplace_back(firstToken, numTokens, toInt(firstPair), graphValues[copy.input].y);
        keyValues.emplace_back((int) copy.record, (int) copy.copy, (int) copy.draw, 0);
        for (int first = 0; first < numTokens; first += queryBlock)
            unitValues.emplace_back(firstToken, numTokens, first, toInt(firstPair));
        pairBlockValues.insert(pairBlockValues.end(), countPairs(numTokens) / PADDING, c);
        firstPair += countPairs(numTokens);
    }
    numPairs = toInt(firstPair);
    numUnits = (int) unitValues.size();
    numConditions = (int) conditionValues.size();
}

void DeviceBatch::uploadAll(ComputeContext& context) {
    rows.upload(context, rowValues);
    copies.upload(context, copyValues);
    keys.upload(context, keyValues);
    units.upload(context, unitValues);
    graphs.upload(context, graphValues);
    conditions.upload(context, conditionValues);
    pairBlocks.upload(context, pairBlockValues);
    graphBlocks.upload(context, graphBlockValues);
    atomFeatures.upload(context, atomFeatureValues);
    pairFeatures.upload(context, pairFeatureValues);
}

void DeviceBatch::reserveAll(DeviceModel& model) {
    ComputeContext& context = model.device.context;
    const ModelSizes& sizes = model.sizes;
    const int realSize = model.device.precision.getRealSize(), mixedSize = model.device.precision.getMixedSize();
    const std::size_t n = numRows, pairs = numPairs, numValues = 3 * getNumPoints();
    for (Buffer* buffer : {&positions, &denoised, &previousDenoised, &noise, &predicted, &predictedDenoised,
            &unguided})
        buffer->reserve(context, numValues, mixedSize);
    centroids.reserve(context, 3 * numCopies, mixedSize);

    // A vector that starts at the last row may reach beyond it.

    u.reserve(context, 3 * pointsPerToken * (n + PADDING), realSize);
    output.reserve(context, numValues, realSize);
    cond.reserve(context, numConditions * model.settings.conditionWidth, realSize);
    modulation.reserve(context, numConditions * sizes.modulationSize, realSize);
    embedded.reserve(context, (std::size_t) sizes.paddedPairWidth * numGraphPairs, realSize);
    const std::size_t layerBytes = std::max<std::size_t>(1, model.settings.numHeads * pairs * realSize);
    layersAtOnce = (int) std::max<std::size_t>(1, std::min<std::size_t>(model.settings.numLayers,
        model.device.tiles.maxBiasBytes / layerBytes));
    bias.reserve(context, layersAtOnce * model.settings.numHeads * pairs, realSize);
    x.reserve(context, n * sizes.paddedWidth, realSize);
    qkv.reserve(context, n * 3 * sizes.attentionWidth, realSize);
    gathered.reserve(context, n * sizes.gatheredWidth, realSize);
    gated.reserve(context, n * sizes.paddedInnerWidth, realSize);
}

} // namespace common
} // namespace OrbitPlugin
