// SPDX-License-Identifier: MIT
// The tokenEmbedding stage, device: categorical inputs and coordinates to token vectors.
//
// Launch: any number of work-items in groups of any size.
//   rows       [numRows]                    z row of the graph's features
//   features   [graph rows][numFeatures]
//   u          [COMPONENTS][uStride]
//   x          [numRows][width]             width is padded, the weights with zeros

KERNEL void tokenEmbedding(int numRows, int numFeatures, int width, GLOBAL const int4* RESTRICT rows,
        GLOBAL const int* RESTRICT features, GLOBAL const real* RESTRICT weights, int embedding, int coordinates,
        GLOBAL const real* RESTRICT u, int uStride, GLOBAL real* RESTRICT x) {
    const int numVectors = width/VECTOR_WIDTH;
    for (int index = GLOBAL_ID; index < numRows*numVectors; index += GLOBAL_SIZE) {
        const int row = index/numVectors, c = (index%numVectors)*VECTOR_WIDTH;

        // (4.5)
        rvec sum = SPLAT(0);
        for (int f = 0; f < numFeatures; f++)
            sum = sum+LOAD_VECTOR(weights+embedding+features[rows[row].z*numFeatures+f]*width+c);
        for (int k = 0; k < COMPONENTS; k++)
            sum = u[k*uStride+row]*LOAD_VECTOR(weights+coordinates+k*width+c)+sum;
        STORE_VECTOR(sum, x+index*VECTOR_WIDTH);
    }
}

/**
 * The same for the gated transformer: registers first, and two points a token. Rows: y is not read, z is the row of the
 * features, or -1 - register; w is the token of the batch.
 */
KERNEL void gatedTokens(int numRows, int numFeatures, int width, GLOBAL const int4* RESTRICT rows,
        GLOBAL const int* RESTRICT features, GLOBAL const real* RESTRICT weights, int registers, int embedding,
        int coordinates, GLOBAL const real* RESTRICT u, GLOBAL const real* RESTRICT before, int uStride, int hasBefore,
        GLOBAL real* RESTRICT x) {
    const int numVectors = width/VECTOR_WIDTH;
    for (int index = GLOBAL_ID; index < numRows*numVectors; index += GLOBAL_SIZE) {
        const int4 row = rows[index/numVectors];
        const int c = (index%numVectors)*VECTOR_WIDTH;
        rvec sum = SPLAT(0);
        if (row.z < 0)
            sum = LOAD_VECTOR(weights+registers+(-1-row.z)*width+c);
        else {
            for (int f = 0; f < numFeatures; f++)
                sum = sum+LOAD_VECTOR(weights+embedding+features[row.z*numFeatures+f]*width+c);
            for (int k = 0; k < 3; k++)
                sum = u[k*uStride+row.w]*LOAD_VECTOR(weights+coordinates+k*width+c)+sum;
            for (int k = 0; k < 3*hasBefore; k++)
                sum = before[k*uStride+row.w]*LOAD_VECTOR(weights+coordinates+(3+k)*width+c)+sum;
        }
        STORE_VECTOR(sum, x+index*VECTOR_WIDTH);
    }
}
