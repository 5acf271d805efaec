// SPDX-License-Identifier: MIT
// Squares of as many vectors as a vector has lanes.
#ifndef OPENMM_ORBIT_CPU_TRANSPOSE_H_
#define OPENMM_ORBIT_CPU_TRANSPOSE_H_

#include "Vector.h"

namespace OrbitPlugin {
namespace cpu {
namespace ORBIT_SIMD {

/** 0, 1, 2 ... */
ORBIT_INLINE IntVec numbersOfLanes() {
    IntVec lanes;
    for (int i = 0; i < LANES; i++)
        lanes[i] = i;
    return lanes;
}

/** Exchange the elements of which only the row's number has a bit with those of which only the lane's has it. */
template <int BIT>
ORBIT_INLINE void exchangeBit(Vec (&rows)[LANES]) {
    IntVec even, odd;
    for (int i = 0; i < LANES; i++) {
        even[i] = (i & BIT) != 0 ? LANES + (i ^ BIT) : i;
        odd[i] = (i & BIT) != 0 ? LANES + i : i ^ BIT;
    }
#pragma GCC unroll 16
    for (int row = 0; row < LANES; row++)
        if ((row & BIT) == 0) {
            const Vec a = rows[row], b = rows[row | BIT];
            rows[row] = __builtin_shuffle(a, b, even);
            rows[row | BIT] = __builtin_shuffle(a, b, odd);
        }
}

/** Exchange rows and lanes. */
ORBIT_INLINE void transpose(Vec (&rows)[LANES]) {
    exchangeBit<1>(rows);
    exchangeBit<2>(rows);
    if constexpr (LANES > 4)
        exchangeBit<4>(rows);
    if constexpr (LANES > 8)
        exchangeBit<8>(rows);
}

} // namespace ORBIT_SIMD
} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_TRANSPOSE_H_
