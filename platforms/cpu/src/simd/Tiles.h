// SPDX-License-Identifier: MIT
// The tile unit of AMX: eight tiles of 16 rows of 64 bytes, and an emulation of it that gives the same bits anywhere.
#ifndef OPENMM_ORBIT_CPU_TILES_H_
#define OPENMM_ORBIT_CPU_TILES_H_

#include "Operand.h"

namespace OrbitPlugin {
namespace cpu {
namespace ORBIT_SIMD {

constexpr int TILE_HEIGHT = 16;     // rows of a tile
constexpr int TILE_WORDS = 16;      // words of a row

#if ORBIT_TILES_EMULATED

/** Eight arrays in place of the tiles of a thread. */
class Tiles {
public:
    ORBIT_INLINE_MEMBER void begin() {
    }
    ORBIT_INLINE_MEMBER void end() {
    }
    template <int TILE>
    ORBIT_INLINE_MEMBER void clear() {
        __builtin_memset(tiles[TILE], 0, sizeof(tiles[TILE]));
    }
    template <int TILE>
    ORBIT_INLINE_MEMBER void load(const float* from, long stride, int numRows = TILE_HEIGHT) {
        clear<TILE>();
        for (int row = 0; row < numRows && row < TILE_HEIGHT; row++)
            __builtin_memcpy(tiles[TILE][row], from + row * stride, sizeof(tiles[TILE][row]));
    }
    template <int TILE>
    ORBIT_INLINE_MEMBER void save(float* to, long stride) const {
        for (int row = 0; row < TILE_HEIGHT; row++)
            __builtin_memcpy(to + row * stride, tiles[TILE][row], sizeof(tiles[TILE][row]));
    }
    /** Two sums an element, of the even and of the odd products in turn. They meet before they meet what was there. */
    template <int SUM, int A, int B>
    ORBIT_INLINE_MEMBER void multiply() {
        for (int row = 0; row < TILE_HEIGHT; row++)
            addRow(tiles[SUM][row], tiles[A][row], tiles[B]);
    }

private:
    typedef float Row[TILE_WORDS];

    /** Zero in place of a denormal number. */
    ORBIT_INLINE_MEMBER static Vec flush(Vec v) {
        const IntVec bits = (IntVec) v, exponents = bits & 0x7F800000;
        return (Vec) (exponents == 0 ? bits & (int) 0x80000000 : bits);
    }
    /** sum + a b rounded once: products of BF16 numbers are exact in double precision, and so is what decides a tie. */
    ORBIT_INLINE_MEMBER static Vec addProducts(Vec a, Vec b, Vec sum) {
        Vec result;
        for (int i = 0; i < LANES; i++)
            result[i] = (float) ((double) sum[i] + (double) a[i] * (double) b[i]);
        return flush(result);
    }
    static __attribute__((noinline)) void addRow(Row& sums, const Row& a, const Row (&b)[TILE_HEIGHT]) {
        Vec even{}, odd{};
        for (int pair = 0; pair < TILE_WORDS; pair++) {
            Vec low, high;
            loadHalves(b[pair], low, high);
            int word;
            __builtin_memcpy(&word, &a[pair], sizeof(word));
            const IntVec evenA = word << 16 | IntVec{}, oddA = (word & (int) 0xFFFF0000) | IntVec{};
            even = addProducts(flush((Vec) evenA), flush(low), even);
            odd = addProducts(flush((Vec) oddA), flush(high), odd);
        }
        store(sums, flush(flush(ORBIT_SIMD::load(sums)) + flush(even + odd)));
    }
    Row tiles[8][TILE_HEIGHT];
};

#else

/** The layout of all tiles, as LDTILECFG reads it. */
struct alignas(64) Palette {
    unsigned char palette, startRow, reserved[14];
    unsigned short rowBytes[16];
    unsigned char rows[16];
};
static const Palette PALETTE = {1, 0, {}, {64, 64, 64, 64, 64, 64, 64, 64}, {16, 16, 16, 16, 16, 16, 16, 16}};

/**
 * The tiles of a thread, between begin() and end(). Every instruction claims to touch memory: GCC's own intrinsics do
 * not, and would let stores pass them.
 */
class Tiles {
public:
    /** Other libraries set palettes too, so one never outlives a task. */
    ORBIT_INLINE_MEMBER void begin() {
        __asm__ volatile("ldtilecfg %0" : : "m"(PALETTE) : "memory");
    }
    ORBIT_INLINE_MEMBER void end() {
        __asm__ volatile("tilerelease" : : : "memory");
    }
    template <int TILE>
    ORBIT_INLINE_MEMBER void clear() {
        __asm__ volatile("tilezero %%tmm%c0" : : "i"(TILE) : "memory");
    }
    /** Load 16 rows, stride words apart, of which numRows matter. */
    template <int TILE>
    ORBIT_INLINE_MEMBER void load(const float* from, long stride, int numRows = TILE_HEIGHT) {
        __asm__ volatile("tileloadd (%0,%1,1), %%tmm%c2" : : "r"(from), "r"(stride * 4), "i"(TILE) : "memory");
    }
    template <int TILE>
    ORBIT_INLINE_MEMBER void save(float* to, long stride) const {
        __asm__ volatile("tilestored %%tmm%c2, (%0,%1,1)" : : "r"(to), "r"(stride * 4), "i"(TILE) : "memory");
    }
    /** SUM += A B, of BF16 numbers: a row of A meets 16 columns of pairs in B. */
    template <int SUM, int A, int B>
    ORBIT_INLINE_MEMBER void multiply() {
        __asm__ volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(SUM), "i"(A), "i"(B) : "memory");
    }
};

#endif

} // namespace ORBIT_SIMD
} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_TILES_H_
