// SPDX-License-Identifier: MIT
// The layers of the pair stage on tiles: weights are rows, pairs are columns, as in registers.
#ifndef OPENMM_ORBIT_CPU_TILEPAIR_H_
#define OPENMM_ORBIT_CPU_TILEPAIR_H_

#include "Pair.h"
#include "Tiles.h"

namespace OrbitPlugin {
namespace cpu {
namespace ORBIT_SIMD {

namespace {

/** The layers of one block of pairs; widths are multiples of 32. */
class TilePairLayers {
public:
    explicit TilePairLayers(const PairTask& task) :
            sums(task.scratch + pairScratch(task.numTokens, task.pairWidth, countSources(task) * task.numRadial,
                task.numBias)),
            biasColumns(sums + (long) 2 * TILE_HEIGHT * TILE_COLUMNS) {
        tiles.begin();
        for (int channel = 0; channel < task.numBias; channel++)
            store(biasColumns + channel * TILE_WORDS, splat(task.biasBias[channel]));
    }
    void end() {    // no destructor: code for exceptions would bring in symbols that units share
        tiles.end();
    }
    static long countWords(int numBias) {
        return 2 * TILE_HEIGHT * TILE_COLUMNS + (numBias + TILE_HEIGHT) * TILE_WORDS;
    }
    template <int VECTORS>
    void run(const PairTask& task, const PairBand& band, int column) {
        // (4.7): the products of two tiles of channels stand in memory before the first is used.

        for (int channel = 0; channel < task.pairWidth; channel += 2 * TILE_HEIGHT) {
            for (int half = 0; half < 2; half++)
                multiply<VECTORS>(task.radialWeight + (channel + half * TILE_HEIGHT) * task.radialStride,
                    task.radialStride, band.radialDepth, band.radial, sums + half * TILE_HEIGHT * TILE_COLUMNS);
            for (int c = 0; c < 2 * TILE_HEIGHT; c += PER_WORD)
                for (int v = 0; v < VECTORS; v++) {
                    Vec h1[PER_WORD];
                    for (int s = 0; s < PER_WORD; s++)
                        h1[s] = silu(load(sums + (c + s) * TILE_COLUMNS + v * LANES) +
                            load(band.getEmbedding(task, channel + c + s) + column + v * LANES) +
                            task.conditioning[channel + c + s]);
                    storeWords(band.first + (long) (channel + c) / PER_WORD * TILE_COLUMNS + v * LANES, h1);
                }
        }

        // (4.8)

        for (int channel = 0; channel < task.pairWidth; channel += 2 * TILE_HEIGHT) {
            for (int half = 0; half < 2; half++)
                multiply<VECTORS>(task.hiddenWeight + (long) (channel + half * TILE_HEIGHT) * band.pairDepth,
                    band.pairDepth, band.pairDepth, band.first, sums + half * TILE_HEIGHT * TILE_COLUMNS);
            for (int c = 0; c < 2 * TILE_HEIGHT; c += PER_WORD)
                for (int v = 0; v < VECTORS; v++) {
                    Vec h2[PER_WORD];
                    for (int s = 0; s < PER_WORD; s++)
                        h2[s] = silu(load(sums + (c + s) * TILE_COLUMNS + v * LANES) +
                            task.hiddenBias[channel + c + s]);
                    storeWords(band.second + (long) (channel + c) / PER_WORD * TILE_COLUMNS + v * LANES, h2);
                }
        }
        computeBiases<VECTORS>(task, band, column);
    }

private:
    /** sums[16][TILE_COLUMNS] = 16 rows of weights times VECTORS tiles of columns. */
    template <int VECTORS>
    ORBIT_INLINE_MEMBER void multiply(const float* rows, long stride, int depth, const float* columns, float* to) {
        clearSums<VECTORS>();
        addProducts<VECTORS>(rows, stride, depth, columns);
        tiles.template save<0>(to, TILE_COLUMNS);
        if constexpr (VECTORS > 1)
            tiles.template save<1>(to + LANES, TILE_COLUMNS);
    }
    template <int VECTORS>
    ORBIT_INLINE_MEMBER void clearSums() {
        tiles.template clear<0>();
        if constexpr (VECTORS > 1)
            tiles.template clear<1>();
    }
    template <int VECTORS>
    ORBIT_INLINE_MEMBER void addProducts(const float* rows, long stride, int depth, const float* columns) {
        for (int k = 0; k < depth; k += TILE_WORDS) {
            const float* from = columns + (long) k * TILE_COLUMNS;
            tiles.template load<4>(rows + k, stride);
            addColumns<0>(from);
            if constexpr (VECTORS > 1)
                addColumns<1>(from);
        }
    }
    template <int VECTOR>
    ORBIT_INLINE_MEMBER void addColumns(const float* from) {
        constexpr int B = 5 + VECTOR;
        tiles.template load<B>(from + VECTOR * LANES, TILE_COLUMNS);
        tiles.template multiply<VECTOR, 4, B>();
    }
    /** (4.9): sums start from the biases of the layer and are saved in the band. */
    template <int VECTORS>
    ORBIT_INLINE_MEMBER void computeBiases(const PairTask& task, const PairBand& band, int column) {
        for (int channel = 0; channel < task.numBias; channel += TILE_HEIGHT) {
            const float* start = biasColumns + channel * TILE_WORDS;
            tiles.template load<0>(start, TILE_WORDS);
            if constexpr (VECTORS > 1)
                tiles.template load<1>(start, TILE_WORDS);
            addProducts<VECTORS>(task.biasWeight + (long) channel * band.pairDepth, band.pairDepth,
                band.pairDepth, band.second);
            const int rows = task.numBias - channel < TILE_HEIGHT ? task.numBias - channel : TILE_HEIGHT;
            saveBiases<0>(task, band, channel, rows, column);
            if constexpr (VECTORS > 1)
                saveBiases<1>(task, band, channel, rows, column);
        }
    }
    template <int VECTOR>
    ORBIT_INLINE_MEMBER void saveBiases(const PairTask& task, const PairBand& band, int channel, int rows,
            int column) {
        float* to = band.getBias(channel) + column + VECTOR * LANES;
        if (rows == TILE_HEIGHT) {
            tiles.template save<VECTOR>(to, band.stride);
            return;
        }
        tiles.template save<VECTOR>(sums, TILE_WORDS);
        for (int row = 0; row < rows; row++)
            store(to + row * band.stride, load(sums + row * TILE_WORDS));
    }

    float* sums;            // [2 TILE_HEIGHT][TILE_COLUMNS]
    float* biasColumns;     // [numBias][16], each row one number
    Tiles tiles;
};

} // namespace

static long pairScratchOnTiles(int numTokens, int pairWidth, int numRadial, int numBias) {
    return pairScratch(numTokens, pairWidth, numRadial, numBias) + TilePairLayers::countWords(numBias);
}

static void pairsOnTiles(const PairTask& task) {
    if (task.pairWidth % (2 * TILE_WORDS) != 0 || task.numRadial % (2 * TILE_WORDS) != 0) {
        pairs(task);
        return;
    }
    TilePairLayers layers(task);
    runPairs(task, layers);
    layers.end();
}

} // namespace ORBIT_SIMD
} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_TILEPAIR_H_
