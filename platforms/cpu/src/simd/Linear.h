// SPDX-License-Identifier: MIT
// Linear layers on packed weights, with the epilogue in registers, and layer normalisation.
#ifndef OPENMM_ORBIT_CPU_LINEAR_H_
#define OPENMM_ORBIT_CPU_LINEAR_H_

#include "../KernelTable.h"
#include "MatrixTile.h"

namespace OrbitPlugin {
namespace cpu {
namespace ORBIT_SIMD {

template <Epilogue EPILOGUE, bool FLOAT_OUTPUT>
struct LinearTile {
    const LinearTask& task;
    int panel;

    template <int ROWS>
    ORBIT_INLINE_MEMBER void run(int firstRow) const {
        Vec acc[ROWS][TILE_VECTORS];
        multiplyTile<ROWS, TILE_VECTORS>(task.a + firstRow * task.aStride, task.aStride,
            task.panels + (long) panel * task.depth * TILE_COLUMNS, TILE_COLUMNS, task.depth, acc);
        const float* bias = task.bias + (long) panel * TILE_COLUMNS;
        float* out = task.out + firstRow * task.outStride;
        if constexpr (EPILOGUE == Epilogue::SwiGlu) {
            constexpr int HALF = TILE_VECTORS / 2;
#pragma GCC unroll 8
            for (int v = 0; v < HALF; v++) {
                Vec gateBias = load(bias + v * LANES), valueBias = load(bias + (v + HALF) * LANES);
#pragma GCC unroll 8
                for (int r = 0; r < ROWS; r++)
                    storeOperand(out + r * task.outStride, ((long) panel * HALF + v) * LANES,
                        silu(acc[r][v] + gateBias) * (acc[r][v + HALF] + valueBias));
            }
        }
        else {
#pragma GCC unroll 8
            for (int v = 0; v < TILE_VECTORS; v++) {
                long column = ((long) panel * TILE_VECTORS + v) * LANES;
                Vec columnBias = load(bias + v * LANES);
                Vec gate = EPILOGUE == Epilogue::Residual ? load(task.gate + column) : Vec{};
#pragma GCC unroll 8
                for (int r = 0; r < ROWS; r++) {
                    float* row = out + r * task.outStride;
                    Vec value = acc[r][v] + columnBias;
                    if constexpr (EPILOGUE == Epilogue::Residual)
                        store(row + column, load(row + column) + gate * value);
                    else if constexpr (FLOAT_OUTPUT)
                        store(row + column, value);
                    else
                        storeOperand(row, column, value);
                }
            }
        }
    }
};

template <Epilogue EPILOGUE, bool FLOAT_OUTPUT>
static void runLinear(const LinearTask& task) {
    // Panels outside, rows inside: a panel stays in the first-level cache while all rows meet it.
    for (int panel = 0; panel < task.numPanels; panel++)
        forEachRowTile(task.numRows, LinearTile<EPILOGUE, FLOAT_OUTPUT>{task, panel});
}

static void linear(const LinearTask& task, Epilogue epilogue) {
    switch (epilogue) {
        case Epilogue::Residual: runLinear<Epilogue::Residual, true>(task); break;
        case Epilogue::SwiGlu: runLinear<Epilogue::SwiGlu, false>(task); break;
        default:
            if (task.floatOutput || PER_WORD == 1)
                runLinear<Epilogue::Store, true>(task);
            else
                runLinear<Epilogue::Store, false>(task);
    }
}

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
    }
}

} // namespace ORBIT_SIMD
} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_LINEAR_H_
