// SPDX-License-Identifier: MIT
// Products of small matrices of TF32 numbers (10 bits of mantissa) with sums in single precision, by 32 work-items
// together: the tensor cores of CUDA devices from compute capability 8.0 on (PTX ISA, mma.m16n8k8). On any other device
// the same exchange goes through local memory, which is slow and there for tests.
//
// With g = lane/4 and t = lane%4, a work-item holds
//   a   A[g][t], A[g+8][t], A[g][t+4], A[g+8][t+4]                    A has 16 rows and 8 columns
//   b   B[t][g], B[t+4][g]                                            B has 8 rows and 8 columns
//   c   C[g][2t], C[g][2t+1], C[g+8][2t], C[g+8][2t+1]                C has 16 rows and 8 columns

#if TENSOR_CORES

#ifdef __CUDA_ARCH__
#if __CUDA_ARCH__ < 800
#error ORBIT_GPU_PRODUCTS=tf32 needs a GPU of compute capability 8.0 or higher; use single
#endif
#define EXCHANGE_SIZE 0

DEVICE real roundToTf32(real value) {
    unsigned int bits;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(value));
    return __uint_as_float(bits);
}

/** c += a b. */
DEVICE void multiplyFragments(real* c, const real* a, const real* b, LOCAL_ARG real* exchange) {
    asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
        "{%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(__float_as_uint(a[0])), "r"(__float_as_uint(a[1])), "r"(__float_as_uint(a[2])),
          "r"(__float_as_uint(a[3])), "r"(__float_as_uint(b[0])), "r"(__float_as_uint(b[1])));
}

#else
#define EXCHANGE_SIZE (6*BLOCK_COLUMNS)

typedef union {
    real value;
    unsigned int bits;
} RealBits;

/** To the nearest number with 10 bits of mantissa, ties away from zero, as cvt.rna does. */
DEVICE real roundToTf32(real value) {
    RealBits word;
    word.value = value;
    word.bits = (word.bits+0x1000u) & 0xffffe000u;
    return word.value;
}

/** c += a b. */
DEVICE void multiplyFragments(real* c, const real* a, const real* b, LOCAL_ARG real* exchange) {
    const int lane = LOCAL_ID%32, g = lane/4, t = lane%4;
    LOCAL_ARG real* fragments = exchange+6*(LOCAL_ID-lane);
    SYNC_THREADS;
    for (int i = 0; i < 4; i++)
        fragments[6*lane+i] = a[i];
    for (int i = 0; i < 2; i++)
        fragments[6*lane+4+i] = b[i];
    SYNC_THREADS;
    for (int i = 0; i < 4; i++) {
        const int row = g+8*(i/2), column = 2*t+i%2;
        for (int k = 0; k < 8; k++)
            c[i] += fragments[6*(4*(row%8)+k%4)+row/8+2*(k/4)]*fragments[6*(4*column+k%4)+4+k/4];
    }
}

#endif

DEVICE rvec vectorToTf32(rvec value) {
    real elements[VECTOR_WIDTH];
    STORE_VECTOR(value, elements);
    for (int i = 0; i < VECTOR_WIDTH; i++)
        elements[i] = roundToTf32(elements[i]);
    return LOAD_VECTOR(elements);
}

#endif
