// SPDX-License-Identifier: MIT
// The primitives for AVX2 and FMA: 8 lanes.
#define ORBIT_SIMD avx2
#define ORBIT_SIMD_NAME "avx2"
#define ORBIT_LANES 8
#define ORBIT_TILE_VECTORS 2
#define ORBIT_BF16 0
#define ORBIT_TILES 0
#include "../simd/Table.h"

namespace OrbitPlugin {
namespace cpu {

const KernelTable* getAvx2Table() {
    return &avx2::TABLE;
}

} // namespace cpu
} // namespace OrbitPlugin
