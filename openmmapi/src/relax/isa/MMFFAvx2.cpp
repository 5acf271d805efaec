// SPDX-License-Identifier: MIT
// MMFF94 for AVX2 and FMA: four copies at once.
#define ORBIT_SIMD avx2
#define ORBIT_SIMD_NAME "avx2"
#define ORBIT_LANES 4
#include "../simd/Table.h"

namespace OrbitPlugin {
namespace mmff {

const KernelTable* getAvx2Table() {
    return &avx2::TABLE;
}

} // namespace mmff
} // namespace OrbitPlugin
