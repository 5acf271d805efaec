// SPDX-License-Identifier: MIT
// The order in which the stages make the pair-bias transformer, and their taps.
#include "PairBiasTransformer.h"

namespace OrbitPlugin {
namespace cpu {

namespace {

/** Append rows [numRows][numColumns] of a padded array to a tap. */
void record(StageTaps* taps, const std::string& name, const float* rows, int numRows, long stride, int numColumns) {
    if (taps == nullptr)
        return;
    std::vector<double>& tap = (*taps)[name];
    for (int i = 0; i < numRows; i++)
        tap.insert(tap.end(), rows + i * stride, rows + i * stride + numColumns);
}

void recordTokens(const PairBiasPass& pass, StageTaps* taps, const std::string& name, const Share& share) {
    const PairBiasWorkspace& workspace = share.common;
    record(taps, name, workspace.x.data(), pass.pass.numRows, workspace.widthStride, pass.weights.settings.width);
}

/** Append cond, the modulations of all layers and those of the head, the scales without their 1. */
void recordConditioning(const PairBiasPass& pass, StageTaps* taps) {
    if (taps == nullptr)
        return;
    std::vector<double>& tap = (*taps)["timeConditioning"];
    tap.insert(tap.end(), pass.conditioning.cond.begin(), pass.conditioning.cond.end());
    for (int part = 0; part < pass.weights.numModulations; part++) {
        const float* values = pass.conditioning.layer(pass.weights, 0, part);
        bool scale = part < 6 * pass.weights.settings.numLayers ? part % 3 == 1 : part % 2 == 1;
        for (int c = 0; c < pass.weights.settings.width; c++)
            tap.push_back(values[c] - (scale ? 1.0 : 0.0));
    }
}

/** Points in single precision, one row a direction. */
void prepareCoordinates(const PairBiasPass& pass, ArrayView<const double> values, AlignedBuffer& rows) {
    const int components = 3 * pass.weights.settings.pointsPerToken;
    for (const PassCopy& copy : pass.pass.places) {
        const double* points = values.data() + 3 * copy.firstPoint;
        float* coordinates = rows.data() + components * copy.firstPaddedRow;
        for (int k = 0; k < components; k++) {
            for (int i = 0; i < copy.numTokens; i++)
                coordinates[k * copy.paddedTokens + i] = (float) points[components * i + k];
            for (int i = copy.numTokens; i < copy.paddedTokens; i++)
                coordinates[k * copy.paddedTokens + i] = 0;
        }
    }
}

/** What all rows share. */
void prepare(const PairBiasPass& pass, const NetworkTask& task, PairBiasWorkspace& workspace) {
    prepareCoordinates(pass, task.u, workspace.coordinates);
    if (pass.hasBefore)
        prepareCoordinates(pass, task.before, workspace.before);
    tokenEmbedding(pass, workspace);
}

/** Expand the pair embeddings, and compute a thread's rows of the biases of all layers where they are kept. */
void preparePairs(const PairBiasPass& pass, StageTaps* taps, const Share& share) {
    const int numBias = pass.weights.settings.numLayers * pass.weights.settings.numHeads;
    for (const PassCopy& copy : pass.pass.places) {
        const RowRange range = share.getRows(copy);
        const int numRows = range.endRow - range.firstRow;
        expandEmbeddings(pass, copy, numRows, share.common);
        if (!keepsAllBiases(pass.weights, copy))
            continue;
        pairFeatures(pass, copy, {0, numBias, range.firstRow, numRows}, share);
        record(taps, "pairFeatures", share.common.bias.data(), numBias * copy.numTokens, copy.paddedTokens,
                copy.numTokens);
    }
}

/** A thread's rows through all stages. */
void evaluateRows(const PairBiasPass& pass, ArrayView<double> F, StageTaps* taps, const Share& share) {
    preparePairs(pass, taps, share);
    for (int layer = 0; layer < pass.weights.settings.numLayers; layer++) {
        pairBiasAttention(pass, layer, share);
        if (taps != nullptr)
            recordTokens(pass, taps, "pairBiasAttention." + std::to_string(layer), share);
        transition(pass, layer, share);
        if (taps != nullptr)
            recordTokens(pass, taps, "transition." + std::to_string(layer), share);
    }
    coordinateHead(pass, F, share);
    if (taps == nullptr)
        return;
    const int components = 3 * pass.weights.settings.pointsPerToken;
    for (const PassCopy& copy : pass.pass.places) {
        const ArrayView<double> rows = F.slice(3 * copy.firstPoint, components * copy.numTokens);
        (*taps)["coordinateHead"].insert((*taps)["coordinateHead"].end(), rows.begin(), rows.end());
    }
}

} // namespace

PairBiasTransformer::PairBiasTransformer(const DenoiserModel& model, const std::string& precision) :
        weights(model, chooseKernels(precision, model.getSettings().width / model.getSettings().numHeads)) {
}

void PairBiasTransformer::setBatch(const Batch& batch, const std::vector<Pass>& passes, int numThreads) {
    inputs.clear();
    for (const TokenInputs& values : batch.inputs)
        inputs.emplace_back(weights.getTables(), values);
    reserveWorkspaces(workspaces, weights, passes, numThreads);
}

void PairBiasTransformer::prepareLevel(int level, double logSigma, const std::vector<int>& conditions) {
    levels[level].resize(conditions.size());
    for (std::size_t i = 0; i < conditions.size(); i++)
        timeConditioning(weights, logSigma, conditions[i], levels[level][i]);
}

void PairBiasTransformer::evaluate(const NetworkTask& task, int thread, StageTaps* taps) {
    const PairBiasPass pass = bind(task);
    const Share share = {{0, pass.pass.numRows, nullptr}, workspaces[thread], workspaces[thread]};
    recordConditioning(pass, taps);
    prepare(pass, task, workspaces[thread]);
    recordTokens(pass, taps, "tokenEmbedding", share);
    evaluateRows(pass, task.F, taps, share);
}

void PairBiasTransformer::evaluateOnAll(const NetworkTask& task, OpenMM::ThreadPool& threads) {
    const PairBiasPass pass = bind(task);
    prepare(pass, task, workspaces[0]);
    expandEmbeddings(pass, pass.pass.places[0], 0, workspaces[0]); // The threads, each with some rows, find it done.
    shareRows(threads, pass.pass.numRows, [&](const RowShare& rows, int thread) {
        evaluateRows(pass, task.F, nullptr, {rows, workspaces[0], workspaces[thread]});
    });
}

} // namespace cpu
} // namespace OrbitPlugin
