// SPDX-License-Identifier: MIT
// Sizes the arrays of a thread, and what several stages of the gated transformer do with rows.
#include "../GatedStages.h"

namespace OrbitPlugin {
namespace cpu {

void GatedWorkspace::reserve(const PackedGatedWeights& weights, const std::vector<Pass>& passes) {
    const PairBiasTransformerSettings& s = weights.settings;
    widthStride = weights.widthStride;
    qkvStride = roundUp(3 * s.width, ROW_PADDING);
    attendedStride = roundUp(s.width + 3 * s.numHeads, ROW_PADDING);
    hiddenStride = roundUp(s.transitionFactor * s.width, ROW_PADDING);
    for (const Pass& pass : passes) {
        const std::size_t rows = pass.numRows + pass.places.size() * weights.gated.numRegisters;
        for (AlignedBuffer* buffer : {&x, &a, &gates})
            buffer->reserve(rows * widthStride);
        qkv.reserve(rows * qkvStride);
        attended.reserve(rows * attendedStride);
        hidden.reserve(rows * hiddenStride);
        headRows.reserve(rows * ROW_PADDING);
        bias.reserve(pass.numWords);
        if (weights.keepsPairs())
            projected.reserve(rows * weights.projectedStride);
    }
    reserveScratch(weights, passes);
}

void GatedWorkspace::reserveScratch(const PackedGatedWeights& weights, const std::vector<Pass>& passes) {
    const int headWidth = weights.settings.width / weights.settings.numHeads;
    for (const Pass& pass : passes)
        for (const PassCopy& copy : pass.places) {
            const int numRows = weights.gated.numRegisters + copy.numTokens;
            scratch.reserve(weights.table.attentionScratch(numRows, headWidth));
            pairs.reserve((std::size_t) numRows * weights.pairStride);
            biasRows.reserve((std::size_t) numRows * weights.biasStride);
            for (AlignedBuffer* buffer : {&pairsA, &pairsB})
                if (weights.keepsPairs())
                    buffer->reserve((std::size_t) numRows * std::max(weights.projectedStride, weights.triangleStride));
            nowhere.reserve(3 * roundUp(numRows, NEIGHBOR_PADDING));
        }
}

void normalizeRows(const KernelTable& table, const float* x, int numRows, long stride, const PackedNorm& norm,
        float* out) {
    LayerNormTask task{};
    task.x = x;
    task.xStride = stride;
    task.numRows = numRows;
    task.width = (int) norm.weight.size();
    task.scale = norm.weight.data();
    task.shift = norm.bias.data();
    task.out = out;
    task.outStride = stride;
    table.layerNorm(task);
}

void modulateRows(const GatedPass& pass, int layer, int half, const GatedShare& share) {
    GatedWorkspace& workspace = share.common;
    forEachSegment(pass, share, [&](int first, int end, const GatedConditioning& conditioning) {
        LayerNormTask task{};
        task.x = workspace.x.data() + (std::size_t) first * workspace.widthStride;
        task.xStride = workspace.widthStride;
        task.numRows = end - first;
        task.width = pass.weights.settings.width;
        task.scale = conditioning.layer(pass.weights, layer, 3 * half + 1);
        task.shift = conditioning.layer(pass.weights, layer, 3 * half);
        task.out = workspace.a.data() + (std::size_t) first * workspace.widthStride;
        task.outStride = workspace.widthStride;
        pass.weights.table.layerNorm(task);
    });
}

void addGated(const GatedPass& pass, int layer, int half, const GatedShare& share) {
    GatedWorkspace& workspace = share.common;
    forEachSegment(pass, share, [&](int first, int end, const GatedConditioning& conditioning) {
        const float* gate = conditioning.layer(pass.weights, layer, 3 * half + 2);
        for (std::size_t row = first; row < (std::size_t) end; row++) {
            float* x = workspace.x.data() + row * workspace.widthStride;
            const float* value = workspace.gates.data() + row * workspace.widthStride;
            for (int c = 0; c < pass.weights.settings.width; c++)
                x[c] += gate[c] * value[c];
        }
    });
}

} // namespace cpu
} // namespace OrbitPlugin
