// SPDX-License-Identifier: MIT
// Linear layers on packed weights, with the epilogue in registers.
#ifndef OPENMM_ORBIT_CPU_LINEAR_H_
#define OPENMM_ORBIT_CPU_LINEAR_H_

#include "../KernelTable.h"
#include "MatrixTile.h"

namespace OrbitPlugin {
namespace cpu {
namespace ORBIT_SIMD {

/**
 * The product of one tile of rows with one panel. Meanwhile the next panel is fetched, so that no tile waits for a
 * cache further away: where one row of a panel is at most one cache line the first tile fetches all of the next panel,
 * where it is more a half, and the second tile the other half. Later tiles ask for what is there already.
 */
template <int ROWS, bool HALVES>
ORBIT_INLINE void multiplyPanel(const LinearTask& task, int panel, int firstRow, Vec (&acc)[ROWS][TILE_VECTORS]) {
    constexpr int WORDS = HALVES ? TILE_COLUMNS / 2 : TILE_COLUMNS, LINES = WORDS / FLOATS_PER_LINE;
    constexpr int FETCHED = LINES > 1 ? LINES / 2 : 1, FETCHED_WORDS = LINES > 1 ? WORDS / 2 : WORDS;
    long panelWords = (long) task.depth * WORDS;
    const float* current = task.panels + panel * panelWords;
    const float* ahead = current + panelWords;
    if (LINES > 1 && firstRow > 0 && firstRow <= TILE_ROWS)
        ahead += panelWords / 2;
    multiplyTile<ROWS, TILE_VECTORS, FETCHED, HALVES>(task.a + firstRow * task.aStride, task.aStride, current, WORDS,
        task.depth, acc, ahead, FETCHED_WORDS);
}

/** The product of one tile in memory. Not inlined, so that nothing else competes for the registers of the tile. */
template <int ROWS, bool HALVES>
static __attribute__((noinline)) void multiplyPanelInto(const LinearTask& task, int panel, int firstRow, float* tile) {
    Vec acc[ROWS][TILE_VECTORS];
    multiplyPanel<ROWS, HALVES>(task, panel, firstRow, acc);
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

template <bool HALVES>
struct SwiGluTile {
    const LinearTask& task;
    int panel;

    template <int ROWS>
    ORBIT_INLINE_MEMBER void run(int firstRow) const {
        float tile[ROWS * TILE_COLUMNS];
        multiplyPanelInto<ROWS, HALVES>(task, panel, firstRow, tile);
        swiGlu(task, panel, firstRow, ROWS, tile);
    }
};

template <Epilogue EPILOGUE, bool FLOAT_OUTPUT, bool HALVES>
struct LinearTile {
    const LinearTask& task;
    int panel;

    template <int ROWS>
    ORBIT_INLINE_MEMBER void run(int firstRow) const {
        Vec acc[ROWS][TILE_VECTORS];
        multiplyPanel<ROWS, HALVES>(task, panel, firstRow, acc);
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

template <class TILE>
static void runPanels(const LinearTask& task) {
    // Panels outside, rows inside: a panel stays in the first-level cache while all rows meet it.
    for (int panel = 0; panel < task.numPanels; panel++)
        forEachRowTile(task.numRows, TILE{task, panel});
}

template <bool HALVES>
static void runLinear(const LinearTask& task, Epilogue epilogue) {
    switch (epilogue) {
        case Epilogue::Residual: runPanels<LinearTile<Epilogue::Residual, true, HALVES>>(task); break;
        case Epilogue::SwiGlu: runPanels<SwiGluTile<HALVES>>(task); break;
        default:
            if (task.floatOutput || PER_WORD == 1)
                runPanels<LinearTile<Epilogue::Store, true, HALVES>>(task);
            else
                runPanels<LinearTile<Epilogue::Store, false, HALVES>>(task);
    }
}

static void linear(const LinearTask& task, Epilogue epilogue) {
    if (PER_WORD == 1 && task.halves)
        runLinear<true>(task, epilogue);
    else
        runLinear<false>(task, epilogue);
}

} // namespace ORBIT_SIMD
} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_LINEAR_H_
