// SPDX-License-Identifier: MIT
// The pair stage of some tokens: lanes are neighbours, weights are broadcast, biases come out in attention's layout.
#ifndef OPENMM_ORBIT_CPU_PAIR_H_
#define OPENMM_ORBIT_CPU_PAIR_H_

#include "../KernelTable.h"
#include "MatrixTile.h"

namespace OrbitPlugin {
namespace cpu {
namespace ORBIT_SIMD {

/**
 * One token, and the columns of one block of its neighbours between two small layers. Operands of bf16 interleave two
 * channels a row.
 */
struct PairBlock {
    float* radial;      ///< [radialDepth][TILE_COLUMNS] of u, then of before
    float* first;       ///< [pairDepth][TILE_COLUMNS]
    float* second;      ///< [pairDepth][TILE_COLUMNS]
    int radialDepth, pairDepth;
    int row;            ///< of the task's rows
    const float* getEmbedding(const PairTask& task, int channel) const {
        return task.embedding + ((long) row * task.pairWidth + channel) * task.paddedTokens;
    }
    float* getBias(const PairTask& task, int channel) const {
        return task.bias + channel * task.biasStride + (long) row * task.paddedTokens;
    }
};

/** Get the number of distances that pairs see. */
ORBIT_INLINE int countSources(const PairTask& task) {
    return task.before == nullptr ? 1 : 2;
}

static long pairScratch(int pairWidth, int numRadial, int numBias) {
    return (long) (numRadial + 2 * pairWidth + 3 * TILE_ROWS) * TILE_COLUMNS;
}

/** (4.7) h1 = SiLU(W_r ρ + Σ_f pair.embedding + W_t cond) for tiles of channels. */
template <int VECTORS>
struct FirstPairTile {
    const PairTask& task;
    const PairBlock& block;
    int column;

    template <int ROWS>
    ORBIT_INLINE_MEMBER void run(int channel) const {
        Vec acc[ROWS][VECTORS];
        multiplyTile<ROWS, VECTORS>(task.radialWeight + channel * task.radialStride, task.radialStride, block.radial,
            TILE_COLUMNS, block.radialDepth, acc);
#pragma GCC unroll 8
        for (int r = 0; r < ROWS; r += PER_WORD)
#pragma GCC unroll 8
            for (int v = 0; v < VECTORS; v++) {
                Vec h1[PER_WORD] = {};
                for (int s = 0; s < PER_WORD && r + s < ROWS; s++) {
                    Vec embedded = load(block.getEmbedding(task, channel + r + s) + column + v * LANES);
                    h1[s] = silu(acc[r + s][v] + embedded + task.conditioning[channel + r + s]);
                }
                storeWords(block.first + (long) (channel + r) / PER_WORD * TILE_COLUMNS + v * LANES, h1);
            }
    }
};

/** (4.8) h2 = SiLU(W_2 h1 + b_2). */
template <int VECTORS>
struct SecondPairTile {
    const PairTask& task;
    const PairBlock& block;

    template <int ROWS>
    ORBIT_INLINE_MEMBER void run(int channel) const {
        Vec acc[ROWS][VECTORS];
        multiplyTile<ROWS, VECTORS>(task.hiddenWeight + (long) channel * block.pairDepth, block.pairDepth, block.first,
            TILE_COLUMNS, block.pairDepth, acc);
#pragma GCC unroll 8
        for (int r = 0; r < ROWS; r += PER_WORD)
#pragma GCC unroll 8
            for (int v = 0; v < VECTORS; v++) {
                Vec h2[PER_WORD] = {};
                for (int s = 0; s < PER_WORD && r + s < ROWS; s++)
                    h2[s] = silu(acc[r + s][v] + task.hiddenBias[channel + r + s]);
                storeWords(block.second + (long) (channel + r) / PER_WORD * TILE_COLUMNS + v * LANES, h2);
            }
    }
};

/** (4.9) bias = W_b h2 + b_b. */
template <int VECTORS>
struct BiasTile {
    const PairTask& task;
    const PairBlock& block;
    int column;

    template <int ROWS>
    ORBIT_INLINE_MEMBER void run(int channel) const {
        Vec acc[ROWS][VECTORS];
        multiplyTile<ROWS, VECTORS>(task.biasWeight + (long) channel * block.pairDepth, block.pairDepth, block.second,
            TILE_COLUMNS, block.pairDepth, acc);
#pragma GCC unroll 8
        for (int r = 0; r < ROWS; r++)
#pragma GCC unroll 8
            for (int v = 0; v < VECTORS; v++)
                store(block.getBias(task, channel + r) + column + v * LANES, acc[r][v] + task.biasBias[channel + r]);
    }
};

/** (4.6) radial functions of the distances to VECTORS * LANES neighbours. */
template <int VECTORS>
static void radialColumns(const PairTask& task, const PairBlock& block, const float* u, float* radial, int column) {
    const long padded = task.paddedTokens, i = task.firstRow + block.row;
    for (int v = 0; v < VECTORS; v++) {
        long j = column + v * LANES;
        Vec dx = load(u + j) - u[i], dy = load(u + padded + j) - u[padded + i],
            dz = load(u + 2 * padded + j) - u[2 * padded + i];
        float r[LANES];
        store(r, dx * dx + dy * dy + dz * dz);
        for (int lane = 0; lane < LANES; lane++)
            r[lane] = __builtin_sqrtf(r[lane]);
        Vec scaled = load(r) * task.inverseSpacing;
        for (int k = 0; k < task.numRadial; k += PER_WORD) {
            Vec values[PER_WORD] = {};
            for (int s = 0; s < PER_WORD; s++) {
                Vec distance = scaled - (float) (k + s);
                values[s] = exponentialBelow(distance * distance * -0.5f);
            }
            storeWords(radial + (long) k / PER_WORD * TILE_COLUMNS + v * LANES, values);
        }
    }
}

/** The layers of one block of neighbours in registers. */
struct PairLayers {
    template <int VECTORS>
    ORBIT_INLINE_MEMBER void run(const PairTask& task, const PairBlock& block, int column) {
        forEachRowTile<PER_WORD>(task.pairWidth, FirstPairTile<VECTORS>{task, block, column});
        forEachRowTile<PER_WORD>(task.pairWidth, SecondPairTile<VECTORS>{task, block});
        forEachRowTile(task.numBias, BiasTile<VECTORS>{task, block, column});
    }
};

template <int VECTORS, class LAYERS>
static void pairColumns(const PairTask& task, const PairBlock& block, int column, LAYERS& layers) {
    // The embeddings, which have left the caches since the last evaluation, arrive during the radial functions.

    for (int channel = 0; channel < task.pairWidth; channel++)
        for (int j = column; j < column + VECTORS * LANES; j += FLOATS_PER_LINE)
            __builtin_prefetch(block.getEmbedding(task, channel) + j);
    const long words = (long) numWords(task.numRadial) * TILE_COLUMNS;
    radialColumns<VECTORS>(task, block, task.coordinates, block.radial, column);
    if (task.before != nullptr)
        radialColumns<VECTORS>(task, block, task.before, block.radial + words, column);
    layers.template run<VECTORS>(task, block, column);
}

template <class LAYERS>
static void runPairs(const PairTask& task, LAYERS& layers) {
    PairBlock block;
    const int numSources = countSources(task);
    block.radialDepth = numSources * numWords(task.numRadial);
    block.pairDepth = numWords(task.pairWidth);
    block.radial = task.scratch;
    block.first = block.radial + (long) (numSources * task.numRadial + TILE_ROWS) * TILE_COLUMNS;
    block.second = block.first + (long) (task.pairWidth + TILE_ROWS) * TILE_COLUMNS;
    const int columns = (task.numTokens + LANES - 1) / LANES * LANES;
    for (block.row = 0; block.row < task.numRows; block.row++) {
        int column = 0;
        for (; column + TILE_COLUMNS <= columns; column += TILE_COLUMNS)
            pairColumns<TILE_VECTORS>(task, block, column, layers);
        const int rest = (columns - column) / LANES;
        if (TILE_VECTORS > 3 && rest == 3)
            pairColumns<3>(task, block, column, layers);
        else if (TILE_VECTORS > 2 && rest == 2)
            pairColumns<2>(task, block, column, layers);
        else if (rest == 1)
            pairColumns<1>(task, block, column, layers);
        for (int channel = 0; channel < task.numBias; channel++)
            for (int j = task.numTokens; j < columns; j++)
                block.getBias(task, channel)[j] = PADDED_BIAS;
    }
}

static void pairs(const PairTask& task) {
    PairLayers layers;
    runPairs(task, layers);
}

} // namespace ORBIT_SIMD
} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_PAIR_H_
