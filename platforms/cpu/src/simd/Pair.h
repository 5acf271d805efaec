// SPDX-License-Identifier: MIT
// The pair stage of some tokens: lanes are pairs, weights are broadcast; then biases are placed where attention reads.
#ifndef OPENMM_ORBIT_CPU_PAIR_H_
#define OPENMM_ORBIT_CPU_PAIR_H_

#include "../KernelTable.h"
#include "MatrixTile.h"
#include "Transpose.h"

namespace OrbitPlugin {
namespace cpu {
namespace ORBIT_SIMD {

/**
 * A band of tokens, as many as a vector has lanes. Their pairs follow one another without gaps, as in the task's
 * embedding, and pass through the layers in blocks of columns. Operands of bf16 interleave two channels a row.
 */
struct PairBand {
    float* radial;      ///< [radialDepth][TILE_COLUMNS] of u, then of before
    float* first;       ///< [pairDepth][TILE_COLUMNS]
    float* second;      ///< [pairDepth][TILE_COLUMNS]
    float* distances;   ///< [numSources][stride] r / Δ
    float* biases;      ///< [numBias][stride]
    long stride;
    int radialDepth, pairDepth;
    int firstRow, numRows, numPairs;    ///< rows count from the task's first
    long firstPair;     ///< of the task's
    const float* getEmbedding(const PairTask& task, int channel) const {
        return task.embedding + channel * task.embeddingStride + firstPair;
    }
    float* getBias(int channel) const {
        return biases + channel * stride;
    }
    /** Get the first neighbour of a row that counts from the band's first. */
    int getFirstColumn(const PairTask& task, int row) const {
        return task.halved ? firstRow + row : 0;
    }
};

/** Get the number of distances that pairs see. */
ORBIT_INLINE int countSources(const PairTask& task) {
    return task.before == nullptr ? 1 : 2;
}

/** Words from channel to channel of a band: room for two vectors behind it, and an odd number of cache lines. */
ORBIT_INLINE long bandStride(int numTokens) {
    return ((long) LANES * numTokens / (2 * FLOATS_PER_LINE) + 2) * (2 * FLOATS_PER_LINE) + FLOATS_PER_LINE;
}

static long pairScratch(int numTokens, int pairWidth, int numRadial, int numBias) {
    return (long) (numRadial + 2 * pairWidth + 3 * TILE_ROWS) * TILE_COLUMNS + (2 + numBias) * bandStride(numTokens);
}

/** (4.7) h1 = SiLU(W_r ρ + Σ_f pair.embedding + W_t cond) for tiles of channels. */
template <int VECTORS>
struct FirstPairTile {
    const PairTask& task;
    const PairBand& band;
    int column;

    template <int ROWS>
    ORBIT_INLINE_MEMBER void run(int channel) const {
        Vec acc[ROWS][VECTORS];
        multiplyTile<ROWS, VECTORS>(task.radialWeight + channel * task.radialStride, task.radialStride, band.radial,
            TILE_COLUMNS, band.radialDepth, acc);
#pragma GCC unroll 8
        for (int r = 0; r < ROWS; r += PER_WORD)
#pragma GCC unroll 8
            for (int v = 0; v < VECTORS; v++) {
                Vec h1[PER_WORD] = {};
                for (int s = 0; s < PER_WORD && r + s < ROWS; s++) {
                    Vec embedded = load(band.getEmbedding(task, channel + r + s) + column + v * LANES);
                    h1[s] = silu(acc[r + s][v] + embedded + task.conditioning[channel + r + s]);
                }
                storeWords(band.first + (long) (channel + r) / PER_WORD * TILE_COLUMNS + v * LANES, h1);
            }
    }
};

/** (4.8) h2 = SiLU(W_2 h1 + b_2). */
template <int VECTORS>
struct SecondPairTile {
    const PairTask& task;
    const PairBand& band;

    template <int ROWS>
    ORBIT_INLINE_MEMBER void run(int channel) const {
        Vec acc[ROWS][VECTORS];
        multiplyTile<ROWS, VECTORS>(task.hiddenWeight + (long) channel * band.pairDepth, band.pairDepth, band.first,
            TILE_COLUMNS, band.pairDepth, acc);
#pragma GCC unroll 8
        for (int r = 0; r < ROWS; r += PER_WORD)
#pragma GCC unroll 8
            for (int v = 0; v < VECTORS; v++) {
                Vec h2[PER_WORD] = {};
                for (int s = 0; s < PER_WORD && r + s < ROWS; s++)
                    h2[s] = silu(acc[r + s][v] + task.hiddenBias[channel + r + s]);
                storeWords(band.second + (long) (channel + r) / PER_WORD * TILE_COLUMNS + v * LANES, h2);
            }
    }
};

/** (4.9) bias = W_b h2 + b_b. */
template <int VECTORS>
struct BiasTile {
    const PairTask& task;
    const PairBand& band;
    int column;

    template <int ROWS>
    ORBIT_INLINE_MEMBER void run(int channel) const {
        Vec acc[ROWS][VECTORS];
        multiplyTile<ROWS, VECTORS>(task.biasWeight + (long) channel * band.pairDepth, band.pairDepth, band.second,
            TILE_COLUMNS, band.pairDepth, acc);
#pragma GCC unroll 8
        for (int r = 0; r < ROWS; r++)
#pragma GCC unroll 8
            for (int v = 0; v < VECTORS; v++)
                store(band.getBias(channel + r) + column + v * LANES, acc[r][v] + task.biasBias[channel + r]);
    }
};

/** r / Δ of a token and its neighbours from one on, and of up to LANES - 1 that it does not have. */
static void measureRow(const PairTask& task, const float* u, int token, int firstColumn, float* distances) {
    const long padded = task.paddedTokens;
    for (int j = firstColumn; j < task.numTokens; j += LANES) {
        Vec dx = load(u + j) - u[token], dy = load(u + padded + j) - u[padded + token],
            dz = load(u + 2 * padded + j) - u[2 * padded + token];
        float r[LANES];
        store(r, dx * dx + dy * dy + dz * dz);
        for (int lane = 0; lane < LANES; lane++)
            r[lane] = __builtin_sqrtf(r[lane]);
        store(distances + j - firstColumn, load(r) * task.inverseSpacing);
    }
}

/** Measure all pairs of a band; what a row wrote behind its end, the next one overwrites. */
static void measureBand(const PairTask& task, const PairBand& band, const float* u, float* distances) {
    for (int row = 0; row < band.numRows; row++) {
        const int firstColumn = band.getFirstColumn(task, row);
        measureRow(task, u, task.firstRow + band.firstRow + row, firstColumn, distances);
        distances += task.numTokens - firstColumn;
    }
    store(distances, Vec{});
}

/** (4.6) radial functions of VECTORS * LANES distances. */
template <int VECTORS>
static void radialColumns(const PairTask& task, const float* distances, float* radial) {
    for (int v = 0; v < VECTORS; v++) {
        Vec scaled = load(distances + v * LANES);
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

/** The layers of one block of pairs in registers. */
struct PairLayers {
    template <int VECTORS>
    ORBIT_INLINE_MEMBER void run(const PairTask& task, const PairBand& band, int column) {
        forEachRowTile<PER_WORD>(task.pairWidth, FirstPairTile<VECTORS>{task, band, column});
        forEachRowTile<PER_WORD>(task.pairWidth, SecondPairTile<VECTORS>{task, band});
        forEachRowTile(task.numBias, BiasTile<VECTORS>{task, band, column});
    }
};

template <int VECTORS, class LAYERS>
static void pairColumns(const PairTask& task, const PairBand& band, int column, LAYERS& layers) {
    // The embeddings, which have left the caches since the last evaluation, arrive during the radial functions.

    for (int channel = 0; channel < task.pairWidth; channel++)
        for (int j = column; j < column + VECTORS * LANES; j += FLOATS_PER_LINE)
            __builtin_prefetch(band.getEmbedding(task, channel) + j);
    const long words = (long) numWords(task.numRadial) * TILE_COLUMNS;
    for (int source = 0; source < countSources(task); source++)
        radialColumns<VECTORS>(task, band.distances + source * band.stride + column, band.radial + source * words);
    layers.template run<VECTORS>(task, band, column);
}

/** The biases of the neighbours that there are, and what hides the others from attention. */
ORBIT_INLINE Vec hidePadding(Vec biases, int numNeighbors) {
    return numbersOfLanes() < numNeighbors ? biases : splat(PADDED_BIAS);
}

/** Place one channel of a band whose rows are whole. */
ORBIT_INLINE void placeRows(const PairTask& task, const PairBand& band, const float* biases, float* to) {
    const int N = task.numTokens;
    for (int row = 0; row < band.numRows; row++)
        for (int j = 0; j < N; j += LANES)
            store(to + (band.firstRow + row) * (long) task.paddedTokens + j,
                hidePadding(load(biases + (long) row * N + j), N - j));
}

/** Load LANES columns of rows that begin at the diagonal, the first with a length. What lies below is other rows'. */
ORBIT_INLINE void loadSquare(const float* biases, int lengthOfFirst, int numRows, Vec (&square)[LANES]) {
#pragma GCC unroll 16
    for (int row = 0; row < LANES; row++) {
        square[row] = row < numRows ? load(biases) : Vec{};
        biases += lengthOfFirst - row - 1;
    }
}

ORBIT_INLINE void storeSquare(const Vec (&square)[LANES], int numRows, int numColumns, float* to, long stride) {
#pragma GCC unroll 16
    for (int row = 0; row < LANES; row++) {
        if (row < numRows)
            store(to, hidePadding(square[row], numColumns));
        to += stride;
    }
}

/** Place one channel of a band whose rows begin at the diagonal: each square of biases above it also stands below. */
ORBIT_INLINE void placeSquares(const PairTask& task, const PairBand& band, const float* biases, float* to) {
    const int first = band.firstRow, length = task.numTokens - first;
    const long padded = task.paddedTokens;
    to += first * padded + first;
    Vec square[LANES], mirrored[LANES];
    loadSquare(biases, length, band.numRows, square);
    loadSquare(biases, length, band.numRows, mirrored);
    transpose(mirrored);
#pragma GCC unroll 16
    for (int row = 0; row < LANES; row++)
        square[row] = numbersOfLanes() < row ? mirrored[row] : square[row];
    storeSquare(square, band.numRows, length, to, padded);
    for (int column = LANES; column < length; column += LANES) {
        loadSquare(biases + column, length, LANES, square);
        storeSquare(square, LANES, length - column, to + column, padded);
        transpose(square);
        storeSquare(square, length - column, LANES, to + column * padded, padded);
    }
}

template <class LAYERS>
static void runBand(const PairTask& task, const PairBand& band, LAYERS& layers) {
    measureBand(task, band, task.coordinates, band.distances);
    if (task.before != nullptr)
        measureBand(task, band, task.before, band.distances + band.stride);
    const int columns = (band.numPairs + LANES - 1) / LANES * LANES;
    int column = 0;
    for (; column + TILE_COLUMNS <= columns; column += TILE_COLUMNS)
        pairColumns<TILE_VECTORS>(task, band, column, layers);
    const int rest = (columns - column) / LANES;
    if (TILE_VECTORS > 3 && rest == 3)
        pairColumns<3>(task, band, column, layers);
    else if (TILE_VECTORS > 2 && rest == 2)
        pairColumns<2>(task, band, column, layers);
    else if (rest == 1)
        pairColumns<1>(task, band, column, layers);
    for (int channel = 0; channel < task.numBias; channel++) {
        float* to = task.bias + channel * task.biasStride;
        if (task.halved)
            placeSquares(task, band, band.getBias(channel), to);
        else
            placeRows(task, band, band.getBias(channel), to);
    }
}

template <class LAYERS>
static void runPairs(const PairTask& task, LAYERS& layers) {
    PairBand band;
    const int numSources = countSources(task);
    band.radialDepth = numSources * numWords(task.numRadial);
    band.pairDepth = numWords(task.pairWidth);
    band.stride = bandStride(task.numTokens);
    band.radial = task.scratch;
    band.first = band.radial + (long) (numSources * task.numRadial + TILE_ROWS) * TILE_COLUMNS;
    band.second = band.first + (long) (task.pairWidth + TILE_ROWS) * TILE_COLUMNS;
    band.distances = band.second + (long) (task.pairWidth + TILE_ROWS) * TILE_COLUMNS;
    band.biases = band.distances + 2 * band.stride;
    band.firstPair = 0;
    for (band.firstRow = 0; band.firstRow < task.numRows; band.firstRow += LANES) {
        band.numRows = task.numRows - band.firstRow < LANES ? task.numRows - band.firstRow : LANES;
        band.numPairs = 0;
        for (int row = 0; row < band.numRows; row++)
            band.numPairs += task.numTokens - band.getFirstColumn(task, row);
        runBand(task, band, layers);
        band.firstPair += band.numPairs;
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
