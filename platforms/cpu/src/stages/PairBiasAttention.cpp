// SPDX-License-Identifier: MIT
// Stage pairBiasAttention on the CPU: normalisation, q k v, all heads, and the gated output added to the tokens.
#include "CpuStages.h"
#include "LinearStage.h"
#include <algorithm>

namespace OrbitPlugin {
namespace cpu {

void pairBiasAttention(const PackedModel& model, const PackedGraph& graph, const Conditioning& conditioning, int layer,
        Workspace& workspace) {
    const PairBiasTransformerSettings& settings = model.settings;
    const KernelTable& table = *model.kernels.operand;
    const PackedLayer& weights = model.layers[layer];

    // (4.10)

    normalizeRows(table, model, graph.numAtoms, conditioning.layer(model, layer, 1),
        conditioning.layer(model, layer, 0), workspace);

    // (4.11)

    LinearTask qkv = linearTask(weights.qkv, graph.numAtoms, workspace.a.data(), workspace.widthStride);
    qkv.out = workspace.qkv.data();
    qkv.outStride = workspace.qkvStride;
    table.linear(qkv, Epilogue::Store);

    // (4.12), (4.13), for all rows at once where the biases of all layers are kept

    AttentionTask task{};
    task.numAtoms = graph.numAtoms;
    task.paddedAtoms = graph.paddedAtoms;
    task.numHeads = settings.numHeads;
    task.headWidth = settings.width / settings.numHeads;
    task.qkv = workspace.qkv.data();
    task.qkvStride = workspace.qkvStride;
    task.coordinates = workspace.coordinates.data();
    task.out = workspace.attended.data();
    task.outStride = workspace.attentionStride;
    task.scratch = workspace.scratch.data();
    bool keeps = keepsAllBiases(model, graph);
    int blockRows = keeps ? graph.numAtoms : BLOCK_ROWS;
    for (int first = 0; first < graph.numAtoms; first += blockRows) {
        task.firstRow = first;
        task.numRows = std::min(blockRows, graph.numAtoms - first);
        task.biasStride = (long) task.numRows * graph.paddedAtoms;
        if (keeps)
            task.bias = workspace.bias.data() + (std::size_t) layer * settings.numHeads * task.biasStride;
        else {
            pairFeatures(model, graph, conditioning, {layer * settings.numHeads, settings.numHeads, first,
                task.numRows}, workspace);
            task.bias = workspace.bias.data();
        }
        table.attention(task);
    }

    // (4.14)

    LinearTask output = linearTask(weights.output, graph.numAtoms, workspace.attended.data(),
        workspace.attentionStride);
    output.gate = conditioning.layer(model, layer, 2);
    output.out = workspace.x.data();
    output.outStride = workspace.widthStride;
    table.linear(output, Epilogue::Residual);
}

} // namespace cpu
} // namespace OrbitPlugin
