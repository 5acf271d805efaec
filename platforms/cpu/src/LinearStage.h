// SPDX-License-Identifier: MIT
// Helpers that fill the tasks of linear layers and layer normalisation, and apply a layer.
#ifndef OPENMM_ORBIT_CPU_LINEARSTAGE_H_
#define OPENMM_ORBIT_CPU_LINEARSTAGE_H_

#include "CpuStages.h"

namespace OrbitPlugin {
namespace cpu {

/** Get a thread's first row of an array of the pass. */
inline float* rowsOf(const RowShare& share, AlignedBuffer& array, long stride) {
    return array.data() + share.firstRow * stride;
}

/** Start the task of a layer on a thread's rows; gate and output are the caller's. */
inline LinearTask linearTask(const PackedLinear& layer, const RowShare& share, AlignedBuffer& a, long aStride) {
    LinearTask task = startTask(layer);
    task.a = rowsOf(share, a, aStride);
    task.aStride = aStride;
    task.numRows = share.numRows;
    return task;
}

/** Apply a layer to rows; the output is floats. */
inline void applyLayer(const KernelTable& table, const PackedLinear& layer, const float* a, long aStride, int numRows,
        float* out, long outStride, Epilogue epilogue = Epilogue::Store) {
    LinearTask task = startTask(layer);
    task.a = a;
    task.aStride = aStride;
    task.numRows = numRows;
    task.out = out;
    task.outStride = outStride;
    task.floatOutput = true;
    table.linear(task, epilogue);
}

/** Apply a layer to one vector, likewise. */
inline void applyToVector(const KernelTable& table, const PackedLinear& layer, const float* in, float* out,
        Epilogue epilogue = Epilogue::Store) {
    applyLayer(table, layer, in, layer.depth, 1, out, 0, epilogue);
}

/** a = LN(x) scale + shift for a thread's rows. */
inline void normalizeRows(
        const KernelTable& table, int width, const float* scale, const float* shift, const Share& share) {
    PairBiasWorkspace& workspace = share.common;
    LayerNormTask task{};
    task.x = rowsOf(share, workspace.x, workspace.widthStride);
    task.xStride = workspace.widthStride;
    task.numRows = share.numRows;
    task.width = width;
    task.scale = scale;
    task.shift = shift;
    task.out = rowsOf(share, workspace.a, workspace.widthStride);
    task.outStride = workspace.widthStride;
    table.layerNorm(task);
}

} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_LINEARSTAGE_H_
