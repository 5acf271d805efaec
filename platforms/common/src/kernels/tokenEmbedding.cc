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
