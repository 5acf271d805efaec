// SPDX-License-Identifier: MIT
// The shared helper linear, device: a tiled matrix product whose input may be normalised on the way in (layerNorm) and
// whose output passes through an epilogue: out = W in + b, the gated residual, or SwiGLU.
//
// A work-group owns BLOCK_ROWS rows and BLOCK_COLUMNS columns at a time; a register tile is TILE_ROWS rows and two
// vectors of columns. Launch any number of groups of any size; BLOCK_ITEMS work-items a group are best. With
// TENSOR_CORES, 32 work-items share tiles of 32 columns, and a group must have BLOCK_COLUMNS work-items.
//
//   input     [numRows][inputStride]      rows and strides are padded with zeros to multiples of 16
//   weights   [numOutputs / BLOCK_COLUMNS][numInputs][BLOCK_COLUMNS]
//   bias      [numOutputs]
//   output    [numRows][outputStride]     the first numColumns columns are written

#define TILE_COLUMNS (2*VECTOR_WIDTH)
#define ITEM_COLUMNS (BLOCK_COLUMNS/TILE_COLUMNS)
#define BLOCK_ITEMS ((BLOCK_ROWS/TILE_ROWS)*ITEM_COLUMNS)
// Local memory: staged inputs, staged weights, and partial sums, means and inverse deviations of the rows.
#if TENSOR_CORES
// Strides that let the lanes of a fragment read from different banks; the panel takes the block's sums in the end.
#define ROW_STRIDE (BLOCK_INPUTS+4)
#define PANEL_STRIDE (BLOCK_COLUMNS+8)
#define ROWS_SIZE (BLOCK_ROWS*ROW_STRIDE)
#define SUMS_IN_PANEL (BLOCK_ROWS*BLOCK_COLUMNS)
#define STAGED_PANEL (BLOCK_INPUTS*PANEL_STRIDE)
#define PANEL_SIZE ((STAGED_PANEL > SUMS_IN_PANEL ? STAGED_PANEL : SUMS_IN_PANEL)+EXCHANGE_SIZE)
#else
#define ROWS_SIZE (BLOCK_INPUTS*BLOCK_ROWS)
#define PANEL_SIZE (STAGE_WEIGHTS ? BLOCK_INPUTS*BLOCK_COLUMNS : 1)
#endif
#define SUMS_SIZE (BLOCK_ROWS*(NORM_PARTS+2))

#define EPILOGUE_STORE 0
#define EPILOGUE_GATE 1
#define EPILOGUE_SWIGLU 2

typedef struct {
    GLOBAL const real* input;
    GLOBAL const real* weights;
    GLOBAL const real* bias;
    GLOBAL real* output;
    int inputStride, numInputs, outputStride, numOutputs, numColumns, numRows;
    int span;                               // column blocks that one group goes through
    GLOBAL const int4* rows;                // y is the condition of a row
    GLOBAL const real* modulation;          // of condition 0: shift and scale, or the gate
    int modulationStride, width, paddedWidth;
} LinearTask;

/** Means and inverse deviations of BLOCK_ROWS rows into sums. */
DEVICE void findRowMoments(const LinearTask task, int firstRow, LOCAL_ARG real* sums) {
    LOCAL_ARG real* means = sums+BLOCK_ROWS*NORM_PARTS;
    for (int pass = 0; pass < 2; pass++) {
        for (int index = LOCAL_ID; index < BLOCK_ROWS*NORM_PARTS; index += LOCAL_SIZE) {
            const int row = min(firstRow+index/NORM_PARTS, task.numRows-1);
            GLOBAL const real* in = task.input+row*task.inputStride;
            const real mean = (pass == 0 ? (real) 0 : means[index/NORM_PARTS]);
            rvec sum = SPLAT(0);
            for (int c = (index%NORM_PARTS)*VECTOR_WIDTH; c < task.paddedWidth; c += NORM_PARTS*VECTOR_WIDTH) {
                const rvec value = LOAD_VECTOR(in+c)-SPLAT(mean);
                sum = sum+(pass == 0 ? value : value*value);
            }
            sums[index] = vectorSum(sum);
        }
        SYNC_THREADS;
        for (int row = LOCAL_ID; row < BLOCK_ROWS; row += LOCAL_SIZE) {
            real sum = 0;
            for (int part = 0; part < NORM_PARTS; part++)
                sum += sums[row*NORM_PARTS+part];
            if (pass == 0)
                means[row] = sum/task.width;
            else {
                // Padding columns are zero, so each has added the square of the mean.
                sum -= (task.paddedWidth-task.width)*means[row]*means[row];
                means[BLOCK_ROWS+row] = 1/REAL_SQRT(sum/task.width+(real) LAYER_NORM_EPSILON);
            }
        }
        SYNC_THREADS;
    }
}

/**
 * Copy inputs k0 to k0+count of a block's rows to local memory, rows fastest; for tensor cores rounded, inputs fastest.
 */
DEVICE void stageRows(const LinearTask task, int normalize, int firstRow, int k0, int count, LOCAL_ARG real* rows,
        LOCAL_ARG real* sums) {
    LOCAL_ARG real* means = sums+BLOCK_ROWS*NORM_PARTS;
    const int numVectors = count/VECTOR_WIDTH;
    for (int index = LOCAL_ID; index < BLOCK_ROWS*numVectors; index += LOCAL_SIZE) {
        const int r = index/numVectors, k = (index-r*numVectors)*VECTOR_WIDTH;
        const int row = min(firstRow+r, task.numRows-1);
        rvec value = LOAD_VECTOR(task.input+row*task.inputStride+k0+k);
        if (normalize) {
            GLOBAL const real* shift = task.modulation+task.rows[row].y*task.modulationStride+k0+k;
            const rvec scale = LOAD_VECTOR(shift+task.paddedWidth);
            value = means[BLOCK_ROWS+r]*(value-SPLAT(means[r]))*(SPLAT(1)+scale)+LOAD_VECTOR(shift);
        }
#if TENSOR_CORES
        STORE_VECTOR(vectorToTf32(value), rows+r*ROW_STRIDE+k);
#else
        real elements[VECTOR_WIDTH];
        STORE_VECTOR(value, elements);
        for (int i = 0; i < VECTOR_WIDTH; i++)
            rows[(k+i)*BLOCK_ROWS+r] = elements[i];
#endif
    }
}

/** Write one row of a register tile, whose first column is given. */
DEVICE void finishRow(const LinearTask task, int epilogue, int row, int column, rvec left, rvec right) {
    left = left+LOAD_VECTOR(task.bias+column);
    right = right+LOAD_VECTOR(task.bias+column+VECTOR_WIDTH);
    GLOBAL real* out = task.output+row*task.outputStride;
    if (epilogue == EPILOGUE_SWIGLU) {
        if (column/2 < task.numColumns)
            STORE_VECTOR(vectorSilu(left)*right, out+column/2);
        return;
    }
    if (epilogue == EPILOGUE_GATE) {
        GLOBAL const real* gate = task.modulation+task.rows[row].y*task.modulationStride+column;
        if (column < task.numColumns)
            left = LOAD_VECTOR(out+column)+LOAD_VECTOR(gate)*left;
        if (column+VECTOR_WIDTH < task.numColumns)
            right = LOAD_VECTOR(out+column+VECTOR_WIDTH)+LOAD_VECTOR(gate+VECTOR_WIDTH)*right;
    }
    if (column < task.numColumns)
        STORE_VECTOR(left, out+column);
    if (column+VECTOR_WIDTH < task.numColumns)
        STORE_VECTOR(right, out+column+VECTOR_WIDTH);
}

#if TENSOR_CORES

/** One block of the product: 32 columns for every 32 work-items, as tiles of 16 rows and 8 columns. */
DEVICE void multiplyBlock(const LinearTask task, int normalize, int epilogue, int firstRow, int block, int isFirst,
        LOCAL_ARG real* rows, LOCAL_ARG real* panel, LOCAL_ARG real* sums) {
    const int lane = LOCAL_ID%32, g = lane/4, t = lane%4, firstColumn = LOCAL_ID-lane;
    real product[BLOCK_ROWS/16][4][4], a[BLOCK_ROWS/16][4], b[2];
    #pragma unroll
    for (int m = 0; m < BLOCK_ROWS/16; m++)
        #pragma unroll
        for (int n = 0; n < 16; n++)
            product[m][n/4][n%4] = 0;
    for (int k0 = 0; k0 < task.numInputs; k0 += BLOCK_INPUTS) {
        const int count = min(BLOCK_INPUTS, task.numInputs-k0);
        GLOBAL const real* weights = task.weights+(block*task.numInputs+k0)*BLOCK_COLUMNS;
        SYNC_THREADS;
        stageRows(task, normalize, firstRow, k0, count, rows, sums);
        for (int index = LOCAL_ID; index < count*(BLOCK_COLUMNS/VECTOR_WIDTH); index += LOCAL_SIZE) {
            const int k = index/(BLOCK_COLUMNS/VECTOR_WIDTH), c = index%(BLOCK_COLUMNS/VECTOR_WIDTH)*VECTOR_WIDTH;
            STORE_VECTOR(vectorToTf32(LOAD_VECTOR(weights+k*BLOCK_COLUMNS+c)), panel+k*PANEL_STRIDE+c);
        }
        SYNC_THREADS;
        for (int k = 0; k < count; k += 8) {
            #pragma unroll
            for (int m = 0; m < BLOCK_ROWS/16; m++)
                #pragma unroll
                for (int i = 0; i < 4; i++)
                    a[m][i] = rows[(16*m+g+8*(i%2))*ROW_STRIDE+k+t+4*(i/2)];
            #pragma unroll
            for (int n = 0; n < 4; n++) {
                b[0] = panel[(k+t)*PANEL_STRIDE+firstColumn+8*n+g];
                b[1] = panel[(k+t+4)*PANEL_STRIDE+firstColumn+8*n+g];
                #pragma unroll
                for (int m = 0; m < BLOCK_ROWS/16; m++)
                    multiplyFragments(product[m][n], a[m], b, panel+(PANEL_SIZE-EXCHANGE_SIZE));
            }
        }
    }
    SYNC_THREADS;
    #pragma unroll
    for (int m = 0; m < BLOCK_ROWS/16; m++)
        #pragma unroll
        for (int n = 0; n < 4; n++)
            #pragma unroll
            for (int i = 0; i < 4; i++)
                panel[(16*m+g+8*(i/2))*BLOCK_COLUMNS+firstColumn+8*n+2*t+i%2] = product[m][n][i];
    SYNC_THREADS;
    for (int item = LOCAL_ID; item < BLOCK_ROWS*ITEM_COLUMNS; item += LOCAL_SIZE) {
        const int row = item/ITEM_COLUMNS, column = (item%ITEM_COLUMNS)*TILE_COLUMNS;
        LOCAL_ARG const real* sum = panel+row*BLOCK_COLUMNS+column;
        if (firstRow+row < task.numRows)
            finishRow(task, epilogue, firstRow+row, block*BLOCK_COLUMNS+column, LOAD_VECTOR(sum),
                LOAD_VECTOR(sum+VECTOR_WIDTH));
    }
}

#else

/** One block of the product: a register tile for every work-item. */
DEVICE void multiplyBlock(const LinearTask task, int normalize, int epilogue, int firstRow, int block, int isFirst,
        LOCAL_ARG real* rows, LOCAL_ARG real* panel, LOCAL_ARG real* sums) {
    for (int base = 0; base < BLOCK_ITEMS; base += LOCAL_SIZE) {
        const int item = base+LOCAL_ID;
        const int row0 = (item/ITEM_COLUMNS)*TILE_ROWS, column0 = (item%ITEM_COLUMNS)*TILE_COLUMNS;
        rvec left[TILE_ROWS], right[TILE_ROWS];
        #pragma unroll
        for (int r = 0; r < TILE_ROWS; r++) {
            left[r] = SPLAT(0);
            right[r] = SPLAT(0);
        }
        for (int k0 = 0; k0 < task.numInputs; k0 += BLOCK_INPUTS) {
            const int count = min(BLOCK_INPUTS, task.numInputs-k0);
            GLOBAL const real* weights = task.weights+(block*task.numInputs+k0)*BLOCK_COLUMNS;
            SYNC_THREADS;
            if (task.numInputs > BLOCK_INPUTS || (isFirst && base == 0))
                stageRows(task, normalize, firstRow, k0, count, rows, sums);
#if STAGE_WEIGHTS
            for (int index = LOCAL_ID; index < count*BLOCK_COLUMNS/VECTOR_WIDTH; index += LOCAL_SIZE)
                STORE_VECTOR(LOAD_VECTOR(weights+index*VECTOR_WIDTH), panel+index*VECTOR_WIDTH);
            LOCAL_ARG const real* columns = panel+column0;
#else
            GLOBAL const real* columns = weights+column0;
#endif
            SYNC_THREADS;
            if (item < BLOCK_ITEMS)
                for (int k = 0; k < count; k++) {
                    const rvec w0 = LOAD_VECTOR(columns+k*BLOCK_COLUMNS);
                    const rvec w1 = LOAD_VECTOR(columns+k*BLOCK_COLUMNS+VECTOR_WIDTH);
                    #pragma unroll
                    for (int r = 0; r < TILE_ROWS; r++) {
                        const real value = rows[k*BLOCK_ROWS+row0+r];
                        left[r] = value*w0+left[r];
                        right[r] = value*w1+right[r];
                    }
                }
        }
        #pragma unroll
        for (int r = 0; r < TILE_ROWS; r++)
            if (item < BLOCK_ITEMS && firstRow+row0+r < task.numRows)
                finishRow(task, epilogue, firstRow+row0+r, block*BLOCK_COLUMNS+column0, left[r], right[r]);
    }
}

#endif

DEVICE void linear(const LinearTask task, int normalize, int epilogue, LOCAL_ARG real* rows, LOCAL_ARG real* panel,
        LOCAL_ARG real* sums) {
    const int numBlocks = task.numOutputs/BLOCK_COLUMNS;
    const int numSpans = (numBlocks+task.span-1)/task.span;
    const int numUnits = numSpans*((task.numRows+BLOCK_ROWS-1)/BLOCK_ROWS);
    for (int unit = GROUP_ID; unit < numUnits; unit += NUM_GROUPS) {
        const int firstRow = (unit/numSpans)*BLOCK_ROWS;
        const int firstBlock = (unit%numSpans)*task.span;
        const int lastBlock = min(firstBlock+task.span, numBlocks);
        SYNC_THREADS;
        if (normalize)
            findRowMoments(task, firstRow, sums);
        for (int block = firstBlock; block < lastBlock; block++)
            multiplyBlock(task, normalize, epilogue, firstRow, block, block == firstBlock, rows, panel, sums);
    }
}
