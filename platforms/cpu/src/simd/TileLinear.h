// SPDX-License-Identifier: MIT
// Linear layers on tiles: blocks of 32 rows times 32 columns, each one's epilogue beside the products of the next.
#ifndef OPENMM_ORBIT_CPU_TILELINEAR_H_
#define OPENMM_ORBIT_CPU_TILELINEAR_H_

#include "../KernelTable.h"
#include "Tiles.h"

namespace OrbitPlugin {
namespace cpu {
namespace ORBIT_SIMD {

constexpr int BLOCK_SIZE = 2 * TILE_HEIGHT;             // rows and columns of a block
constexpr int STEP_WORDS = 2 * TILE_HEIGHT * TILE_WORDS;// of a panel: two tiles side by side

/** Rows of a layer times one panel. */
struct TileBlock {
    int panel, firstRow, numRows;
};

/** The epilogue of rows begin to end - 1 of a block, whose sums are in a buffer [BLOCK_SIZE][BLOCK_SIZE]. */
template <Epilogue EPILOGUE, bool FLOAT_OUTPUT>
ORBIT_INLINE void finishRows(const LinearTask& task, const TileBlock& block, const float* sums, int begin, int end) {
    const float* bias = task.bias + (long) block.panel * BLOCK_SIZE;
    const Vec firstBias = load(bias), secondBias = load(bias + LANES);
    float* out = task.out + block.firstRow * task.outStride;
    if constexpr (EPILOGUE == Epilogue::SwiGlu) {
        // (4.16), (4.17): the first tile's columns are gates, the second one's their values.

        for (int row = begin; row < end; row++) {
            const Vec gate = load(sums + row * BLOCK_SIZE) + firstBias;
            const Vec value = load(sums + row * BLOCK_SIZE + LANES) + secondBias;
            storeOperand(out + row * task.outStride, (long) block.panel * LANES, silu(gate) * value);
        }
    }
    else {
        const long column = (long) block.panel * BLOCK_SIZE;
        const bool residual = EPILOGUE == Epilogue::Residual;
        const Vec firstGate = residual ? load(task.gate + column) : Vec{};
        const Vec secondGate = residual ? load(task.gate + column + LANES) : Vec{};
        for (int row = begin; row < end; row++) {
            float* to = out + row * task.outStride;
            const Vec first = load(sums + row * BLOCK_SIZE) + firstBias;
            const Vec second = load(sums + row * BLOCK_SIZE + LANES) + secondBias;
            if constexpr (EPILOGUE == Epilogue::Residual) {
                store(to + column, load(to + column) + firstGate * first);
                store(to + column + LANES, load(to + column + LANES) + secondGate * second);
            }
            else if constexpr (FLOAT_OUTPUT) {
                store(to + column, first);
                store(to + column + LANES, second);
            }
            else
                storeOperands(to, column, first, second);
        }
    }
}

/** The products of a block, and meanwhile the epilogue of the one before, whose buffer it then takes. */
template <int ROW_TILES, Epilogue EPILOGUE, bool FLOAT_OUTPUT>
ORBIT_INLINE void multiplyBlock(const LinearTask& task, Tiles& tiles, const TileBlock& block, const TileBlock& before,
        float* sums) {
    const int numSteps = task.depth / TILE_WORDS;
    const float* a = task.a + block.firstRow * task.aStride;
    const float* b = task.panels + (long) block.panel * numSteps * STEP_WORDS;
    tiles.clear<0>();
    tiles.clear<1>();
    if constexpr (ROW_TILES == 2) {
        tiles.clear<2>();
        tiles.clear<3>();
    }
    for (int step = 0; step < numSteps; step++, a += TILE_WORDS, b += STEP_WORDS) {
        tiles.load<4>(a, task.aStride, block.numRows);
        tiles.load<6>(b, TILE_WORDS);
        tiles.multiply<0, 4, 6>();
        if constexpr (ROW_TILES == 2) {
            tiles.load<5>(a + TILE_HEIGHT * task.aStride, task.aStride, block.numRows - TILE_HEIGHT);
            tiles.multiply<2, 5, 6>();
        }
        tiles.load<7>(b + STEP_WORDS / 2, TILE_WORDS);
        tiles.multiply<1, 4, 7>();
        if constexpr (ROW_TILES == 2)
            tiles.multiply<3, 5, 7>();
        finishRows<EPILOGUE, FLOAT_OUTPUT>(task, before, sums, before.numRows * step / numSteps,
            before.numRows * (step + 1) / numSteps);
    }
    tiles.save<0>(sums, BLOCK_SIZE);
    tiles.save<1>(sums + LANES, BLOCK_SIZE);
    if constexpr (ROW_TILES == 2) {
        tiles.save<2>(sums + TILE_HEIGHT * BLOCK_SIZE, BLOCK_SIZE);
        tiles.save<3>(sums + TILE_HEIGHT * BLOCK_SIZE + LANES, BLOCK_SIZE);
    }
}

template <Epilogue EPILOGUE, bool FLOAT_OUTPUT>
static void runBlocks(const LinearTask& given) {
    const LinearTask task = given;      // which stays in registers: no store can change it
    alignas(64) float sums[BLOCK_SIZE * BLOCK_SIZE];
    Tiles tiles;
    tiles.begin();
    TileBlock before = {0, 0, 0};
    for (int panel = 0; panel < task.numPanels; panel++)
        for (int row = 0; row < task.numRows; row += BLOCK_SIZE) {
            const int rest = task.numRows - row;
            const TileBlock block = {panel, row, rest < BLOCK_SIZE ? rest : BLOCK_SIZE};
            if (rest > TILE_HEIGHT)
                multiplyBlock<2, EPILOGUE, FLOAT_OUTPUT>(task, tiles, block, before, sums);
            else
                multiplyBlock<1, EPILOGUE, FLOAT_OUTPUT>(task, tiles, block, before, sums);
            before = block;
        }
    finishRows<EPILOGUE, FLOAT_OUTPUT>(task, before, sums, 0, before.numRows);
    tiles.end();
}

static void linearOnTiles(const LinearTask& task, Epilogue epilogue) {
    switch (epilogue) {
        case Epilogue::Residual: runBlocks<Epilogue::Residual, true>(task); break;
        case Epilogue::SwiGlu: runBlocks<Epilogue::SwiGlu, false>(task); break;
        default:
            if (task.floatOutput)
                runBlocks<Epilogue::Store, true>(task);
            else
                runBlocks<Epilogue::Store, false>(task);
    }
}

} // namespace ORBIT_SIMD
} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_TILELINEAR_H_
