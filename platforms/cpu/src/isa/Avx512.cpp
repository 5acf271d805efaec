// SPDX-License-Identifier: MIT
// The primitives for AVX-512 (F, BW, DQ, VL): 16 lanes.
#define ORBIT_SIMD avx512
#define ORBIT_SIMD_NAME "avx512"
#define ORBIT_LANES 16
#define ORBIT_TILE_VECTORS 4
#define ORBIT_BF16 0
#define ORBIT_TILES 0
#include "../simd/Table.h"

namespace OrbitPlugin {
namespace cpu {

const KernelTable* getAvx512Table() {
    return &avx512::TABLE;
}

} // namespace cpu
} // namespace OrbitPlugin
