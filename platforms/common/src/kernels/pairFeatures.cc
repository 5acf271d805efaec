// SPDX-License-Identifier: MIT
// The pairFeatures stage, device: the attention bias of a range of layers and heads; PAIR_LANES pairs a work-item.
//
// The pairs (i, j) of a copy lie in rows of N rounded up to 16; the bias of padding is so low that attention skips it.
// embedPairs sums the embeddings once a batch, for every graph. Launch: any number of work-items in groups of any size.
//   blocks      [numPairs / 16]         copy of 16 pairs; for embedPairs the graph
//   copies      [numCopies]             x first row, y number of tokens, z first pair, w first pair of its inputs
//   graphs      [numInputs]             x number of tokens, y first pair, z first feature
//   embedded    [PAIR_WIDTH][embeddedStride]
//   u, before   [COMPONENTS][uStride], of which the reference point is read; before only if hasBefore is 1
//   bias        [numOutputs][biasStride]
// Weights are blocked by 8 outputs: [outputs / 8][inputs][8].

#define PADDING_BIAS ((real) -1e30)

KERNEL void embedPairs(int numPairs, int numFeatures, GLOBAL const int* RESTRICT blocks,
        GLOBAL const int4* RESTRICT graphs, GLOBAL const int* RESTRICT features, GLOBAL const real* RESTRICT weights,
        int embedding, GLOBAL real* RESTRICT embedded, int embeddedStride) {
    for (int pair = GLOBAL_ID; pair < numPairs; pair += GLOBAL_SIZE) {
        const int4 graph = graphs[blocks[pair/16]];
        const int rowLength = 16*((graph.x+15)/16);
        const int i = (pair-graph.y)/rowLength, j = (pair-graph.y)%rowLength;
        for (int c = 0; c < PAIR_WIDTH; c++) {
            real sum = 0;
            if (j < graph.x)
                for (int f = 0; f < numFeatures; f++)
                    sum += weights[embedding+features[graph.z+(i*graph.x+j)*numFeatures+f]*PAIR_WIDTH+c];
            embedded[c*embeddedStride+pair] = sum;
        }
    }
}

/** Add W rho to sums of all channels, with the radial functions of the distances from a row to those from j on. */
DEVICE void addRadial(real spacing, GLOBAL const real* RESTRICT u, int uStride, int row, int j,
        GLOBAL const real* RESTRICT weights, lanes* h1) {
    // (4.6)
    lanes squared = LANES_SPLAT(0);
    for (int k = 3*REFERENCE_POINT; k < 3*REFERENCE_POINT+3; k++) {
        const lanes difference = LANES_SPLAT(u[k*uStride+row])-LOAD_LANES(u+k*uStride+j);
        squared = difference*difference+squared;
    }
    const lanes r = LANES_SPLAT(1/spacing)*LANES_SQRT(squared);
    lanes rho[NUM_RADIAL], sums[8];
    for (int k = 0; k < NUM_RADIAL; k++) {
        const lanes reduced = r-LANES_SPLAT(k);
        rho[k] = LANES_EXP(LANES_SPLAT(-0.5f)*reduced*reduced);
    }
    for (int c = 0; c < PAIR_WIDTH; c += 8) {
        #pragma unroll
        for (int n = 0; n < 8; n++)
            sums[n] = h1[c+n];
        for (int k = 0; k < NUM_RADIAL; k++)
            #pragma unroll
            for (int n = 0; n < 8; n++)
                sums[n] = weights[c*NUM_RADIAL+8*k+n]*rho[k]+sums[n];
        #pragma unroll
        for (int n = 0; n < 8; n++)
            h1[c+n] = sums[n];
    }
}

KERNEL void pairFeatures(int numPairs, real spacing, GLOBAL const int* RESTRICT blocks,
        GLOBAL const int4* RESTRICT copies, GLOBAL const int4* RESTRICT rows, GLOBAL const real* RESTRICT embedded,
        int embeddedStride, GLOBAL const real* RESTRICT u, GLOBAL const real* RESTRICT before, int uStride,
        int hasBefore, GLOBAL const real* RESTRICT modulation, int modulationStride, int modulationOffset,
        GLOBAL const real* RESTRICT weights, int radialWeights, int radialBeforeWeights, int hiddenWeights,
        int hiddenBias, int outputWeights, int outputBias, int firstOutput, int numOutputs, GLOBAL real* RESTRICT bias,
        int biasStride) {
    for (int pair = GLOBAL_ID*PAIR_LANES; pair < numPairs; pair += GLOBAL_SIZE*PAIR_LANES) {
        const int4 copy = copies[blocks[pair/16]];
        const int rowLength = 16*((copy.y+15)/16);
        const int i = (pair-copy.z)/rowLength, j = (pair-copy.z)%rowLength;
        const int row = copy.x+i;

        lanes h1[PAIR_WIDTH], h2[PAIR_WIDTH], sums[8];

        // (4.7)
        GLOBAL const real* fromTime = modulation+rows[row].y*modulationStride+modulationOffset;
        for (int c = 0; c < PAIR_WIDTH; c++)
            h1[c] = LOAD_LANES(embedded+c*embeddedStride+copy.w+(pair-copy.z))+LANES_SPLAT(fromTime[c]);
        addRadial(spacing, u, uStride, row, copy.x+j, weights+radialWeights, h1);
        if (hasBefore)
            addRadial(spacing, before, uStride, row, copy.x+j, weights+radialBeforeWeights, h1);
        for (int c = 0; c < PAIR_WIDTH; c++)
            h1[c] = lanesSilu(h1[c]);

        // (4.8)
        for (int c = 0; c < PAIR_WIDTH; c += 8) {
            #pragma unroll
            for (int n = 0; n < 8; n++)
                sums[n] = LANES_SPLAT(weights[hiddenBias+c+n]);
            for (int k = 0; k < PAIR_WIDTH; k++)
                #pragma unroll
                for (int n = 0; n < 8; n++)
                    sums[n] = weights[hiddenWeights+c*PAIR_WIDTH+8*k+n]*h1[k]+sums[n];
            #pragma unroll
            for (int n = 0; n < 8; n++)
                h2[c+n] = lanesSilu(sums[n]);
        }

        // (4.9)
        for (int block = firstOutput/8; 8*block < firstOutput+numOutputs; block++) {
            #pragma unroll
            for (int n = 0; n < 8; n++)
                sums[n] = LANES_SPLAT(weights[outputBias+8*block+n]);
            for (int k = 0; k < PAIR_WIDTH; k++)
                #pragma unroll
                for (int n = 0; n < 8; n++)
                    sums[n] = weights[outputWeights+8*(block*PAIR_WIDTH+k)+n]*h2[k]+sums[n];
            #pragma unroll
            for (int n = 0; n < 8; n++) {
                const int output = 8*block+n-firstOutput;
                if (output >= 0 && output < numOutputs)
                    STORE_LANES(sums[n], bias+output*biasStride+pair);
            }
        }
        for (int n = max(copy.y-j, 0); n < PAIR_LANES; n++)
            for (int c = 0; c < numOutputs; c++)
                bias[c*biasStride+pair+n] = PADDING_BIAS;
    }
}
