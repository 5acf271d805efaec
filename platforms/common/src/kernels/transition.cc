// SPDX-License-Identifier: MIT
// The transition stage, device: a gated two-layer network on every token. Launch and shapes: see linear.
//
// The columns of the first matrix are interleaved: VECTOR_WIDTH columns of g, then the same of v.
//   gated    [numRows][innerWidth]   SiLU(g) v

KERNEL void transitionUp(GLOBAL const real* RESTRICT x, int width, int paddedWidth, GLOBAL const real* RESTRICT weights,
        int matrix, int matrixBias, int numOutputs, int innerWidth, int numRows, int span,
        GLOBAL const int4* RESTRICT rows, GLOBAL const real* RESTRICT modulation, int modulationStride,
        int modulationOffset, GLOBAL real* RESTRICT gated) {
    LOCAL real staged[ROWS_SIZE], panel[PANEL_SIZE], sums[SUMS_SIZE];

    // (4.15), (4.16) and the product of (4.17)
    const LinearTask task = {x, weights + matrix, weights + matrixBias, gated, paddedWidth, paddedWidth, innerWidth,
            numOutputs, innerWidth, numRows, span, rows, modulation + modulationOffset, modulationStride, width,
            paddedWidth};
    linear(task, 1, EPILOGUE_SWIGLU, staged, panel, sums);
}

KERNEL void transitionDown(GLOBAL const real* RESTRICT gated, int innerWidth, GLOBAL const real* RESTRICT weights,
        int matrix, int matrixBias, int numOutputs, int paddedWidth, int numRows, int span,
        GLOBAL const int4* RESTRICT rows, GLOBAL const real* RESTRICT modulation, int modulationStride,
        int modulationOffset, GLOBAL real* RESTRICT x) {
    LOCAL real staged[ROWS_SIZE], panel[PANEL_SIZE], sums[SUMS_SIZE];

    // (4.17)
    const LinearTask task = {gated, weights + matrix, weights + matrixBias, x, innerWidth, innerWidth, paddedWidth,
            numOutputs, paddedWidth, numRows, span, rows, modulation + modulationOffset, modulationStride, 0, 0};
    linear(task, 0, EPILOGUE_GATE, staged, panel, sums);
}
