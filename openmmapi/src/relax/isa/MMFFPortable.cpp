// SPDX-License-Identifier: MIT
// MMFF94 for any processor: two copies at once, no flags beyond the compiler's baseline.
#define ORBIT_SIMD portable
#define ORBIT_SIMD_NAME "portable"
#define ORBIT_LANES 2
#include "../simd/Table.h"

namespace OrbitPlugin {
namespace mmff {

const KernelTable* getPortableTable() {
    return &portable::TABLE;
}

} // namespace mmff
} // namespace OrbitPlugin
