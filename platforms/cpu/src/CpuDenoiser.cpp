// SPDX-License-Identifier: MIT
// The order of the stages for one copy, and the taps of their outputs.
#include "CpuDenoiser.h"

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

void denoise(const PackedModel& model, const PackedGraph& graph, const Preconditioning& factors,
        const Conditioning& conditioning, DenoiserArrays arrays, Workspace& workspace) {
    StageTaps* taps = arrays.taps;
    int numAtoms = graph.numAtoms, padded = graph.paddedAtoms;
    int numBias = model.settings.numLayers * model.settings.numHeads;

    // (3.2) the network's input, one row a direction

    float* u = workspace.coordinates.data();
    for (int k = 0; k < 3; k++) {
        for (int i = 0; i < numAtoms; i++)
            u[k * padded + i] = (float) (factors.input * arrays.positions[3 * i + k]);
        for (int i = numAtoms; i < padded; i++)
            u[k * padded + i] = 0;
    }
    recordConditioning(taps, model, conditioning);
    tokenEmbedding(model, graph, workspace);
    recordTokens(taps, "tokenEmbedding", model, graph, workspace);
    if (keepsAllBiases(model, graph)) {
        pairFeatures(model, graph, conditioning, {0, numBias, 0, numAtoms}, workspace);
        record(taps, "pairFeatures", workspace.bias.data(), numBias * numAtoms, padded, numAtoms);
    }
    for (int layer = 0; layer < model.settings.numLayers; layer++) {
        pairBiasAttention(model, graph, conditioning, layer, workspace);
        if (taps != nullptr)
            recordTokens(taps, "pairBiasAttention." + std::to_string(layer), model, graph, workspace);
        transition(model, graph, conditioning, layer, workspace);
        if (taps != nullptr)
            recordTokens(taps, "transition." + std::to_string(layer), model, graph, workspace);
    }
    coordinateHead(model, graph, conditioning, workspace);
    if (taps != nullptr)
        (*taps)["coordinateHead"].insert((*taps)["coordinateHead"].end(), workspace.output.begin(),
            workspace.output.begin() + 3 * numAtoms);

    // (3.2)

    for (int i = 0; i < 3 * numAtoms; i++)
        arrays.denoised[i] = factors.skip * arrays.positions[i] + factors.output * workspace.output[i];
}

} // namespace cpu
} // namespace OrbitPlugin
