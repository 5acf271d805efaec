// SPDX-License-Identifier: MIT
// The binnedPairs stage, device: the attention bias of every layer from binned distances.
//
// describePairs: one work-item a pair, groups of any size. binnedPairs: one work-item a pair and 8 outputs.
//   blocks     [numPairs / 16]   copy of 16 pairs: rows of M, padded to 16
//   copies     [numCopies]       x first row, y number of rows, z first pair, w first pair of its inputs
//   rows       [numRows]         y row of the modulation, w token of the batch; -1: register
//   classes    [pairs of all inputs]   class of a pair of tokens
//   embedded   [numClasses][PAIR_WIDTH]   the categorical part of a class' description
//   u, before  [3][uStride]      noisy points, and those of before
//   places     [numPairs]        x row of embedded, y and z rows of the tables, w row of the modulation; -1: with a
//                                register, -2: padding
//   moments    [6][numPairs]     means and inverse deviations of the three normalisations
//   bias       [numOutputs][numPairs]

#define PADDING_BIAS ((real) -1e30)

/** The bin of a distance: the number of boundaries below it, from binMin on. */
DEVICE int findBin(GLOBAL const real* points, int stride, int i, int j, int numBins, real binMin, real spacing) {
    real squared = 0;
    for (int k = 0; k < 3; k++) {
        const real difference = points[k*stride+i]-points[k*stride+j];
        squared += difference*difference;
    }
    const real distance = REAL_SQRT(squared);
    const int numBoundaries = numBins-1;
    int bin = (int) fmax((real) 0, fmin((real) numBoundaries, (distance-binMin)/spacing));
    while (bin > 0 && distance <= binMin+(bin-1)*spacing)
        bin--;
    while (bin < numBoundaries && distance > binMin+bin*spacing)
        bin++;
    return bin;
}

typedef struct {
    GLOBAL const real* embedded;
    GLOBAL const real* weights;
    GLOBAL const real* modulation;
    int norm, hasBefore, modulationStride;
} PairTask;

/** One channel of a description, after so many of the three normalisations. */
DEVICE real describe(const PairTask task, const int4 place, const real* moments, int c, int numNorms) {
    // (9.5)
    real h = task.embedded[place.x+c]+task.weights[place.y+c];
    if (task.hasBefore)
        h += task.weights[place.z+c];
    if (numNorms == 0)
        return h;
    h = (h-moments[0])*moments[1]*task.weights[task.norm+c]+task.weights[task.norm+PAIR_WIDTH+c];
    if (numNorms == 1)
        return h;

    // (9.6)
    GLOBAL const real* shift = task.modulation+place.w*task.modulationStride;
    h = (h-moments[2])*moments[3]*(1+shift[PADDED_PAIR_WIDTH+c])+shift[c];
    if (numNorms == 2)
        return h;
    return (h-moments[4])*moments[5];
}

KERNEL void describePairs(int numPairs, GLOBAL const int* RESTRICT blocks, GLOBAL const int4* RESTRICT copies,
        GLOBAL const int4* RESTRICT rows, GLOBAL const int* RESTRICT classes, GLOBAL const real* RESTRICT embedded,
        GLOBAL const real* RESTRICT u, GLOBAL const real* RESTRICT before, int uStride, int hasBefore, int numRegisters,
        GLOBAL const real* RESTRICT weights, int bins, int binsBefore, int norm, real binMin, real spacing,
        real spacingBefore, GLOBAL const real* RESTRICT modulation, int modulationStride, int modulationOffset,
        GLOBAL int4* RESTRICT places, GLOBAL real* RESTRICT moments) {
    const PairTask task = {embedded, weights, modulation+modulationOffset, norm, hasBefore, modulationStride};
    for (int pair = GLOBAL_ID; pair < numPairs; pair += GLOBAL_SIZE) {
        const int4 copy = copies[blocks[pair/16]];
        const int rowLength = 16*((copy.y+15)/16), numTokens = copy.y-numRegisters;
        const int i = (pair-copy.z)/rowLength, j = (pair-copy.z)%rowLength;
        int4 place;
        place.x = 0;
        place.y = 0;
        place.z = 0;
        place.w = (j >= copy.y ? -2 : -1);
        if (j < copy.y && i >= numRegisters && j >= numRegisters) {
            const int a = rows[copy.x+i].w, b = rows[copy.x+j].w;
            place.x = classes[copy.w+(i-numRegisters)*numTokens+j-numRegisters]*PAIR_WIDTH;
            place.y = bins+findBin(u, uStride, a, b, NUM_BINS, binMin, spacing)*PAIR_WIDTH;
            if (hasBefore)
                place.z = binsBefore+findBin(before, uStride, a, b, NUM_BINS_BEFORE, binMin, spacingBefore)*PAIR_WIDTH;
            place.w = rows[copy.x+i].y;
            real found[6];
            for (int numNorms = 0; numNorms < 3; numNorms++) {
                real sum = 0, squares = 0;
                for (int c = 0; c < PAIR_WIDTH; c++)
                    sum += describe(task, place, found, c, numNorms);
                const real mean = sum/PAIR_WIDTH;
                for (int c = 0; c < PAIR_WIDTH; c++) {
                    const real difference = describe(task, place, found, c, numNorms)-mean;
                    squares += difference*difference;
                }
                found[2*numNorms] = mean;
                found[2*numNorms+1] = 1/REAL_SQRT(squares/PAIR_WIDTH+(real) LAYER_NORM_EPSILON);
            }
            for (int k = 0; k < 6; k++)
                moments[k*numPairs+pair] = found[k];
        }
        places[pair] = place;
    }
}

/** Store the biases of a block of 8 outputs, the first of them `output`, that are among those wanted. */
DEVICE void storeBiases(const real* sums, int output, int numOutputs, int numPairs, GLOBAL real* bias) {
    #pragma unroll
    for (int n = 0; n < 8; n++)
        if (output+n >= 0 && output+n < numOutputs)
            bias[(output+n)*numPairs] = sums[n];
}

KERNEL void binnedPairs(int numPairs, GLOBAL const int4* RESTRICT places, GLOBAL const real* RESTRICT moments,
        GLOBAL const real* RESTRICT embedded, int hasBefore, GLOBAL const real* RESTRICT weights, int norm, int outputs,
        int outputBias, GLOBAL const real* RESTRICT modulation, int modulationStride, int modulationOffset,
        int firstOutput, int numOutputs, GLOBAL real* RESTRICT bias) {
    const PairTask task = {embedded, weights, modulation+modulationOffset, norm, hasBefore, modulationStride};
    const int firstBlock = firstOutput/8, numBlocks = (firstOutput+numOutputs+7)/8-firstBlock;
    for (int index = GLOBAL_ID; index < numPairs*numBlocks; index += GLOBAL_SIZE) {
        const int pair = index%numPairs, block = firstBlock+index/numPairs;
        const int4 place = places[pair];
        real found[6], sums[8];
        #pragma unroll
        for (int n = 0; n < 8; n++)
            sums[n] = (place.w == -2 ? PADDING_BIAS : weights[outputBias+8*block+n]);
        if (place.w >= 0) {
            for (int k = 0; k < 6; k++)
                found[k] = moments[k*numPairs+pair];

            // (9.7)
            for (int c = 0; c < PAIR_WIDTH; c++) {
                const real h = describe(task, place, found, c, 3);
                #pragma unroll
                for (int n = 0; n < 8; n++)
                    sums[n] = weights[outputs+8*(block*PAIR_WIDTH+c)+n]*h+sums[n];
            }
        }
        storeBiases(sums, 8*block-firstOutput, numOutputs, numPairs, bias+pair);
    }
}
