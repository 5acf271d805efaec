// SPDX-License-Identifier: MIT
// Linear layers on packed weights, with the epilogue in registers, and layer normalisation.
#ifndef OPENMM_ORBIT_CPU_LINEAR_H_
#define OPENMM_ORBIT_CPU_LINEAR_H_

#include "../KernelTable.h"
#include "MatrixTile.h"

namespace OrbitPlugin {
namespace cpu {
namespace ORBIT_SIMD {

/**
 * The product of one tile of rows with one panel. Meanwhile the next panel is fetched, so that no tile waits for a
 * cache further away: where one row of a panel is one cache line the first tile fetches all of the next panel, where it
 * is four a half, and the second tile the other half. Later tiles ask for what is there already.
 */
template <int ROWS>
ORBIT_INLINE void multiplyPanel(const LinearTask& task, int panel, int firstRow, Vec (&acc)[ROWS][TILE_VECTORS]) {
    constexpr int LINES = TILE_COLUMNS / FLOATS_PER_LINE, FETCHED = LINES > 1 ? LINES / 2 : LINES;
    long panelWords = (long) task.depth * TILE_COLUMNS;
    const float* current = task.panels + panel * panelWords;
    const float* ahead = current + panelWords;
    if (LINES > 1 && firstRow > 0 && firstRow <= TILE_ROWS)
        ahead += panelWords / 2;
    multiplyTile<ROWS, TILE_VECTORS, FETCHED>(task.a + firstRow * task.aStride, task.aStride, current, TILE_COLUMNS,
        task.depth, acc, ahead);
}

/** The product of one tile in memory. Not inlined, so that nothing else competes for the registers of the tile. */
template <int ROWS>
static __attribute__((noinline)) void multiplyPanelInto(const LinearTask& task, int panel, int firstRow, float* tile) {
    Vec acc[ROWS][TILE_VECTORS];
    multiplyPanel<ROWS>(task, panel, firstRow, acc);
#pragma GCC unroll 8
    for (int r = 0; r < ROWS; r++)
#pragma GCC unroll 8
        for (int v = 0; v < TILE_VECTORS; v++)
            store(tile + r * TILE_COLUMNS + v * LANES, acc[r][v]);
}

/** (4.16), (4.17): half a panel of SiLU(g) v from a tile of gates and values. */
static __attribute__((noinline)) void swiGlu(const LinearTask& task, int panel, int firstRow, int numRows,
        const float* tile) {
    constexpr int HALF = TILE_VECTORS / 2;
    const float* bias = task.bias + (long) panel * TILE_COLUMNS;
    float* out = task.out + firstRow * task.outStride;
    for (int r = 0; r < numRows; r++, tile += TILE_COLUMNS, out += task.outStride) {
#pragma GCC unroll 8
        for (int v = 0; v < HALF; v++) {
            Vec gate = load(tile + v * LANES) + load(bias + v * LANES);
            Vec value = load(tile + (v + HALF) * LANES) + load(bias + (v + HALF) * LANES);
            storeOperand(out, ((long) panel * HALF + v) * LANES, silu(gate) * value);
        }
    }
}

struct SwiGluTile {
    const LinearTask& task;
    int panel;

    template <int ROWS>
    ORBIT_INLINE_MEMBER void run(int firstRow) const {
        float tile[ROWS * TILE_COLUMNS];
        multiplyPanelInto<ROWS>(task, panel, firstRow, tile);
        swiGlu(task, panel, firstRow, ROWS, tile);
    }
};

template <Epilogue EPILOGUE, bool FLOAT_OUTPUT>
struct LinearTile {
    const LinearTask& task;
    int panel;

    template <int ROWS>
    ORBIT_INLINE_MEMBER void run(int firstRow) const {
        Vec acc[ROWS][TILE_VECTORS];
        multiplyPanel<ROWS>(task, panel, firstRow, acc);
        const float* bias = task.bias + (long) panel * TILE_COLUMNS;
        float* out = task.out + firstRow * task.outStride;
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
        case Epilogue::SwiGlu:
            for (int panel = 0; panel < task.numPanels; panel++)
                forEachRowTile(task.numRows, SwiGluTile{task, panel});
            break;
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
