// SPDX-License-Identifier: MIT
// Helpers that fill the tasks of linear layers and layer normalisation.
#ifndef OPENMM_ORBIT_CPU_LINEARSTAGE_H_
#define OPENMM_ORBIT_CPU_LINEARSTAGE_H_

#include "Workspace.h"

namespace OrbitPlugin {
namespace cpu {

/** Start the task of a layer on rows; gate and output are the caller's. */
inline LinearTask linearTask(const PackedLinear& layer, int numRows, const float* a, long aStride) {
    LinearTask task{};
    task.a = a;
    task.aStride = aStride;
    task.numRows = numRows;
    task.panels = layer.panels.data();
    task.bias = layer.bias.data();
    task.numPanels = layer.numPanels;
    task.depth = layer.depth;
    return task;
}

/** workspace.a = LN(workspace.x) scale + shift. */
inline void normalizeRows(const KernelTable& table, const PackedModel& model, int numRows, const float* scale,
        const float* shift, Workspace& workspace) {
    LayerNormTask task{};
    task.x = workspace.x.data();
    task.xStride = workspace.widthStride;
    task.numRows = numRows;
    task.width = model.settings.width;
    task.scale = scale;
    task.shift = shift;
    task.out = workspace.a.data();
    task.outStride = workspace.widthStride;
    table.layerNorm(task);
}

} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_LINEARSTAGE_H_
