// SPDX-License-Identifier: MIT
// The flowConditioning stage, device: small products and normalisations of one row for each condition in use, and a row
// of zeros for registers, and how their outputs become modulations.
//
// plainProduct, gatedProduct: see linear. normalizeRows: one work-group a row, or fewer, of any size.
// assembleModulation: any number of work-items.
//   conditions   [numRows]       condition of each row; -1: registers
//   made         [numRows][4 L width]   shift and scale of attention and transition of every layer
//   gates        [numRows][2 L width]
//   ofPairs      [numRows][2 pairWidth]
//   modulation   [numRows][modulationSize]   of all layers, of the head, and of the pairs

#define NORM_SUMS 32

// (9.1) comes from the host: the waves need more digits of the time than single precision has.

KERNEL void plainProduct(GLOBAL const real* RESTRICT x, int inputStride, GLOBAL const real* RESTRICT weights,
        int matrix, int matrixBias, int numInputs, int numOutputs, int numColumns, int numRows, int span,
        GLOBAL real* RESTRICT output) {
    LOCAL real staged[ROWS_SIZE], panel[PANEL_SIZE], sums[SUMS_SIZE];
    const LinearTask task = {x, weights+matrix, weights+matrixBias, output, inputStride, numInputs, numColumns,
        numOutputs, numColumns, numRows, span, 0, 0, 0, 0, 0};
    linear(task, 0, EPILOGUE_STORE, staged, panel, sums);
}

KERNEL void gatedProduct(GLOBAL const real* RESTRICT x, int inputStride, GLOBAL const real* RESTRICT weights,
        int matrix, int matrixBias, int numInputs, int numOutputs, int numColumns, int numRows, int span,
        GLOBAL real* RESTRICT output) {
    LOCAL real staged[ROWS_SIZE], panel[PANEL_SIZE], sums[SUMS_SIZE];
    const LinearTask task = {x, weights+matrix, weights+matrixBias, output, inputStride, numInputs, numColumns,
        numOutputs, numColumns, numRows, span, 0, 0, 0, 0, 0};
    linear(task, 0, EPILOGUE_SWIGLU, staged, panel, sums);
}

DEVICE real sigmoid(real value) {
    return 1/(1+REAL_EXP(-value));
}

/** Add NORM_SUMS partial sums; every work-item gets the sum, whatever the size of the group. */
DEVICE real addParts(LOCAL_ARG const real* parts) {
    real sum = 0;
    SYNC_THREADS;
    for (int part = 0; part < NORM_SUMS; part++)
        sum += parts[part];
    SYNC_THREADS;
    return sum;
}

/** Mean, and inverse deviation, of the first columns of a row. */
DEVICE real2 findMoments(GLOBAL const real* row, int width, LOCAL_ARG real* parts) {
    real2 moments;
    for (int part = LOCAL_ID; part < NORM_SUMS; part += LOCAL_SIZE) {
        real sum = 0;
        for (int c = part; c < width; c += NORM_SUMS)
            sum += row[c];
        parts[part] = sum;
    }
    moments.x = addParts(parts)/width;
    for (int part = LOCAL_ID; part < NORM_SUMS; part += LOCAL_SIZE) {
        real sum = 0;
        for (int c = part; c < width; c += NORM_SUMS)
            sum += (row[c]-moments.x)*(row[c]-moments.x);
        parts[part] = sum;
    }
    moments.y = 1/REAL_SQRT(addParts(parts)/width+(real) LAYER_NORM_EPSILON);
    return moments;
}

/** Normalise rows in place; norm is the place of a weight and, width further, a bias, or -1. */
KERNEL void normalizeRows(int numRows, int width, int stride, GLOBAL const real* RESTRICT weights, int norm,
        GLOBAL real* RESTRICT x) {
    LOCAL real parts[NORM_SUMS];
    for (int row = GROUP_ID; row < numRows; row += NUM_GROUPS) {
        GLOBAL real* values = x+row*stride;
        const real2 moments = findMoments(values, width, parts);
        for (int c = LOCAL_ID; c < width; c += LOCAL_SIZE) {
            const real value = (values[c]-moments.x)*moments.y;
            values[c] = (norm < 0 ? value : value*weights[norm+c]+weights[norm+width+c]);
        }
    }
}

/** The conditions' part of cond, which starts as W e of (9.1); registers keep zero. */
KERNEL void addConditions(int numRows, int width, int stride, GLOBAL const int* RESTRICT conditions,
        GLOBAL const real* RESTRICT weights, int embedding, GLOBAL real* RESTRICT cond) {
    // (9.2)
    for (int index = GLOBAL_ID; index < numRows*width; index += GLOBAL_SIZE) {
        const int row = index/width, c = index%width;
        if (conditions[row] >= 0)
            cond[row*stride+c] += weights[embedding+conditions[row]*width+c];
    }
}

KERNEL void assembleModulation(int numRows, int numLayers, int width, int pairWidth, GLOBAL const real* RESTRICT made,
        GLOBAL const real* RESTRICT gates, GLOBAL const real* RESTRICT ofPairs, GLOBAL const real* RESTRICT weights,
        int head, int modulationSize, GLOBAL real* RESTRICT modulation) {
    const int layers = 6*numLayers*width, pairs = layers+2*width;
    for (int index = GLOBAL_ID; index < numRows*modulationSize; index += GLOBAL_SIZE) {
        const int row = index/modulationSize, place = index%modulationSize;
        real value = 0;
        if (place < layers) {
            // (9.3)
            const int part = place/width, layerHalf = part/3, kind = part%3, c = place%width;
            if (kind == 2)
                value = sigmoid(gates[(row*2*numLayers+layerHalf)*width+c]);
            else {
                value = made[((row*2*numLayers+layerHalf)*2+kind)*width+c];
                if (kind == 1)
                    value = sigmoid(value)-1;
            }
        }
        else if (place < pairs)
            value = weights[head+place-layers];
        else if (place < pairs+2*pairWidth) {
            // (9.4)
            value = ofPairs[row*2*pairWidth+place-pairs];
            if (place >= pairs+pairWidth)
                value = sigmoid(value)-1;
        }
        modulation[index] = value;
    }
}
