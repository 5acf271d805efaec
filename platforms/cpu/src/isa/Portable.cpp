// SPDX-License-Identifier: MIT
// The primitives for any processor: 4 lanes, no flags beyond the compiler's baseline.
#define ORBIT_SIMD portable
#define ORBIT_SIMD_NAME "portable"
#define ORBIT_LANES 4
#define ORBIT_TILE_VECTORS 2
#define ORBIT_BF16 0
#define ORBIT_TILES 0
#include "../simd/Table.h"

namespace OrbitPlugin {
namespace cpu {

const KernelTable* getPortableTable() {
    return &portable::TABLE;
}

} // namespace cpu
} // namespace OrbitPlugin
