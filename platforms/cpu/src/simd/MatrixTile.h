// SPDX-License-Identifier: MIT
// The register tile of every matrix product: up to 6 rows times up to 4 vectors of columns, the depth never split.
#ifndef OPENMM_ORBIT_CPU_MATRIXTILE_H_
#define OPENMM_ORBIT_CPU_MATRIXTILE_H_

#include "Operand.h"

namespace OrbitPlugin {
namespace cpu {
namespace ORBIT_SIMD {

constexpr int FLOATS_PER_LINE = 16;     // of the caches

/**
 * acc[r][v] = Σ_k a[r][k] b[k][v]. Both precisions step a by one word and b by one row of words: a word of a is a
 * float, or two BF16 numbers that meet the two rows interleaved in b. With HALVES, a word of b is two floats stored as
 * BF16, of neighbouring vectors. Step k also fetches FETCHED cache lines from ahead + k * aheadStride on. One sum per
 * element in ascending k: its bits do not depend on the tile's size.
 */
template <int ROWS, int VECTORS, int FETCHED = 0, bool HALVES = false>
ORBIT_INLINE void multiplyTile(const float* a, long aStride, const float* b, long bStride, int depth,
        Vec (&acc)[ROWS][VECTORS], const float* ahead = nullptr, long aheadStride = 0) {
#pragma GCC unroll 8
    for (int r = 0; r < ROWS; r++)
#pragma GCC unroll 8
        for (int v = 0; v < VECTORS; v++)
            acc[r][v] = Vec{};
    for (int k = 0; k < depth; k++) {
        Vec columns[VECTORS];
        for (int line = 0; line < FETCHED; line++)
            __builtin_prefetch(ahead + k * aheadStride + line * FLOATS_PER_LINE);
        if constexpr (HALVES) {
#pragma GCC unroll 8
            for (int v = 0; v < VECTORS; v += 2)
                loadHalves(b + k * bStride + v / 2 * LANES, columns[v], columns[v + 1]);
        }
        else {
#pragma GCC unroll 8
            for (int v = 0; v < VECTORS; v++)
                columns[v] = load(b + k * bStride + v * LANES);
        }
#pragma GCC unroll 8
        for (int r = 0; r < ROWS; r++) {
#pragma GCC unroll 8
            for (int v = 0; v < VECTORS; v++)
                acc[r][v] = multiplyAdd(a + r * aStride + k, columns[v], acc[r][v]);
        }
    }
}

/**
 * Call tile.run<ROWS>(firstRow) for tiles of up to TILE_ROWS rows of nearly equal size, all but the last one a
 * multiple of UNIT.
 */
template <int UNIT = 1, class TILE>
ORBIT_INLINE void forEachRowTile(int numRows, const TILE& tile) {
    int numUnits = (numRows + UNIT - 1) / UNIT;
    int numTiles = (numUnits + TILE_ROWS / UNIT - 1) / (TILE_ROWS / UNIT);
    int first = 0;
    for (int t = 0; t < numTiles; t++) {
        int last = (int) ((long) numUnits * (t + 1) / numTiles) * UNIT;
        last = last < numRows ? last : numRows;
        switch (last - first) {
            case 6: tile.template run<6>(first); break;
            case 5: tile.template run<5>(first); break;
            case 4: tile.template run<4>(first); break;
            case 3: tile.template run<3>(first); break;
            case 2: tile.template run<2>(first); break;
            default: tile.template run<1>(first); break;
        }
        first = last;
    }
}

} // namespace ORBIT_SIMD
} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_MATRIXTILE_H_
