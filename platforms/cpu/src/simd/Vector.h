// SPDX-License-Identifier: MIT
// Vectors of ORBIT_LANES floats, exp and SiLU, in the namespace of the instruction set that includes this file.
// No include guard against other units is needed: each unit compiles its own copy under its own flags.
#ifndef OPENMM_ORBIT_CPU_VECTOR_H_
#define OPENMM_ORBIT_CPU_VECTOR_H_

#ifdef __AVX512F__
#include <immintrin.h>
#endif

#define ORBIT_INLINE static inline __attribute__((always_inline))
#define ORBIT_INLINE_MEMBER inline __attribute__((always_inline))

namespace OrbitPlugin {
namespace cpu {
namespace ORBIT_SIMD {

constexpr int LANES = ORBIT_LANES;
constexpr int TILE_ROWS = 6;                        // rows of a register tile
constexpr int TILE_VECTORS = ORBIT_TILE_VECTORS;    // vectors of a register tile
constexpr int TILE_COLUMNS = TILE_VECTORS * LANES;

typedef float Vec __attribute__((vector_size(4 * ORBIT_LANES)));
typedef int IntVec __attribute__((vector_size(4 * ORBIT_LANES)));
typedef float VecInMemory __attribute__((vector_size(4 * ORBIT_LANES), aligned(4), may_alias));

ORBIT_INLINE Vec load(const float* p) {
    return *reinterpret_cast<const VecInMemory*>(p);
}

/** Load words of two BF16 numbers: the low halves are the lanes of the first vector, the high ones of the second. */
ORBIT_INLINE void loadHalves(const float* p, Vec& first, Vec& second) {
    IntVec words = (IntVec) load(p);
    first = (Vec) (words << 16);
    second = (Vec) (words & (int) 0xFFFF0000);
}

ORBIT_INLINE void store(float* p, Vec v) {
    *reinterpret_cast<VecInMemory*>(p) = v;
}

ORBIT_INLINE Vec splat(float a) {
    return a - Vec{};
}

// Below, the number of lanes decides, so that a unit also builds with more features than its own.

/** a where a > b, else b; keeps a b that is not a number. The compiler turns the formula into more instructions. */
ORBIT_INLINE Vec maximum(Vec a, Vec b) {
#if ORBIT_LANES == 16 && defined(__AVX512F__)
    return (Vec) _mm512_maskz_max_ps(0xFFFF, (__m512) a, (__m512) b);
#elif ORBIT_LANES == 8 && defined(__AVX__)
    return (Vec) __builtin_ia32_maxps256(a, b);
#else
    return a > b ? a : b;
#endif
}

/** a where a < b, else b. */
ORBIT_INLINE Vec minimum(Vec a, Vec b) {
#if ORBIT_LANES == 16 && defined(__AVX512F__)
    return (Vec) _mm512_maskz_min_ps(0xFFFF, (__m512) a, (__m512) b);
#elif ORBIT_LANES == 8 && defined(__AVX__)
    return (Vec) __builtin_ia32_minps256(a, b);
#else
    return a < b ? a : b;
#endif
}

/** Exchange lanes whose numbers differ in one bit. */
template <int BIT>
ORBIT_INLINE Vec exchange(Vec v) {
    IntVec lanes;
    for (int i = 0; i < LANES; i++)
        lanes[i] = i ^ BIT;
    return __builtin_shuffle(v, lanes);
}

ORBIT_INLINE float sumOfLanes(Vec v) {
    if constexpr (LANES > 8)
        v += exchange<8>(v);
    if constexpr (LANES > 4)
        v += exchange<4>(v);
    v += exchange<2>(v);
    v += exchange<1>(v);
    return v[0];
}

ORBIT_INLINE float maximumOfLanes(Vec v) {
    if constexpr (LANES > 8)
        v = maximum(v, exchange<8>(v));
    if constexpr (LANES > 4)
        v = maximum(v, exchange<4>(v));
    v = maximum(v, exchange<2>(v));
    v = maximum(v, exchange<1>(v));
    return v[0];
}

/**
 * The least argument of exp that is not clamped. Processors of Intel take a hundred times as long for a vector of
 * denormal numbers. e^(-60) is nothing beside 1, and its products with ordinary numbers are not denormal.
 */
constexpr float LEAST_EXPONENT = -60.0f;

#if ORBIT_BF16 && defined(__AVX512F__)

/**
 * 2^x: a polynomial on the fraction of x, scaled by the power of its floor; 0 and infinity where a float ends. Error
 * 1e-4, far below the rounding of what it is stored as, and none at integers.
 */
ORBIT_INLINE Vec powerOfTwo(Vec x) {
    constexpr int BELOW_FLOOR = 0x09;
    Vec f = (Vec) _mm512_maskz_reduce_ps(0xFFFF, (__m512) x, BELOW_FLOOR);
    Vec p = f * 7.826744e-2f + 2.2630836e-1f;
    p = p * f + 6.954242e-1f;
    p = p * f + 1.0f;
    return (Vec) _mm512_maskz_scalef_ps(0xFFFF, (__m512) p, (__m512) x);
}

/** e^x for x up to 88, clamped to -60 below; keeps what is not a number. */
ORBIT_INLINE Vec exponentialBelow(Vec x) {
    return powerOfTwo(maximum(splat(LEAST_EXPONENT), x) * 1.44269504088896341f);
}

/** 1 / x, an estimate of 14 bits; 0 for infinity. */
ORBIT_INLINE Vec reciprocal(Vec x) {
    return (Vec) _mm512_maskz_rcp14_ps(0xFFFF, (__m512) x);
}

/** SiLU(x) = x / (1 + e^(-x)). */
ORBIT_INLINE Vec silu(Vec x) {
    return x * reciprocal(1.0f + powerOfTwo(maximum(splat(LEAST_EXPONENT), x * -1.44269504088896341f)));
}

#else

/** e^x for x up to 88, clamped to -60 below: 2^n times a polynomial on [-ln 2 / 2, ln 2 / 2]. Error 1e-7. */
ORBIT_INLINE Vec exponentialBelow(Vec x) {
    const float magic = 12582912.0f;    // 1.5 * 2^23: adding it rounds to an integer in the low bits
    x = maximum(splat(LEAST_EXPONENT), x);
    Vec shifted = x * 1.44269504088896341f + magic;
    Vec n = shifted - magic;
    Vec r = x - n * 0.693145751953125f;
    r = r - n * 1.42860682030941723e-6f;
    Vec p = r * 1.3814583653584123e-3f + 8.368724025785923e-3f;
    p = p * r + 4.166838899254799e-2f;
    p = p * r + 1.666652113199234e-1f;
    p = p * r + 4.999999403953552e-1f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;

    // The bits of shifted end with those of n, so that this adds n to the exponent of p.

    return (Vec) ((IntVec) p + ((IntVec) shifted << 23));
}

/** 1 / x for x in [1, 1e39): an estimate of 14 bits, refined once, where the processor has it. */
ORBIT_INLINE Vec reciprocal(Vec x) {
#if ORBIT_LANES == 16 && defined(__AVX512F__)
    Vec estimate = (Vec) _mm512_maskz_rcp14_ps(0xFFFF, (__m512) x);
    return estimate + estimate * (1.0f - x * estimate);
#else
    return 1.0f / x;
#endif
}

/** SiLU(x) = x / (1 + e^(-x)). */
ORBIT_INLINE Vec silu(Vec x) {
    return x * reciprocal(1.0f + exponentialBelow(minimum(-x, splat(88.0f))));
}

#endif

#if ORBIT_BF16 && !defined(__AVX512F__)
/** 2^x, clamped to 2^127 and to e^(-60). */
ORBIT_INLINE Vec powerOfTwo(Vec x) {
    return exponentialBelow(minimum(x, splat(127.0f)) * 0.69314718055994531f);
}
#endif

/** e^x for x clamped to [-60, 88]. */
ORBIT_INLINE Vec exponential(Vec x) {
    return exponentialBelow(minimum(x, splat(88.0f)));
}

} // namespace ORBIT_SIMD
} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_VECTOR_H_
