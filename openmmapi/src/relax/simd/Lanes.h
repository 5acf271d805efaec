// SPDX-License-Identifier: MIT
// Vectors of ORBIT_LANES doubles, points made of them, and arcs, in the namespace of the unit that includes this file.
#ifndef OPENMM_ORBIT_RELAX_LANES_H_
#define OPENMM_ORBIT_RELAX_LANES_H_

#include "openmmorbit/internal/MMFFKernel.h"

#if defined(__AVX__)
#include <immintrin.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#endif

#define ORBIT_INLINE static inline __attribute__((always_inline))

namespace OrbitPlugin {
namespace mmff {
namespace ORBIT_SIMD {

constexpr int LANES = ORBIT_LANES;
constexpr double RAD_TO_DEG = 57.29577951308232088;

typedef double Vec __attribute__((vector_size(8 * ORBIT_LANES)));

ORBIT_INLINE Vec load(const double* p) {
    return *reinterpret_cast<const Vec*>(p);
}

ORBIT_INLINE void store(double* p, Vec v) {
    *reinterpret_cast<Vec*>(p) = v;
}

ORBIT_INLINE void add(double* p, Vec v) {
    store(p, load(p) + v);
}

ORBIT_INLINE Vec splat(double a) {
    return a - Vec{};
}

ORBIT_INLINE Vec maximum(Vec a, Vec b) {
    return a > b ? a : b;
}

ORBIT_INLINE Vec minimum(Vec a, Vec b) {
    return a < b ? a : b;
}

ORBIT_INLINE Vec magnitude(Vec a) {
    return maximum(a, -a);
}

// The number of lanes decides, so that a unit also builds with more features than its own.

ORBIT_INLINE Vec squareRoot(Vec v) {
#if ORBIT_LANES == 8 && defined(__AVX512F__)
    return (Vec) _mm512_maskz_sqrt_pd(0xFF, (__m512d) v);
#elif ORBIT_LANES == 4 && defined(__AVX__)
    return (Vec) _mm256_sqrt_pd((__m256d) v);
#elif ORBIT_LANES == 2 && defined(__SSE2__)
    return (Vec) _mm_sqrt_pd((__m128d) v);
#else
    for (int lane = 0; lane < LANES; lane++)
        v[lane] = __builtin_sqrt(v[lane]);
    return v;
#endif
}

struct Point {
    Vec x, y, z;
};

ORBIT_INLINE Point loadPoint(const double* x, int atom) {
    const double* p = x + 3 * LANES * atom;
    return {load(p), load(p + LANES), load(p + 2 * LANES)};
}

ORBIT_INLINE void addPoint(double* x, int atom, Point v) {
    double* p = x + 3 * LANES * atom;
    add(p, v.x);
    add(p + LANES, v.y);
    add(p + 2 * LANES, v.z);
}

ORBIT_INLINE Point operator+(Point a, Point b) {
    return {a.x + b.x, a.y + b.y, a.z + b.z};
}

ORBIT_INLINE Point operator-(Point a, Point b) {
    return {a.x - b.x, a.y - b.y, a.z - b.z};
}

ORBIT_INLINE Point operator*(Vec s, Point a) {
    return {s * a.x, s * a.y, s * a.z};
}

ORBIT_INLINE Vec dot(Point a, Point b) {
    return a.x * b.x + a.y * b.y + a.z * b.z;
}

ORBIT_INLINE Point cross(Point a, Point b) {
    return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

/** Squares of lengths are at least this, so that atoms at one place make no infinities. Angstrom^2, or its square. */
constexpr double LEAST_SQUARE = 1e-20;

ORBIT_INLINE Vec squareOf(Point a, double least = LEAST_SQUARE) {
    return maximum(dot(a, a), splat(least));
}

/** What angles depend on is at least this, so that forces of atoms at one place stay bounded. Angstrom^2, and ^4. */
constexpr double LEAST_SIDE = 1e-4, LEAST_NORMAL = 1e-6;

/** The way between two atoms; those at one place are pushed apart along x. */
ORBIT_INLINE Point findWay(Point from, Point to) {
    Point way = from - to;
    way.x = dot(way, way) < LEAST_SQUARE ? splat(1.1e-10) : way.x;
    return way;
}

ORBIT_INLINE Vec clipToOne(Vec a) {
    return maximum(minimum(a, splat(1.0)), splat(-1.0));
}

/**
 * asin(s) of s = |x| below 1/2, or else half of acos(|x|): s + s p(z) / q(z) on z up to 1/4, error 1e-16.
 * Source: the rational function of fdlibm's e_asin.c.
 */
ORBIT_INLINE Vec arcCore(Vec s, Vec z) {
    Vec p = z * 3.47933107596021167570e-05 + 7.91534994289814532176e-04;
    p = p * z - 4.00555345006794114027e-02;
    p = p * z + 2.01212532134862925881e-01;
    p = p * z - 3.25565818622400915405e-01;
    p = p * z + 1.66666666666666657415e-01;
    Vec q = z * 7.70381505559019352791e-02 - 6.88283971605453293030e-01;
    q = q * z + 2.02094576023350569471e+00;
    q = q * z - 2.40339491173441421878e+00;
    q = q * z + 1.0;
    return s + s * (z * p / q);
}

/** acos(x) in radian, x between -1 and 1. */
ORBIT_INLINE Vec arcCosine(Vec x) {
    const double pi = 3.14159265358979323846;
    const Vec size = magnitude(x), folded = 0.5 * (1.0 - size);
    const Vec z = size < 0.5 ? size * size : folded;
    const Vec core = arcCore(size < 0.5 ? size : squareRoot(folded), z);
    const Vec inner = 0.5 * pi - (x < 0.0 ? -core : core);
    const Vec outer = x < 0.0 ? pi - 2.0 * core : 2.0 * core;
    return size < 0.5 ? inner : outer;
}

/** asin(x) in radian, x between -1 and 1. */
ORBIT_INLINE Vec arcSine(Vec x) {
    const double pi = 3.14159265358979323846;
    const Vec size = magnitude(x), folded = 0.5 * (1.0 - size);
    const Vec z = size < 0.5 ? size * size : folded;
    const Vec core = arcCore(size < 0.5 ? size : squareRoot(folded), z);
    const Vec arc = size < 0.5 ? core : 0.5 * pi - 2.0 * core;
    return x < 0.0 ? -arc : arc;
}

} // namespace ORBIT_SIMD
} // namespace mmff
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_RELAX_LANES_H_
