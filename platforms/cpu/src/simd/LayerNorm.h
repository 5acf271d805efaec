// SPDX-License-Identifier: MIT
// Layer normalisation of rows, with one scale and one shift a channel.
#ifndef OPENMM_ORBIT_CPU_LAYERNORM_H_
#define OPENMM_ORBIT_CPU_LAYERNORM_H_

#include "../KernelTable.h"
#include "Operand.h"

namespace OrbitPlugin {
namespace cpu {
namespace ORBIT_SIMD {

static void layerNorm(const LayerNormTask& task) {
    const float epsilon = 1e-5f;
    int width = task.width, whole = width / LANES * LANES;
    float inverseWidth = 1.0f / width;
    for (int i = 0; i < task.numRows; i++) {
        const float* x = task.x + i * task.xStride;
        Vec sums{};
        for (int c = 0; c < whole; c += LANES)
            sums += load(x + c);
        float mean = sumOfLanes(sums);
        for (int c = whole; c < width; c++)
            mean += x[c];
        mean *= inverseWidth;
        Vec squares{};
        for (int c = 0; c < whole; c += LANES) {
            Vec deviation = load(x + c) - mean;
            squares += deviation * deviation;
        }
        float variance = sumOfLanes(squares);
        for (int c = whole; c < width; c++)
            variance += (x[c] - mean) * (x[c] - mean);
        float inverse = 1.0f / __builtin_sqrtf(variance * inverseWidth + epsilon);
        float* out = task.out + i * task.outStride;
        for (int c = 0; c < whole; c += LANES)
            storeOperand(out, c, (load(x + c) - mean) * inverse * load(task.scale + c) + load(task.shift + c));
        for (int c = whole; c < width; c++)
            storeOperandElement(out, c, (x[c] - mean) * inverse * task.scale[c] + task.shift[c]);
#if ORBIT_TILES
        for (int c = width; c % (2 * TILE_SIZE) != 0; c++)
            storeOperandElement(out, c, 0);
#endif
    }
}

} // namespace ORBIT_SIMD
} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_LAYERNORM_H_
