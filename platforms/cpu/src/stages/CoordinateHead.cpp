// SPDX-License-Identifier: MIT
// Stage coordinateHead on the CPU, in single precision whatever the operands of the layers are.
#include "GatedStages.h"

namespace OrbitPlugin {
namespace cpu {

void coordinateHead(const PairBiasPass& pass, ArrayView<double> F, const Share& share) {
    const PairBiasWeights& weights = pass.weights;
    PairBiasWorkspace& workspace = share.common;
    const KernelTable& table = *weights.kernels.single;

    // (4.18)

    normalizeRows(table, weights.settings.width, pass.conditioning.head(weights, 1), pass.conditioning.head(weights, 0),
            share);
    LinearTask head = linearTask(weights.head, share, workspace.a, workspace.widthStride);
    head.out = rowsOf(share, workspace.headRows, ROW_PADDING);
    head.outStride = ROW_PADDING;
    head.floatOutput = true;
    table.linear(head, Epilogue::Store);
    share.wait();
    const int components = 3 * weights.settings.pointsPerToken;
    for (const PassCopy& copy : pass.pass.places) {
        const int numTokens = copy.numTokens, numPoints = numTokens * weights.settings.pointsPerToken;
        const float* rows = workspace.headRows.data() + (std::size_t) copy.firstRow * ROW_PADDING;
        double* output = F.data() + 3 * (std::size_t) copy.firstPoint;
        double mean[3] = {0, 0, 0};
        for (int i = 0; i < numTokens; i++)
            for (int k = 0; k < components; k++)
                mean[k % 3] += rows[i * ROW_PADDING + k];
        const RowRange range = share.getRows(copy);
        for (int i = range.firstRow; i < range.endRow; i++)
            for (int k = 0; k < components; k++)
                output[components * i + k] = rows[i * ROW_PADDING + k] - mean[k % 3] / numPoints;
    }
}

void coordinateHead(const GatedPass& pass, ArrayView<double> F, const GatedShare& share) {
    // The same of the tokens behind the registers, modulated by weights of its own.

    GatedWorkspace& workspace = share.common;
    const KernelTable& table = pass.weights.table;
    const std::size_t offset = (std::size_t) share.firstRow * workspace.widthStride;
    normalizeRows(table, workspace.x.data() + offset, share.numRows, workspace.widthStride, pass.weights.headNorm,
            workspace.a.data() + offset);
    table.linear(startRows(pass.weights.head, share, workspace.a, workspace.widthStride, workspace.headRows,
            ROW_PADDING), Epilogue::Store);
    share.wait();
    const int R = pass.weights.gated.numRegisters;
    for (int copy = 0; copy < (int) pass.pass.places.size(); copy++) {
        const PassCopy& place = pass.pass.places[copy];
        const float* rows = workspace.headRows.data() + (std::size_t) (pass.getFirstRow(copy) + R) * ROW_PADDING;
        double mean[3] = {0, 0, 0};
        for (int i = 0; i < place.numTokens; i++)
            for (int k = 0; k < 3; k++)
                mean[k] += rows[i * ROW_PADDING + k] / place.numTokens;
        const RowRange range = share.getRows(pass, copy);
        for (int row = std::max(R, range.firstRow); row < range.endRow; row++)
            for (int k = 0; k < 3; k++)
                F[3 * (std::size_t) (place.firstPoint + row - R) + k] = rows[(row - R) * ROW_PADDING + k] - mean[k];
    }
}

} // namespace cpu
} // namespace OrbitPlugin
