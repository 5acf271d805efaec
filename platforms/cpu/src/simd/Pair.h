// SPDX-License-Identifier: MIT
// The pair stage of one token: lanes are neighbours, weights are broadcast, biases come out in attention's layout.
#ifndef OPENMM_ORBIT_CPU_PAIR_H_
#define OPENMM_ORBIT_CPU_PAIR_H_

#include "../KernelTable.h"
#include "MatrixTile.h"

namespace OrbitPlugin {
namespace cpu {
namespace ORBIT_SIMD {

/** The columns of one block of neighbours between two small layers. Operands of bf16 interleave two channels a row. */
struct PairBlock {
    float* radial;      ///< [radialDepth][TILE_COLUMNS] of u, then of before
    float* first;       ///< [pairDepth][TILE_COLUMNS]
    float* second;      ///< [pairDepth][TILE_COLUMNS]
    int radialDepth, pairDepth;
};

static long pairScratch(int pairWidth, int numRadial) {
    return (long) (numRadial + 2 * pairWidth + 3 * TILE_ROWS) * TILE_COLUMNS;
}

/** (4.7) h1 = SiLU(W_r ρ + Σ_f pair.embedding + W_t cond) for tiles of channels. */
template <int VECTORS>
struct FirstPairTile {
    const PairRowTask& task;
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
                    const float* row = task.embedding + (long) (channel + r + s) * task.paddedTokens;
                    Vec embedded = load(row + column + v * LANES);
                    h1[s] = silu(acc[r + s][v] + embedded + task.conditioning[channel + r + s]);
                }
                storeWords(block.first + (long) (channel + r) / PER_WORD * TILE_COLUMNS + v * LANES, h1);
            }
    }
};

/** (4.8) h2 = SiLU(W_2 h1 + b_2). */
template <int VECTORS>
struct SecondPairTile {
    const PairRowTask& task;
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
    const PairRowTask& task;
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
                store(task.bias + (channel + r) * task.biasStride + column + v * LANES,
                    acc[r][v] + task.biasBias[channel + r]);
    }
};

/** (4.6) radial functions of the distances to VECTORS * LANES neighbours. */
template <int VECTORS>
static void radialColumns(const PairRowTask& task, const float* u, float* radial, int column) {
    long padded = task.paddedTokens;
    for (int v = 0; v < VECTORS; v++) {
        long j = column + v * LANES;
        Vec dx = load(u + j) - u[task.row], dy = load(u + padded + j) - u[padded + task.row],
            dz = load(u + 2 * padded + j) - u[2 * padded + task.row];
        float r[LANES];
        store(r, dx * dx + dy * dy + dz * dz);
        for (int i = 0; i < LANES; i++)
            r[i] = __builtin_sqrtf(r[i]);
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

template <int VECTORS>
static void pairColumns(const PairRowTask& task, const PairBlock& block, int column) {

    // The embeddings, which have left the caches since the last evaluation, arrive during the radial functions.

    for (int channel = 0; channel < task.pairWidth; channel++)
        for (int j = column; j < column + VECTORS * LANES; j += FLOATS_PER_LINE)
            __builtin_prefetch(task.embedding + (long) channel * task.paddedTokens + j);

    const long words = (long) numWords(task.numRadial) * TILE_COLUMNS;
    radialColumns<VECTORS>(task, task.coordinates, block.radial, column);
    if (task.before != nullptr)
        radialColumns<VECTORS>(task, task.before, block.radial + words, column);
    forEachRowTile<PER_WORD>(task.pairWidth, FirstPairTile<VECTORS>{task, block, column});
    forEachRowTile<PER_WORD>(task.pairWidth, SecondPairTile<VECTORS>{task, block});
    forEachRowTile(task.numBias, BiasTile<VECTORS>{task, block, column});
}

static void pairRow(const PairRowTask& task) {
    PairBlock block;
    const int numSources = task.before == nullptr ? 1 : 2;
    block.radialDepth = numSources * numWords(task.numRadial);
    block.pairDepth = numWords(task.pairWidth);
    block.radial = task.scratch;
    block.first = block.radial + (long) (numSources * task.numRadial + TILE_ROWS) * TILE_COLUMNS;
    block.second = block.first + (long) (task.pairWidth + TILE_ROWS) * TILE_COLUMNS;
    int columns = (task.numTokens + LANES - 1) / LANES * LANES, column = 0;
    for (; column + TILE_COLUMNS <= columns; column += TILE_COLUMNS)
        pairColumns<TILE_VECTORS>(task, block, column);
    int rest = (columns - column) / LANES;
    if (TILE_VECTORS > 3 && rest == 3)
        pairColumns<3>(task, block, column);
    else if (TILE_VECTORS > 2 && rest == 2)
        pairColumns<2>(task, block, column);
    else if (rest == 1)
        pairColumns<1>(task, block, column);
    for (int channel = 0; channel < task.numBias; channel++)
        for (int j = task.numTokens; j < columns; j++)
            task.bias[channel * task.biasStride + j] = PADDED_BIAS;
}

} // namespace ORBIT_SIMD
} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_PAIR_H_
