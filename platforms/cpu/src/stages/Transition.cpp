// SPDX-License-Identifier: MIT
// Stage transition on the CPU: normalisation, gated hidden layer, and the gated output added to the residual stream.
#include "CpuStages.h"
#include "LinearStage.h"

namespace OrbitPlugin {
namespace cpu {

void transition(const PackedModel& model, const PackedGraph& graph, const Conditioning& conditioning, int layer,
        Workspace& workspace) {
    const KernelTable& table = *model.kernels.operand;
    const PackedLayer& weights = model.layers[layer];

    // (4.15)

    normalizeRows(table, model, graph.numAtoms, conditioning.layer(model, layer, 4),
        conditioning.layer(model, layer, 3), workspace);

    // (4.16), with the SiLU(g) v of (4.17)

    LinearTask up = linearTask(weights.up, graph.numAtoms, workspace.a.data(), workspace.widthStride);
    up.out = workspace.hidden.data();
    up.outStride = workspace.hiddenStride;
    table.linear(up, Epilogue::SwiGlu);

    // (4.17)

    LinearTask down = linearTask(weights.down, graph.numAtoms, workspace.hidden.data(), workspace.hiddenStride);
    down.gate = conditioning.layer(model, layer, 5);
    down.out = workspace.x.data();
    down.outStride = workspace.widthStride;
    table.linear(down, Epilogue::Residual);
}

} // namespace cpu
} // namespace OrbitPlugin
