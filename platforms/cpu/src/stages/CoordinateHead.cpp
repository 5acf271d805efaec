// SPDX-License-Identifier: MIT
// Stage coordinateHead on the CPU, in single precision whatever the operands of the layers are.
#include "CpuStages.h"
#include "LinearStage.h"

namespace OrbitPlugin {
namespace cpu {

void coordinateHead(const PackedModel& model, const PackedGraph& graph, const Conditioning& conditioning,
        const Share& share) {
    Workspace& workspace = share.common;
    const KernelTable& table = *model.kernels.single;

    // (4.18)

    normalizeRows(table, model, conditioning.head(model, 1), conditioning.head(model, 0), share);
    LinearTask head = linearTask(model.head, share, workspace.a, workspace.widthStride);
    head.out = rowsOf(share, workspace.headRows, ROW_PADDING);
    head.outStride = ROW_PADDING;
    head.floatOutput = true;
    table.linear(head, Epilogue::Store);
    share.wait();
    double mean[3] = {0, 0, 0};
    for (int i = 0; i < graph.numAtoms; i++)
        for (int k = 0; k < 3; k++)
            mean[k] += workspace.headRows.data()[i * ROW_PADDING + k];
    for (int i = share.firstRow; i < share.firstRow + share.numRows; i++)
        for (int k = 0; k < 3; k++)
            workspace.output[3 * i + k] = workspace.headRows.data()[i * ROW_PADDING + k] - mean[k] / graph.numAtoms;
}

} // namespace cpu
} // namespace OrbitPlugin
