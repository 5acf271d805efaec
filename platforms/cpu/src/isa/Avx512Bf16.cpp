// SPDX-License-Identifier: MIT
// The primitives for AVX-512 with BF16 operands and single precision sums: 16 lanes.
#define ORBIT_SIMD avx512bf16
#define ORBIT_SIMD_NAME "avx512bf16"
#define ORBIT_LANES 16
#define ORBIT_TILE_VECTORS 4
#define ORBIT_BF16 1
#define ORBIT_TILES 0
#include "../simd/Table.h"

namespace OrbitPlugin {
namespace cpu {

const KernelTable* getAvx512Bf16Table() {
    return &avx512bf16::TABLE;
}

} // namespace cpu
} // namespace OrbitPlugin
