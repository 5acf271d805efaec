// SPDX-License-Identifier: MIT
// Assembles the function table of the instruction set that includes this file.
#ifndef OPENMM_ORBIT_CPU_TABLE_H_
#define OPENMM_ORBIT_CPU_TABLE_H_

#include "Attention.h"
#include "LayerNorm.h"
#include "Pair.h"
#if ORBIT_TILES
#include "TileAttention.h"
#include "TileLinear.h"
#include "TilePair.h"
#else
#include "Linear.h"
#endif

namespace OrbitPlugin {
namespace cpu {
namespace ORBIT_SIMD {

static void exponentialOf(const float* x, float* out, int count) {
    for (int i = 0; i < count; i += LANES)
        store(out + i, exponential(load(x + i)));
}

static void siluOf(const float* x, float* out, int count) {
    for (int i = 0; i < count; i += LANES)
        store(out + i, silu(load(x + i)));
}

#if ORBIT_TILES
static const KernelTable TABLE = {ORBIT_SIMD_NAME, true, true, 256, LANES, BLOCK_SIZE, linearOnTiles, layerNorm,
    attentionOnTiles, pairsOnTiles, attentionScratchOnTiles, pairScratchOnTiles, exponentialOf, siluOf};
#else
static const KernelTable TABLE = {ORBIT_SIMD_NAME, ORBIT_BF16 != 0, false, 64, LANES, TILE_COLUMNS, linear, layerNorm,
    attention, pairs, attentionScratch, pairScratch, exponentialOf, siluOf};
#endif

} // namespace ORBIT_SIMD
} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_TABLE_H_
