// SPDX-License-Identifier: MIT
// The order of the stages for one copy, and the taps of their outputs.
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

void recordTokens(StageTaps* taps, const std::string& name, const PackedModel& model, const PackedGraph& graph,
        const Workspace& workspace) {
    record(taps, name, workspace.x.data(), graph.numAtoms, workspace.widthStride, model.settings.width);
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
void prepareCopy(const DenoiserTask& task, Workspace& workspace) {
    const int numAtoms = task.graph.numAtoms, padded = task.graph.paddedAtoms;
    const int pairWidth = task.model.settings.pairWidth;
    float* u = workspace.coordinates.data();
    for (int k = 0; k < 3; k++) {
        for (int i = 0; i < numAtoms; i++)
            u[k * padded + i] = (float) (task.factors.input * task.positions[3 * i + k]);
        for (int i = numAtoms; i < padded; i++)
            u[k * padded + i] = 0;
    }
    const bool keeps = keepsEmbeddings(task.model, task.graph);
    if (keeps && workspace.expanded != &task.graph)
        for (int i = 0; i < numAtoms; i++)
            task.graph.expandRow(i, pairWidth, workspace.embedding.data() + (std::size_t) i * pairWidth * padded);
    workspace.expanded = keeps ? &task.graph : nullptr;
    recordConditioning(task.taps, task.model, task.conditioning);
    tokenEmbedding(task.model, task.graph, workspace);
    recordTokens(task.taps, "tokenEmbedding", task.model, task.graph, workspace);
}

/** A thread's rows through all stages. */
void denoiseRows(const DenoiserTask& task, const Share& share) {
    const PackedModel& model = task.model;
    const PackedGraph& graph = task.graph;
    const Workspace& workspace = share.common;
    const int numBias = model.settings.numLayers * model.settings.numHeads;
    if (keepsAllBiases(model, graph)) {
        pairFeatures(model, graph, task.conditioning, {0, numBias, share.firstRow, share.numRows}, share);
        record(task.taps, "pairFeatures", workspace.bias.data(), numBias * graph.numAtoms, graph.paddedAtoms,
                graph.numAtoms);
    }
    for (int layer = 0; layer < model.settings.numLayers; layer++) {
        pairBiasAttention(model, graph, task.conditioning, layer, share);
        if (task.taps != nullptr)
            recordTokens(task.taps, "pairBiasAttention." + std::to_string(layer), model, graph, workspace);
        transition(model, task.conditioning, layer, share);
        if (task.taps != nullptr)
            recordTokens(task.taps, "transition." + std::to_string(layer), model, graph, workspace);
    }
    coordinateHead(model, graph, task.conditioning, share);
    if (task.taps != nullptr)
        (*task.taps)["coordinateHead"].insert((*task.taps)["coordinateHead"].end(), workspace.output.begin(),
                workspace.output.begin() + 3 * graph.numAtoms);
}

/** (3.2) */
void finishCopy(const DenoiserTask& task, const Workspace& workspace) {
    for (int i = 0; i < 3 * task.graph.numAtoms; i++)
        task.denoised[i] = task.factors.skip * task.positions[i] + task.factors.output * workspace.output[i];
}

} // namespace

void denoise(const DenoiserTask& task, Workspace& workspace) {
    prepareCopy(task, workspace);
    denoiseRows(task, {workspace, workspace, 0, task.graph.numAtoms, nullptr});
    finishCopy(task, workspace);
}

void denoise(const DenoiserTask& task, OpenMM::ThreadPool& threads, std::vector<Workspace>& workspaces) {
    const int numAtoms = task.graph.numAtoms, numThreads = std::min(threads.getNumThreads(), numAtoms);
    prepareCopy(task, workspaces[0]);
    Barrier barrier(numThreads);
    auto work = [&](OpenMM::ThreadPool& pool, int thread) {
        if (thread >= numThreads)
            return;
        const int first = numAtoms * thread / numThreads, end = numAtoms * (thread + 1) / numThreads;
        denoiseRows(task, {workspaces[0], workspaces[thread], first, end - first, &barrier});
    };
    threads.execute(std::ref(work));
    threads.waitForThreads();
    finishCopy(task, workspaces[0]);
}

} // namespace cpu
} // namespace OrbitPlugin
