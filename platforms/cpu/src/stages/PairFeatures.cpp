// SPDX-License-Identifier: MIT
// Stage pairFeatures on the CPU: the attention biases of some layers for some atoms, one token's neighbours at a time.
#include "CpuStages.h"
#include "openmmorbit/internal/stages/Points.h"

namespace OrbitPlugin {
namespace cpu {

void expandEmbeddings(const PackedModel& model, const PackedGraph& graph, Workspace& workspace) {
    if (!keepsEmbeddings(model, graph) || workspace.expanded == &graph)
        return;
    const int pairWidth = model.settings.pairWidth;
    for (int i = 0; i < graph.numTokens; i++)
        graph.expandRow(i, pairWidth, workspace.embedding.data() + (std::size_t) i * pairWidth * graph.paddedTokens);
    workspace.expanded = &graph;
}

void pairFeatures(const PackedModel& model, const PassCopy& copy, const Conditioning& conditioning, BiasBlock block,
        const Share& share) {
    Workspace& workspace = share.common;
    const PackedGraph& graph = *copy.graph;
    const PairBiasTransformerSettings& settings = model.settings;
    std::size_t rowWords = (std::size_t) settings.pairWidth * graph.paddedTokens;
    bool keeps = keepsEmbeddings(model, graph);
    PairRowTask task{};
    task.numTokens = graph.numTokens;
    task.paddedTokens = graph.paddedTokens;
    task.pairWidth = settings.pairWidth;
    task.numRadial = settings.numRadial;
    task.numBias = block.numChannels;
    task.coordinates = workspace.coordinates.data() + copy.firstCoordinate +
            3 * getReferencePoint(settings.pointsPerToken) * graph.paddedTokens;
    task.inverseSpacing = (float) ((settings.numRadial - 1) / settings.radialMax);
    task.conditioning = conditioning.pair(model);
    task.radialWeight = model.radialWeight.data();
    task.hiddenWeight = model.pairHiddenWeight.data();
    task.hiddenBias = model.pairHiddenBias.data();
    task.biasWeight = model.biasWeight.data() + (std::size_t) block.firstChannel * model.pairDepth();
    task.biasBias = model.biasBias.data() + block.firstChannel;
    task.scratch = share.own.scratch.data();

    // The biases of all layers are an array of the pass, those of a block belong to the thread.

    bool keepsAll = keepsAllBiases(model, graph);
    float* bias = keepsAll ?
            workspace.bias.data() + copy.firstBias + (std::size_t) block.firstRow * graph.paddedTokens :
            share.own.bias.data();
    task.biasStride = (long) (keepsAll ? graph.numTokens : block.numRows) * graph.paddedTokens;

    // (4.6) to (4.9), token by token

    for (int row = 0; row < block.numRows; row++) {
        task.row = block.firstRow + row;
        if (!keeps) {
            // The thread's row overwrites what another copy has left in its own workspace.

            share.own.expanded = nullptr;
            graph.expandRow(task.row, settings.pairWidth, share.own.embedding.data());
        }
        task.embedding = keeps ? workspace.embedding.data() + task.row * rowWords : share.own.embedding.data();
        task.bias = bias + (std::size_t) row * graph.paddedTokens;
        model.kernels.operand->pairRow(task);
    }
}

} // namespace cpu
} // namespace OrbitPlugin
