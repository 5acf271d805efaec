// SPDX-License-Identifier: MIT
// The primitives for AVX-512 and the tiles of AMX, with BF16 operands and single precision sums.
#define ORBIT_SIMD amx
#define ORBIT_SIMD_NAME "amx"
#define ORBIT_LANES 16
#define ORBIT_TILE_VECTORS 2
#define ORBIT_BF16 1
#define ORBIT_TILES 1
#define ORBIT_TILES_EMULATED 0
#include "../simd/Table.h"

namespace OrbitPlugin {
namespace cpu {

const KernelTable* getAmxTable() {
    return &amx::TABLE;
}

} // namespace cpu
} // namespace OrbitPlugin
