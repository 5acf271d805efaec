// SPDX-License-Identifier: MIT
// The primitives of AMX for any processor: the same code over an emulated tile unit, slow, for tests.
#define ORBIT_SIMD emulatedamx
#define ORBIT_SIMD_NAME "emulatedamx"
#define ORBIT_LANES 16
#define ORBIT_TILE_VECTORS 2
#define ORBIT_BF16 1
#define ORBIT_TILES 1
#define ORBIT_TILES_EMULATED 1
#include "simd/Table.h"

namespace OrbitPlugin {
namespace cpu {

const KernelTable* getEmulatedAmxTable() {
    return &emulatedamx::TABLE;
}

} // namespace cpu
} // namespace OrbitPlugin
