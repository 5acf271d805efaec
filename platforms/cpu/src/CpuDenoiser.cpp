// SPDX-License-Identifier: MIT
// The order of the stages for the copies of a pass, and the taps of their outputs.
#include "CpuDenoiser.h"
#include <algorithm>
#include <functional>

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

void recordTokens(const DenoiserTask& task, const std::string& name, const Workspace& workspace) {
    const PackedModel& model = task.model;
    record(task.taps, name, workspace.x.data(), task.pass.numRows, workspace.widthStride, model.settings.width);
}

/** Append cond, the modulations of all layers and those of the head, the scales without their 1. */
void recordConditioning(StageTaps* taps, const PackedModel& model, const Conditioning& conditioning) {
    if (taps == nullptr)
        return;
    std::vector<double>& tap = (*taps)["timeConditioning"];
    tap.insert(tap.end(), conditioning.cond.begin(), conditioning.cond.end());
    for (int part = 0; part < model.numModulations; part++) {
        const float* values = conditioning.layer(model, 0, part);
        bool scale = part < 6 * model.settings.numLayers ? part % 3 == 1 : part % 2 == 1;
        for (int c = 0; c < model.settings.width; c++)
            tap.push_back(values[c] - (scale ? 1.0 : 0.0));
    }
}

} // namespace

void prepareLevel(const PackedModel& model, double sigma, const std::vector<int>& conditions, NoiseLevel& level) {
    if (level.sigma == sigma && level.conditionings.size() == conditions.size())
        return;
    level.sigma = sigma;
    level.factors = getPreconditioning(sigma, model.settings.dataScale);
    level.conditionings.resize(conditions.size());
    for (std::size_t i = 0; i < conditions.size(); i++)
        timeConditioning(model, level.factors.logSigma, conditions[i], level.conditionings[i]);
}

namespace {

/** (3.2) the network's input, one row a direction; and what all rows share. */
void preparePass(const DenoiserTask& task, Workspace& workspace) {
    const int components = 3 * task.model.settings.pointsPerToken;
    for (const PassCopy& copy : task.pass.places) {
        const int numTokens = copy.graph->numTokens, padded = copy.graph->paddedTokens;
        const double* y = task.positions.data() + 3 * copy.firstPoint;
        float* u = workspace.coordinates.data() + copy.firstCoordinate;
        for (int k = 0; k < components; k++) {
            for (int i = 0; i < numTokens; i++)
                u[k * padded + i] = (float) (task.factors.input * y[components * i + k]);
            for (int i = numTokens; i < padded; i++)
                u[k * padded + i] = 0;
        }
    }
    recordConditioning(task.taps, task.model, task.conditioning);
    tokenEmbedding(task.model, task.pass, workspace);
    recordTokens(task, "tokenEmbedding", workspace);
}

/** Expand the pair embeddings, and compute a thread's rows of the biases of all layers where they are kept. */
void preparePairs(const DenoiserTask& task, const Share& share) {
    const int numBias = task.model.settings.numLayers * task.model.settings.numHeads;
    for (const PassCopy& copy : task.pass.places) {
        const PackedGraph& graph = *copy.graph;
        expandEmbeddings(task.model, graph, share.common);
        if (!keepsAllBiases(task.model, graph))
            continue;
        const RowRange range = share.getRows(copy);
        pairFeatures(task.model, copy, task.conditioning,
                {0, numBias, range.firstRow, range.endRow - range.firstRow}, share);
        record(task.taps, "pairFeatures", share.common.bias.data(), numBias * graph.numTokens, graph.paddedTokens,
                graph.numTokens);
    }
}

/** A thread's rows through all stages. */
void denoiseRows(const DenoiserTask& task, const Share& share) {
    const PackedModel& model = task.model;
    const Workspace& workspace = share.common;
    preparePairs(task, share);
    for (int layer = 0; layer < model.settings.numLayers; layer++) {
        pairBiasAttention(model, task.pass, task.conditioning, layer, share);
        if (task.taps != nullptr)
            recordTokens(task, "pairBiasAttention." + std::to_string(layer), workspace);
        transition(model, task.conditioning, layer, share);
        if (task.taps != nullptr)
            recordTokens(task, "transition." + std::to_string(layer), workspace);
    }
    coordinateHead(model, task.pass, task.conditioning, share);
    if (task.taps != nullptr)
        (*task.taps)["coordinateHead"].insert((*task.taps)["coordinateHead"].end(), workspace.output.begin(),
                workspace.output.begin() + 3 * model.settings.pointsPerToken * task.pass.numRows);
}

/** (3.2) */
void finishPass(const DenoiserTask& task, const Workspace& workspace) {
    const int components = 3 * task.model.settings.pointsPerToken;
    for (const PassCopy& copy : task.pass.places)
        for (int i = 0; i < components * copy.graph->numTokens; i++) {
            const int at = 3 * copy.firstPoint + i;
            task.denoised[at] = task.factors.skip * task.positions[at] +
                    task.factors.output * workspace.output[components * copy.firstRow + i];
        }
}

} // namespace

void denoise(const DenoiserTask& task, Workspace& workspace) {
    preparePass(task, workspace);
    denoiseRows(task, {workspace, workspace, 0, task.pass.numRows, nullptr});
    finishPass(task, workspace);
}

void denoise(const DenoiserTask& task, OpenMM::ThreadPool& threads, std::vector<Workspace>& workspaces) {
    const int numRows = task.pass.numRows, numThreads = std::min(threads.getNumThreads(), numRows);
    preparePass(task, workspaces[0]);
    expandEmbeddings(task.model, *task.pass.places[0].graph, workspaces[0]);    // The threads will find it done.
    Barrier barrier(numThreads);
    auto work = [&](OpenMM::ThreadPool& pool, int thread) {
        if (thread >= numThreads)
            return;
        const int first = numRows * thread / numThreads, end = numRows * (thread + 1) / numThreads;
        denoiseRows(task, {workspaces[0], workspaces[thread], first, end - first, &barrier});
    };
    threads.execute(std::ref(work));
    threads.waitForThreads();
    finishPass(task, workspaces[0]);
}

} // namespace cpu
} // namespace OrbitPlugin
