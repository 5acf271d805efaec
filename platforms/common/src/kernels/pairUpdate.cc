// SPDX-License-Identifier: MIT
// The pairUpdate stage, device: what stands between the products and normalisations (plainProduct, normalizeRows) that
// update descriptions of pairs. Launch: any number of work-items in groups of any size.
//
//   blocks      [numPairs / 16]   copy of 16 pairs: rows of M, padded to 16
//   copies      [numCopies]       x first row, y number of rows, z first pair
//   places      [numPairs]        w: -2: padding; -1: with a register
//   pairs       [numPairs][PADDED_PAIR_WIDTH]
//   projected   [numRows][2][PADDED_PAIR_WIDTH]   what a row adds to pairs (i, row), then to pairs (row, j)
//   left, right, sums   [numPairs][width]         sides of triangles, and the sums of their products

/** Keep the descriptions of all pairs, which describePairs has measured; those with a register are zero. */
KERNEL void keepPairs(int numPairs, GLOBAL const int4* RESTRICT places, GLOBAL const real* RESTRICT moments,
        GLOBAL const real* RESTRICT embedded, int hasBefore, GLOBAL const real* RESTRICT weights, int norm,
        GLOBAL const real* RESTRICT modulation, int modulationStride, int modulationOffset,
        GLOBAL real* RESTRICT pairs) {
    const PairTask task = {embedded, weights, modulation+modulationOffset, norm, hasBefore, modulationStride};
    for (int pair = GLOBAL_ID; pair < numPairs; pair += GLOBAL_SIZE) {
        const int4 place = places[pair];
        real found[6];
        for (int k = 0; k < 6; k++)
            found[k] = (place.w < 0 ? (real) 0 : moments[k*numPairs+pair]);
        for (int c = 0; c < PADDED_PAIR_WIDTH; c++)
            pairs[pair*PADDED_PAIR_WIDTH+c] =
                (place.w < 0 || c >= PAIR_WIDTH ? (real) 0 : describe(task, place, found, c, 2));
    }
}

/** The biases of some outputs from normalised descriptions, as binnedPairs makes them. */
KERNEL void biasesOfPairs(int numPairs, GLOBAL const int4* RESTRICT places, GLOBAL const real* RESTRICT normalized,
        GLOBAL const real* RESTRICT weights, int outputs, int outputBias, int firstOutput, int numOutputs,
        GLOBAL real* RESTRICT bias) {
    const int firstBlock = firstOutput/8, numBlocks = (firstOutput+numOutputs+7)/8-firstBlock;
    for (int index = GLOBAL_ID; index < numPairs*numBlocks; index += GLOBAL_SIZE) {
        const int pair = index%numPairs, block = firstBlock+index/numPairs, isPadding = (places[pair].w == -2);
        real sums[8];
        #pragma unroll
        for (int n = 0; n < 8; n++)
            sums[n] = (isPadding ? PADDING_BIAS : weights[outputBias+8*block+n]);
        if (!isPadding)
            for (int c = 0; c < PAIR_WIDTH; c++) {
                const real h = normalized[pair*PADDED_PAIR_WIDTH+c];
                #pragma unroll
                for (int n = 0; n < 8; n++)
                    sums[n] = weights[outputs+8*(block*PAIR_WIDTH+c)+n]*h+sums[n];
            }
        storeBiases(sums, 8*block-firstOutput, numOutputs, numPairs, bias+pair);
    }
}

/** The sum over the third row k of a product of both sides, in one channel. */
KERNEL void sumTriangles(int numPairs, int width, int isOutgoing, GLOBAL const int* RESTRICT blocks,
        GLOBAL const int4* RESTRICT copies, GLOBAL const real* RESTRICT left, GLOBAL const real* RESTRICT right,
        GLOBAL real* RESTRICT sums) {
    for (int index = GLOBAL_ID; index < numPairs*width; index += GLOBAL_SIZE) {
        // (9.13)
        const int pair = index/width, c = index%width;
        const int4 copy = copies[blocks[pair/16]];
        const int rowLength = 16*((copy.y+15)/16);
        const int i = (pair-copy.z)/rowLength, j = (pair-copy.z)%rowLength;
        const int step = (isOutgoing ? width : rowLength*width);
        GLOBAL const real* a = left+(copy.z+(isOutgoing ? i*rowLength : i))*width+c;
        GLOBAL const real* b = right+(copy.z+(isOutgoing ? j*rowLength : j))*width+c;
        real sum = 0;
        for (int k = 0; j < copy.y && k < copy.y; k++)
            sum += a[k*step]*b[k*step];
        sums[index] = sum;
    }
}

/** values times the sigmoid of gates. */
KERNEL void multiplyGates(int numValues, GLOBAL const real* RESTRICT gates, GLOBAL real* RESTRICT values) {
    for (int index = GLOBAL_ID; index < numValues; index += GLOBAL_SIZE)
        values[index] *= sigmoid(gates[index]);
}

KERNEL void addTriangles(int numValues, GLOBAL const real* RESTRICT gates, GLOBAL const real* RESTRICT values,
        GLOBAL real* RESTRICT pairs) {
    // (9.14)
    for (int index = GLOBAL_ID; index < numValues; index += GLOBAL_SIZE)
        pairs[index] += values[index]*sigmoid(gates[index]);
}

KERNEL void addTokens(int numPairs, GLOBAL const int* RESTRICT blocks, GLOBAL const int4* RESTRICT copies,
        GLOBAL const real* RESTRICT projected, GLOBAL real* RESTRICT pairs) {
    for (int index = GLOBAL_ID; index < numPairs*PADDED_PAIR_WIDTH; index += GLOBAL_SIZE) {
        // (9.12)
        const int pair = index/PADDED_PAIR_WIDTH, c = index%PADDED_PAIR_WIDTH;
        const int4 copy = copies[blocks[pair/16]];
        const int rowLength = 16*((copy.y+15)/16);
        const int i = (pair-copy.z)/rowLength, j = (pair-copy.z)%rowLength;
        if (j < copy.y)
            pairs[index] += projected[(copy.x+j)*2*PADDED_PAIR_WIDTH+c]+
                projected[(copy.x+i)*2*PADDED_PAIR_WIDTH+PADDED_PAIR_WIDTH+c];
    }
}

KERNEL void cutNegative(int numValues, GLOBAL real* RESTRICT values) {
    for (int index = GLOBAL_ID; index < numValues; index += GLOBAL_SIZE)
        values[index] = fmax(values[index], (real) 0);
}

KERNEL void addValues(int numValues, GLOBAL const real* RESTRICT values, GLOBAL real* RESTRICT pairs) {
    // (9.15)
    for (int index = GLOBAL_ID; index < numValues; index += GLOBAL_SIZE)
        pairs[index] += values[index];
}
