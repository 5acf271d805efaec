// SPDX-License-Identifier: MIT
// The order in which the stages make the gated transformer, and their taps.
#include "GatedTransformer.h"
#include "openmmorbit/ArgumentError.h"

namespace OrbitPlugin {
namespace cpu {

namespace {

const KernelTable& chooseTable(const DenoiserModel& model, const std::string& precision) {
    if (!precision.empty() && precision != "single")
        throw ArgumentError("IntegrateOrbitDiffusionStepKernel::initialize: expected precision single for a gated "
            "transformer on platform CPU, got \"" + precision + "\"");
    return *chooseKernels(std::string("single"), model.getSettings().width / model.getSettings().numHeads).single;
}

/** Append rows [numRows][numColumns] of a padded array to a tap. */
void record(std::vector<double>& tap, const float* rows, long numRows, long stride, int numColumns) {
    for (long i = 0; i < numRows; i++)
        tap.insert(tap.end(), rows + i * stride, rows + i * stride + numColumns);
}

void recordRows(const GatedPass& pass, StageTaps* taps, const std::string& name, const GatedWorkspace& workspace) {
    if (taps != nullptr)
        record((*taps)[name], workspace.x.data(), pass.countAllRows(), workspace.widthStride,
                pass.weights.settings.width);
}

/** Append cond, the modulations of all layers and those of pairs, the scales without their 1. */
void recordConditioning(const GatedPass& pass, StageTaps* taps) {
    if (taps == nullptr)
        return;
    std::vector<double>& tap = (*taps)["flowConditioning"];
    tap.insert(tap.end(), pass.conditioning.cond.begin(), pass.conditioning.cond.end());
    auto append = [&](const float* values, int width, double offset) {
        for (int c = 0; c < width; c++)
            tap.push_back(values[c] - offset);
    };
    for (int part = 0; part < 6 * pass.weights.settings.numLayers; part++)
        append(pass.conditioning.layer(pass.weights, 0, part), pass.weights.settings.width, part % 3 == 1 ? 1.0 : 0.0);
    for (int part = 0; part < 2; part++)
        append(pass.conditioning.pair.data() + part * pass.weights.pairStride, pass.weights.settings.pairWidth, part);
}

/** Append the biases that are there: those of all layers, or of one. */
void recordBiases(const GatedPass& pass, StageTaps* taps, GatedWorkspace& workspace) {
    if (taps == nullptr)
        return;
    const int M = pass.countRows(0), padded = roundUp(M, NEIGHBOR_PADDING);
    record((*taps)["binnedPairs"], workspace.bias.data(), pass.countBiases(0) / padded, padded, M);
}

/** A thread's rows through all stages. */
void evaluateRows(const GatedPass& pass, ArrayView<double> F, StageTaps* taps, const GatedShare& share) {
    const bool keepsPairs = pass.weights.keepsPairs();
    binnedPairs(pass, share);
    if (!keepsPairs)
        recordBiases(pass, taps, share.common);
    for (int layer = 0; layer < pass.weights.settings.numLayers; layer++) {
        if (keepsPairs) {
            pairBiases(pass, layer, share);
            recordBiases(pass, taps, share.common);
        }
        gatedAttention(pass, layer, share);
        if (taps != nullptr)
            recordRows(pass, taps, "gatedAttention." + std::to_string(layer), share.common);
        transition(pass, layer, share);
        if (taps != nullptr)
            recordRows(pass, taps, "transition." + std::to_string(layer), share.common);
        if (pass.weights.gated.updatesPairs(layer, pass.weights.settings.numLayers))
            pairUpdate(pass, layer, share);
    }
    coordinateHead(pass, F, share);
    if (taps == nullptr)
        return;
    const PassCopy& copy = pass.pass.places[0];
    const ArrayView<double> rows = F.slice(3 * (std::size_t) copy.firstPoint, 3 * (std::size_t) copy.numTokens);
    (*taps)["coordinateHead"].insert((*taps)["coordinateHead"].end(), rows.begin(), rows.end());
}

} // namespace

GatedTransformer::GatedTransformer(const DenoiserModel& model, const std::string& precision) :
        weights(model, chooseTable(model, precision)) {
    conditionRegisters(weights, ofRegisters);
}

long GatedTransformer::countWords(const TokenInputs& values) const {
    const long numRows = weights.gated.numRegisters + values.numTokens;
    const long biases = weights.settings.numHeads * numRows * roundUp((int) numRows, NEIGHBOR_PADDING);
    if (!weights.keepsPairs())
        return weights.settings.numLayers * biases;
    return biases + numRows * numRows * (weights.pairStride + 2 * weights.triangleStride);
}

void GatedTransformer::setBatch(const Batch& batch, const std::vector<Pass>& passes, int numThreads) {
    inputs.clear();
    for (const TokenInputs& values : batch.inputs)
        inputs.emplace_back(weights.getTables(), values);
    reserveWorkspaces(workspaces, weights, passes, numThreads);
}

void GatedTransformer::prepareLevel(int level, double logSigma, const std::vector<int>& conditions) {
    levels[level].resize(conditions.size());
    for (std::size_t i = 0; i < conditions.size(); i++)
        flowConditioning(weights, logSigma, conditions[i], levels[level][i]);
}

void GatedTransformer::evaluate(const NetworkTask& task, int thread, StageTaps* taps) {
    const GatedPass pass = bind(task);
    GatedWorkspace& workspace = workspaces[thread];
    recordConditioning(pass, taps);
    tokenEmbedding(pass, workspace);
    recordRows(pass, taps, "tokenEmbedding", workspace);
    evaluateRows(pass, task.F, taps, {{0, pass.countAllRows(), nullptr}, workspace, workspace});
}

void GatedTransformer::evaluateOnAll(const NetworkTask& task, OpenMM::ThreadPool& threads) {
    const GatedPass pass = bind(task);
    tokenEmbedding(pass, workspaces[0]);
    shareRows(threads, pass.countAllRows(), [&](const RowShare& rows, int thread) {
        evaluateRows(pass, task.F, nullptr, {rows, workspaces[0], workspaces[thread]});
    });
}

} // namespace cpu
} // namespace OrbitPlugin
