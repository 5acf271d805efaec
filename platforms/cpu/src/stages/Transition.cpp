// SPDX-License-Identifier: MIT
// Stage transition on the CPU: normalisation, gated hidden layer, and the gated output added to the residual stream.
#include "GatedStages.h"

namespace OrbitPlugin {
namespace cpu {

void transition(const PairBiasPass& pass, int layer, const Share& share) {
    PairBiasWorkspace& workspace = share.common;
    const KernelTable& table = *pass.weights.kernels.operand;
    const PackedLayer& weights = pass.weights.layers[layer];

    // (4.15)

    normalizeRows(table, pass.weights.settings.width, pass.modulation(layer, 4), pass.modulation(layer, 3), share);

    // (4.16), with the SiLU(g) v of (4.17)

    LinearTask up = linearTask(weights.up, share, workspace.a, workspace.widthStride);
    up.out = rowsOf(share, workspace.hidden, workspace.hiddenStride);
    up.outStride = workspace.hiddenStride;
    table.linear(up, Epilogue::SwiGlu);

    // (4.17)

    LinearTask down = linearTask(weights.down, share, workspace.hidden, workspace.hiddenStride);
    down.gate = pass.modulation(layer, 5);
    down.out = rowsOf(share, workspace.x, workspace.widthStride);
    down.outStride = workspace.widthStride;
    table.linear(down, Epilogue::Residual);
}

void transition(const GatedPass& pass, int layer, const GatedShare& share) {
    // The same without biases, and with a modulation of their own for registers.

    GatedWorkspace& workspace = share.common;
    const PackedGatedLayer& weights = pass.weights.layers[layer];
    modulateRows(pass, layer, 1, share);
    pass.weights.table.linear(startRows(weights.up, share, workspace.a, workspace.widthStride, workspace.hidden,
            workspace.hiddenStride), Epilogue::SwiGlu);
    pass.weights.table.linear(startRows(weights.down, share, workspace.hidden, workspace.hiddenStride, workspace.gates,
            workspace.widthStride), Epilogue::Store);
    addGated(pass, layer, 1, share);
}

} // namespace cpu
} // namespace OrbitPlugin
