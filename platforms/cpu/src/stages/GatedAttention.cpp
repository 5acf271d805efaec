// SPDX-License-Identifier: MIT
// Stage gatedAttention on the CPU: normalisations, q k v, all heads, the tokens' gates and the output.
#include "GatedStages.h"

namespace OrbitPlugin {
namespace cpu {

namespace {

/** A thread's rows of one copy. */
void attend(const GatedPass& pass, int copy, int layer, const GatedShare& share) {
    const PairBiasTransformerSettings& settings = pass.weights.settings;
    GatedWorkspace& workspace = share.common;
    const RowRange range = share.getRows(pass, copy);
    if (range.firstRow >= range.endRow)
        return;
    const std::size_t first = pass.getFirstRow(copy);
    AttentionTask task{};
    task.numTokens = pass.countRows(copy);
    task.paddedTokens = roundUp(task.numTokens, NEIGHBOR_PADDING);
    task.numHeads = settings.numHeads;
    task.headWidth = settings.width / settings.numHeads;
    task.firstRow = range.firstRow;
    task.numRows = range.endRow - range.firstRow;
    task.qkv = workspace.qkv.data() + first * workspace.qkvStride;
    task.qkvStride = workspace.qkvStride;
    task.coordinates = share.own.nowhere.data();
    task.biasStride = (long) task.numTokens * task.paddedTokens;
    const int layerOfBias = pass.weights.keepsPairs() ? 0 : layer;
    task.bias = workspace.bias.data() + pass.pass.places[copy].firstWord +
            layerOfBias * settings.numHeads * task.biasStride + (std::size_t) range.firstRow * task.paddedTokens;
    task.out = workspace.attended.data() + first * workspace.attendedStride;
    task.outStride = workspace.attendedStride;
    task.scratch = share.own.scratch.data();
    task.pointsPerToken = 1;
    pass.weights.table.attention(task);
}

/** o times the sigmoid of the tokens' gates. */
void applyGates(const GatedPass& pass, const GatedShare& share) {
    GatedWorkspace& workspace = share.common;
    for (std::size_t row = share.firstRow; row < (std::size_t) (share.firstRow + share.numRows); row++) {
        float* gate = workspace.gates.data() + row * workspace.widthStride;
        float* o = workspace.attended.data() + row * workspace.attendedStride;
        for (int c = 0; c < workspace.widthStride; c++)
            gate[c] = -gate[c];
        pass.weights.table.exponential(gate, gate, workspace.widthStride);
        for (int c = 0; c < pass.weights.settings.width; c++)
            o[c] /= 1 + gate[c];
    }
}

} // namespace

void gatedAttention(const GatedPass& pass, int layer, const GatedShare& share) {
    GatedWorkspace& workspace = share.common;
    const KernelTable& table = pass.weights.table;
    const PackedGatedLayer& weights = pass.weights.layers[layer];
    const int width = pass.weights.settings.width;

    // (9.8)

    modulateRows(pass, layer, 0, share);
    float* a = workspace.a.data() + (std::size_t) share.firstRow * workspace.widthStride;
    normalizeRows(table, a, share.numRows, workspace.widthStride, weights.norm, a);

    // (9.9), when all threads have used the keys and values of the layer before

    share.wait();
    table.linear(startRows(weights.qkv, share, workspace.a, workspace.widthStride, workspace.qkv, workspace.qkvStride),
            Epilogue::Store);
    float* qkv = workspace.qkv.data() + (std::size_t) share.firstRow * workspace.qkvStride;
    normalizeRows(table, qkv, share.numRows, workspace.qkvStride, weights.queryNorm, qkv);
    normalizeRows(table, qkv + width, share.numRows, workspace.qkvStride, weights.keyNorm, qkv + width);
    share.wait();

    // (9.10)

    for (int copy = 0; copy < (int) pass.pass.places.size(); copy++)
        attend(pass, copy, layer, share);

    // (9.11)

    table.linear(startRows(weights.gate, share, workspace.a, workspace.widthStride, workspace.gates,
            workspace.widthStride), Epilogue::Store);
    applyGates(pass, share);
    table.linear(startRows(weights.output, share, workspace.attended, workspace.attendedStride, workspace.gates,
            workspace.widthStride), Epilogue::Store);
    addGated(pass, layer, 0, share);
}

} // namespace cpu
} // namespace OrbitPlugin
