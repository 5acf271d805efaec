// SPDX-License-Identifier: MIT
// Stage pairBiasAttention on the CPU: normalisation, q k v, all heads, and the gated output added to the tokens.
#include "CpuStages.h"
#include "LinearStage.h"
#include "openmmorbit/internal/stages/Points.h"
#include <algorithm>

namespace OrbitPlugin {
namespace cpu {

namespace {

/** A thread's rows of one copy, all at once where the biases of all layers are kept. */
void attend(const PairBiasPass& pass, const PassCopy& copy, int layer, const Share& share) {
    const PairBiasWeights& weights = pass.weights;
    PairBiasWorkspace& workspace = share.common;
    const PairBiasTransformerSettings& settings = weights.settings;
    AttentionTask task{};
    task.numTokens = copy.numTokens;
    task.paddedTokens = copy.paddedTokens;
    task.numHeads = settings.numHeads;
    task.headWidth = settings.width / settings.numHeads;
    task.qkv = workspace.qkv.data() + (std::size_t) copy.firstRow * workspace.qkvStride;
    task.qkvStride = workspace.qkvStride;
    task.coordinates = workspace.coordinates.data() + 3 * settings.pointsPerToken * copy.firstPaddedRow;
    task.out = workspace.attended.data() + (std::size_t) copy.firstRow * workspace.attentionStride;
    task.outStride = workspace.attentionStride;
    task.scratch = share.own.scratch.data();
    task.pointsPerToken = settings.pointsPerToken;
    task.referencePoint = getReferencePoint(settings.pointsPerToken);
    const bool keeps = keepsAllBiases(weights, copy);
    const RowRange range = share.getRows(copy);
    const int blockRows = keeps ? copy.numTokens : BLOCK_ROWS;
    for (int first = range.firstRow; first < range.endRow; first += blockRows) {
        task.firstRow = first;
        task.numRows = std::min(blockRows, range.endRow - first);
        task.biasStride = (long) (keeps ? copy.numTokens : task.numRows) * copy.paddedTokens;
        if (keeps)
            task.bias = workspace.bias.data() + copy.firstWord + layer * settings.numHeads * task.biasStride +
                    (std::size_t) first * copy.paddedTokens;
        else {
            pairFeatures(pass, copy, {layer * settings.numHeads, settings.numHeads, first, task.numRows}, share);
            task.bias = share.own.bias.data();
        }
        weights.kernels.operand->attention(task);
    }
}

} // namespace

void pairBiasAttention(const PairBiasPass& pass, int layer, const Share& share) {
    PairBiasWorkspace& workspace = share.common;
    const KernelTable& table = *pass.weights.kernels.operand;
    const PackedLayer& weights = pass.weights.layers[layer];

    // (4.10)

    normalizeRows(table, pass.weights.settings.width, pass.modulation(layer, 1), pass.modulation(layer, 0), share);

    // (4.11), when all threads have used the keys and values of the layer before

    share.wait();
    LinearTask qkv = linearTask(weights.qkv, share, workspace.a, workspace.widthStride);
    qkv.out = rowsOf(share, workspace.qkv, workspace.qkvStride);
    qkv.outStride = workspace.qkvStride;
    table.linear(qkv, Epilogue::Store);
    share.wait();

    // (4.12), (4.13)

    for (const PassCopy& copy : pass.pass.places)
        attend(pass, copy, layer, share);

    // (4.14)

    LinearTask output = linearTask(weights.output, share, workspace.attended, workspace.attentionStride);
    output.gate = pass.modulation(layer, 2);
    output.out = rowsOf(share, workspace.x, workspace.widthStride);
    output.outStride = workspace.widthStride;
    table.linear(output, Epilogue::Residual);
}

} // namespace cpu
} // namespace OrbitPlugin
