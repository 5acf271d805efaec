// SPDX-License-Identifier: MIT
// Shared by all kernels: vectors of VECTOR_WIDTH numbers, on a CPU as wide as its registers, on a GPU four.
//
// rvec       VECTOR_WIDTH reals: LOAD_VECTOR, STORE_VECTOR (alignment of one real), SPLAT, VECTOR_SUM, VECTOR_MAX, +, *
// lanes      PAIR_LANES reals, with the same operations: what one work-item of pairFeatures works on
// accurate   double if the device has it: for noise and time, which are computed rarely and must agree everywhere

// Numbers that say where a token stands: its points one after another.
#define COMPONENTS (3*POINTS_PER_TOKEN)

#ifdef __OPENCL_VERSION__

#if REAL_IS_DOUBLE
typedef double8 real8;
typedef double16 real16;
#else
typedef float8 real8;
typedef float16 real16;
#endif
#define JOIN_NAMES(a, b) a##b
#define JOIN(a, b) JOIN_NAMES(a, b)
typedef JOIN(real, VECTOR_WIDTH) rvec;
#define LOAD_VECTOR(pointer) JOIN(vload, VECTOR_WIDTH)(0, pointer)
#define STORE_VECTOR(value, pointer) JOIN(vstore, VECTOR_WIDTH)(value, 0, pointer)
#define SPLAT(x) ((rvec) (x))
#define VECTOR_EXP(x) exp(x)
#define REAL_EXP(x) exp((real) (x))
#define REAL_SQRT(x) sqrt((real) (x))

#if VECTOR_WIDTH == 4
#define REDUCE_HALVES(OPERATION)
#elif VECTOR_WIDTH == 8
#define REDUCE_HALVES(OPERATION) const real4 quarter = OPERATION(value.lo, value.hi);
#else
#define REDUCE_HALVES(OPERATION) const real8 half8 = OPERATION(value.lo, value.hi); \
    const real4 quarter = OPERATION(half8.lo, half8.hi);
#endif
#if VECTOR_WIDTH == 4
#define quarter value
#endif
#define ADD(a, b) ((a)+(b))
#define MAXIMUM(a, b) fmax(a, b)

DEVICE real vectorSum(rvec value) {
    REDUCE_HALVES(ADD)
    const real2 pair = quarter.lo+quarter.hi;
    return pair.x+pair.y;
}

DEVICE real vectorMax(rvec value) {
    REDUCE_HALVES(MAXIMUM)
    const real2 pair = fmax(quarter.lo, quarter.hi);
    return fmax(pair.x, pair.y);
}
#if VECTOR_WIDTH == 4
#undef quarter
#endif

#if PAIR_LANES == 1
typedef real lanes;
#define LOAD_LANES(pointer) (*(pointer))
#define STORE_LANES(value, pointer) *(pointer) = (value)
#define LANES_SQRT(x) sqrt(x)
#define LANES_SPLAT(x) ((real) (x))
#else
typedef rvec lanes;
#define LOAD_LANES(pointer) LOAD_VECTOR(pointer)
#define STORE_LANES(value, pointer) STORE_VECTOR(value, pointer)
#define LANES_SQRT(x) sqrt(x)
#define LANES_SPLAT(x) SPLAT(x)
#endif
#define LANES_EXP(x) exp(x)

#else

// CUDA and HIP: VECTOR_WIDTH is 4, PAIR_LANES 1.

struct __align__(4*sizeof(real)) rvec {
    real x, y, z, w;
};
#define FOUR(expression) rvec result; result.x = expression(x); result.y = expression(y); \
    result.z = expression(z); result.w = expression(w); return result;
DEVICE inline rvec SPLAT(real value) {
#define EACH(k) value
    FOUR(EACH)
#undef EACH
}
DEVICE inline rvec operator+(const rvec& a, const rvec& b) {
#define EACH(k) a.k+b.k
    FOUR(EACH)
#undef EACH
}
DEVICE inline rvec operator-(const rvec& a, const rvec& b) {
#define EACH(k) a.k-b.k
    FOUR(EACH)
#undef EACH
}
DEVICE inline rvec operator*(const rvec& a, const rvec& b) {
#define EACH(k) a.k*b.k
    FOUR(EACH)
#undef EACH
}
DEVICE inline rvec operator/(const rvec& a, const rvec& b) {
#define EACH(k) a.k/b.k
    FOUR(EACH)
#undef EACH
}
DEVICE inline rvec operator*(real a, const rvec& b) {
#define EACH(k) a*b.k
    FOUR(EACH)
#undef EACH
}
DEVICE inline rvec VECTOR_EXP(const rvec& a) {
#define EACH(k) exp(a.k)
    FOUR(EACH)
#undef EACH
}
DEVICE inline real vectorSum(const rvec& value) {
    return (value.x+value.z)+(value.y+value.w);
}
DEVICE inline real vectorMax(const rvec& value) {
    return fmax(fmax(value.x, value.z), fmax(value.y, value.w));
}
// Every array starts at, and every row is, a multiple of four reals.
#define LOAD_VECTOR(pointer) (*(const rvec*) (pointer))
#define STORE_VECTOR(value, pointer) (*(rvec*) (pointer) = (value))
#define REAL_EXP(x) exp((real) (x))
#define REAL_SQRT(x) sqrt((real) (x))
typedef real lanes;
#define LOAD_LANES(pointer) (*(pointer))
#define STORE_LANES(value, pointer) (*(pointer) = (value))
#define LANES_SQRT(x) sqrt(x)
#define LANES_EXP(x) exp(x)
#define LANES_SPLAT(x) ((real) (x))

#endif

#ifdef SUPPORTS_DOUBLE_PRECISION
typedef double accurate;
#else
typedef float accurate;
#endif

/** SiLU(a) = a / (1 + exp(-a)). */
DEVICE real silu(real value) {
    return value/(1+REAL_EXP(-value));
}

DEVICE rvec vectorSilu(rvec value) {
    return value/(SPLAT(1)+VECTOR_EXP(SPLAT(0)-value));
}

DEVICE lanes lanesSilu(lanes value) {
    return value/(LANES_SPLAT(1)+LANES_EXP(LANES_SPLAT(0)-value));
}
