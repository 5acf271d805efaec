// SPDX-License-Identifier: MIT
// MMFF94 for AVX-512 (F, DQ and VL): eight copies at once.
#define ORBIT_SIMD avx512
#define ORBIT_SIMD_NAME "avx512"
#define ORBIT_LANES 8
#include "../simd/Table.h"

namespace OrbitPlugin {
namespace mmff {

const KernelTable* getAvx512Table() {
    return &avx512::TABLE;
}

} // namespace mmff
} // namespace OrbitPlugin
