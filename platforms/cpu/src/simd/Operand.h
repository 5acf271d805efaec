// SPDX-License-Identifier: MIT
// What a word of an operand is: one float in single precision, two BF16 numbers in bf16 (ORBIT_BF16 is 1).
#ifndef OPENMM_ORBIT_CPU_OPERAND_H_
#define OPENMM_ORBIT_CPU_OPERAND_H_

#include "Vector.h"

namespace OrbitPlugin {
namespace cpu {
namespace ORBIT_SIMD {

#if ORBIT_BF16

constexpr int PER_WORD = 2;
typedef int PairOfHalves __attribute__((may_alias));
typedef unsigned short Half __attribute__((may_alias));

/** Round one float to nearest even. */
ORBIT_INLINE unsigned short roundToBf16(float value) {
    unsigned int bits;
    __builtin_memcpy(&bits, &value, sizeof(bits));
    if ((bits & 0x7FFFFFFFu) > 0x7F800000u)
        return (unsigned short) ((bits >> 16) | 0x40u);
    return (unsigned short) ((bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16);
}

ORBIT_INLINE void storeOperandElement(float* row, long column, float value) {
    reinterpret_cast<Half*>(row)[column] = roundToBf16(value);
}

#ifdef __AVX512BF16__

ORBIT_INLINE Vec multiplyAdd(const float* a, Vec b, Vec sum) {
    __m512i pair = _mm512_set1_epi32(*reinterpret_cast<const PairOfHalves*>(a));
    return (Vec) _mm512_dpbf16_ps((__m512) sum, (__m512bh) pair, (__m512bh) (__m512) b);
}

/** Write LANES elements of an operand row, starting at element column (a multiple of LANES). */
ORBIT_INLINE void storeOperand(float* row, long column, Vec v) {
    _mm256_storeu_si256((__m256i*) (row + column / 2), (__m256i) _mm512_cvtneps_pbh((__m512) v));
}

/** Write one word of LANES columns: element 0 of a pair from values[0], element 1 from values[1]. */
ORBIT_INLINE void storeWords(float* words, const Vec (&values)[PER_WORD]) {
    const __m512i interleave = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8,
        23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    __m512bh rounded = _mm512_cvtne2ps_pbh((__m512) values[1], (__m512) values[0]);
    _mm512_storeu_si512(words, _mm512_permutexvar_epi16(interleave, (__m512i) rounded));
}

/** Write 2 LANES elements of neighbouring columns. */
ORBIT_INLINE void storeOperands(float* row, long column, Vec first, Vec second) {
    _mm512_storeu_si512(row + column / 2, (__m512i) _mm512_cvtne2ps_pbh((__m512) second, (__m512) first));
}

#else

// The same in loops, for kernels of other processors in tests.

ORBIT_INLINE Vec multiplyAdd(const float* a, Vec b, Vec sum) {
    const int pair = *reinterpret_cast<const PairOfHalves*>(a);
    const IntVec words = (IntVec) b, low = pair << 16 | IntVec{}, high = (pair & (int) 0xFFFF0000) | IntVec{};
    return sum + (Vec) low * (Vec) (words << 16) + (Vec) high * (Vec) (words & (int) 0xFFFF0000);
}

ORBIT_INLINE void storeOperand(float* row, long column, Vec v) {
    for (int i = 0; i < LANES; i++)
        storeOperandElement(row, column + i, v[i]);
}

ORBIT_INLINE void storeWords(float* words, const Vec (&values)[PER_WORD]) {
    for (int i = 0; i < LANES; i++)
        for (int s = 0; s < PER_WORD; s++)
            storeOperandElement(words + i, s, values[s][i]);
}

ORBIT_INLINE void storeOperands(float* row, long column, Vec first, Vec second) {
    storeOperand(row, column, first);
    storeOperand(row, column + LANES, second);
}

#endif

#else

constexpr int PER_WORD = 1;

ORBIT_INLINE Vec multiplyAdd(const float* a, Vec b, Vec sum) {
    return sum + *a * b;
}

ORBIT_INLINE void storeOperand(float* row, long column, Vec v) {
    store(row + column, v);
}

ORBIT_INLINE void storeWords(float* words, const Vec (&values)[PER_WORD]) {
    store(words, values[0]);
}

ORBIT_INLINE void storeOperandElement(float* row, long column, float value) {
    row[column] = value;
}

#endif

/** Get the number of words that hold a row of elements. */
ORBIT_INLINE int numWords(int numElements) {
    return (numElements + PER_WORD - 1) / PER_WORD;
}

} // namespace ORBIT_SIMD
} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_OPERAND_H_
