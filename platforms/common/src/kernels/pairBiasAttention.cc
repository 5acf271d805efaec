// SPDX-License-Identifier: MIT
// The pairBiasAttention stage, device: products of queries, keys and values before and after, and attention with an
// online softmax between them, so that weights never reach memory.
//
// attentionInput, attentionOutput: see linear. pairBiasAttention: a work-item owns QUERY_TILE queries of one head, a
// work-group QUERY_BLOCK. Any number of groups of any size; QUERY_BLOCK / QUERY_TILE work-items a group are best.
//   units     [numUnits]                       x first row of the copy, y number of tokens, z first query, w first pair
//   qkv       [numRows][3][numHeads][HEAD_WIDTH]
//   u         [COMPONENTS][uStride]
//   bias      [numHeads][biasStride]           rows of one copy padded to 16, padding below -1e29
//   gathered  [numRows][outputStride]          o of all heads, then rho of all heads, then zeros

KERNEL void attentionInput(GLOBAL const real* RESTRICT x, int width, int paddedWidth,
        GLOBAL const real* RESTRICT weights, int matrix, int matrixBias, int numOutputs, int numColumns, int numRows,
        int span, GLOBAL const int4* RESTRICT rows, GLOBAL const real* RESTRICT modulation, int modulationStride,
        int modulationOffset, GLOBAL real* RESTRICT qkv) {
    LOCAL real staged[ROWS_SIZE], panel[PANEL_SIZE], sums[SUMS_SIZE];

    // (4.10), (4.11)
    const LinearTask task = {x, weights + matrix, weights + matrixBias, qkv, paddedWidth, paddedWidth, numColumns,
            numOutputs, numColumns, numRows, span, rows, modulation + modulationOffset, modulationStride, width,
            paddedWidth};
    linear(task, 1, EPILOGUE_STORE, staged, panel, sums);
}

/**
 * Copy keys (transposed), values and coordinates of at most KEY_BLOCK tokens to local memory, zeros behind the last up
 * to a whole vector.
 */
DEVICE void stageKeys(GLOBAL const real* qkv, GLOBAL const real* u, int uStride, int row, int count, int width, int h,
        LOCAL_ARG real* keys, LOCAL_ARG real* values, LOCAL_ARG real* places) {
    const int paddedCount = VECTOR_WIDTH*((count+VECTOR_WIDTH-1)/VECTOR_WIDTH);
    for (int index = LOCAL_ID; index < paddedCount*(HEAD_WIDTH/VECTOR_WIDTH); index += LOCAL_SIZE) {
        const int j = index/(HEAD_WIDTH/VECTOR_WIDTH), c = (index%(HEAD_WIDTH/VECTOR_WIDTH))*VECTOR_WIDTH;
        GLOBAL const real* in = qkv+(row+min(j, count-1))*3*width+width+h*HEAD_WIDTH+c;
        real elements[VECTOR_WIDTH];
        STORE_VECTOR(LOAD_VECTOR(in), elements);
        for (int i = 0; i < VECTOR_WIDTH; i++)
            keys[(c+i)*KEY_BLOCK+j] = (j < count ? elements[i] : (real) 0);
        STORE_VECTOR((j < count ? LOAD_VECTOR(in+width) : SPLAT(0)), values+j*HEAD_WIDTH+c);
    }
    for (int index = LOCAL_ID; index < COMPONENTS*paddedCount; index += LOCAL_SIZE) {
        const int k = index/paddedCount, j = index%paddedCount;
        places[k*KEY_BLOCK+j] = (j < count ? u[k*uStride+row+j] : (real) 0);
    }
}

/** Load QUERY_TILE queries of a head of a copy, [numTokens][stride], and clear what is summed for each of them. */
DEVICE inline void startQueries(GLOBAL const real* qkv, int stride, int first, int numTokens, real* q, rvec* o,
        real* maximum, real* total, real* rho) {
    #pragma unroll
    for (int t = 0; t < QUERY_TILE; t++) {
        // Queries behind the last token repeat it and are not written.
        GLOBAL const real* in = qkv+min(first+t, numTokens-1)*stride;
        for (int c = 0; c < HEAD_WIDTH; c++)
            q[t*HEAD_WIDTH+c] = in[c];
        #pragma unroll
        for (int c = 0; c < HEAD_WIDTH/VECTOR_WIDTH; c++)
            o[t*(HEAD_WIDTH/VECTOR_WIDTH)+c] = SPLAT(0);
        maximum[t] = (real) -1e30;
        total[t] = 0;
        #pragma unroll
        for (int k = 0; k < COMPONENTS; k++)
            rho[COMPONENTS*t+k] = 0;
    }
}

/** Divide the sums of a query by the total of its weights, and write them as a head's part of a row of gathered. */
DEVICE inline void finishQuery(const rvec* o, real total, const real* rho, GLOBAL const real* u, int uStride, int h,
        int numHeads, GLOBAL real* out, int outputStride) {
    const int width = numHeads*HEAD_WIDTH;
    #pragma unroll
    for (int c = 0; c < HEAD_WIDTH/VECTOR_WIDTH; c++)
        STORE_VECTOR((1/total)*o[c], out+h*HEAD_WIDTH+c*VECTOR_WIDTH);
    #pragma unroll
    for (int k = 0; k < COMPONENTS; k++)
        out[width+COMPONENTS*h+k] = rho[k]/total-u[(3*REFERENCE_POINT+k%3)*uStride];
    if (h == 0)
        for (int c = width+COMPONENTS*numHeads; c < outputStride; c++)
            out[c] = 0;
}

KERNEL void pairBiasAttention(int numUnits, int numHeads, GLOBAL const int4* RESTRICT units,
        GLOBAL const real* RESTRICT qkv, GLOBAL const real* RESTRICT u, int uStride, GLOBAL const real* RESTRICT bias,
        int biasStride, int firstBias, GLOBAL real* RESTRICT gathered, int outputStride) {
    LOCAL real keys[HEAD_WIDTH*KEY_BLOCK], values[HEAD_WIDTH*KEY_BLOCK], places[COMPONENTS*KEY_BLOCK];
    const int width = numHeads*HEAD_WIDTH;
    for (int index = GROUP_ID; index < numUnits*numHeads; index += NUM_GROUPS) {
        const int4 unit = units[index/numHeads];
        const int h = index%numHeads, rowLength = 16*((unit.y+15)/16);
        for (int base = 0; base < QUERY_BLOCK/QUERY_TILE; base += LOCAL_SIZE) {
            const int first = unit.z+(base+LOCAL_ID)*QUERY_TILE;
            const int active = (base+LOCAL_ID < QUERY_BLOCK/QUERY_TILE && first < unit.y);
            real q[QUERY_TILE*HEAD_WIDTH], w[VECTOR_WIDTH], maximum[QUERY_TILE], total[QUERY_TILE];
            real rho[COMPONENTS*QUERY_TILE];
            rvec o[QUERY_TILE*(HEAD_WIDTH/VECTOR_WIDTH)], product[QUERY_TILE];
            startQueries(qkv+unit.x*3*width+h*HEAD_WIDTH, 3*width, first, unit.y, q, o, maximum, total, rho);
            for (int key0 = 0; key0 < unit.y; key0 += KEY_BLOCK) {
                const int count = min(KEY_BLOCK, unit.y-key0);
                SYNC_THREADS;
                stageKeys(qkv, u, uStride, unit.x+key0, count, width, h, keys, values, places);
                SYNC_THREADS;
                if (active)
                    for (int j = 0; j < count; j += VECTOR_WIDTH) {
                        // (4.12)
                        #pragma unroll
                        for (int t = 0; t < QUERY_TILE; t++)
                            product[t] = LOAD_VECTOR(bias+(firstBias+h)*biasStride+unit.w+
                                min(first+t, unit.y-1)*rowLength+key0+j);
                        for (int c = 0; c < HEAD_WIDTH; c++) {
                            const rvec k = LOAD_VECTOR(keys+c*KEY_BLOCK+j);
                            #pragma unroll
                            for (int t = 0; t < QUERY_TILE; t++)
                                product[t] = q[t*HEAD_WIDTH+c]*k+product[t];
                        }

                        // (4.13) with the weights relative to the largest product so far
                        #pragma unroll
                        for (int t = 0; t < QUERY_TILE; t++) {
                            const real largest = fmax(maximum[t], vectorMax(product[t]));
                            const real factor = REAL_EXP(maximum[t]-largest);
                            maximum[t] = largest;
                            const rvec relative = VECTOR_EXP(product[t]-SPLAT(largest));
                            total[t] = total[t]*factor+vectorSum(relative);
                            STORE_VECTOR(relative, w);
                            #pragma unroll
                            for (int k = 0; k < COMPONENTS; k++)
                                rho[COMPONENTS*t+k] = rho[COMPONENTS*t+k]*factor+
                                    vectorSum(relative*LOAD_VECTOR(places+k*KEY_BLOCK+j));
                            #pragma unroll
                            for (int c = 0; c < HEAD_WIDTH/VECTOR_WIDTH; c++) {
                                rvec sum = factor*o[t*(HEAD_WIDTH/VECTOR_WIDTH)+c];
                                #pragma unroll
                                for (int n = 0; n < VECTOR_WIDTH; n++)
                                    sum = w[n]*LOAD_VECTOR(values+(j+n)*HEAD_WIDTH+c*VECTOR_WIDTH)+sum;
                                o[t*(HEAD_WIDTH/VECTOR_WIDTH)+c] = sum;
                            }
                        }
                    }
            }
            #pragma unroll
            for (int t = 0; t < QUERY_TILE; t++)
                if (active && first+t < unit.y)
                    finishQuery(o+t*(HEAD_WIDTH/VECTOR_WIDTH), total[t], rho+COMPONENTS*t, u+unit.x+first+t, uStride, h,
                            numHeads, gathered+(unit.x+first+t)*outputStride, outputStride);
        }
    }
}

KERNEL void attentionOutput(GLOBAL const real* RESTRICT gathered, int inputStride, GLOBAL const real* RESTRICT weights,
        int matrix, int matrixBias, int numOutputs, int paddedWidth, int numRows, int span,
        GLOBAL const int4* RESTRICT rows, GLOBAL const real* RESTRICT modulation, int modulationStride,
        int modulationOffset, GLOBAL real* RESTRICT x) {
    LOCAL real staged[ROWS_SIZE], panel[PANEL_SIZE], sums[SUMS_SIZE];

    // (4.14)
    const LinearTask task = {gathered, weights+matrix, weights+matrixBias, x, inputStride, inputStride, paddedWidth,
        numOutputs, paddedWidth, numRows, span, rows, modulation+modulationOffset, modulationStride, 0, 0};
    linear(task, 0, EPILOGUE_GATE, staged, panel, sums);
}
