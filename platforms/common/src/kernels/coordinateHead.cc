// SPDX-License-Identifier: MIT
// The coordinateHead stage, device: tokens to the network's centred output.
//
// coordinateHead: one work-item a row, groups of any size. centreOutput: one work-group a copy, or fewer, of any size.
//   rows         [numRows]                y condition
//   x            [numRows][paddedWidth]
//   modulation   [numConditions][modulationStride]   shift and scale from modulationOffset on
//   F            [numRows][COMPONENTS]

KERNEL void coordinateHead(int numRows, int width, int paddedWidth, GLOBAL const int4* RESTRICT rows,
        GLOBAL const real* RESTRICT x, GLOBAL const real* RESTRICT modulation, int modulationStride,
        int modulationOffset, GLOBAL const real* RESTRICT weights, int matrix, GLOBAL real* RESTRICT F) {
    for (int row = GLOBAL_ID; row < numRows; row += GLOBAL_SIZE) {
        GLOBAL const real* in = x+row*paddedWidth;
        GLOBAL const real* shift = modulation+rows[row].y*modulationStride+modulationOffset;
        rvec sum = SPLAT(0), squares = SPLAT(0), product[COMPONENTS];
        for (int c = 0; c < paddedWidth; c += VECTOR_WIDTH)
            sum = sum+LOAD_VECTOR(in+c);
        const real mean = vectorSum(sum)/width;
        for (int c = 0; c < paddedWidth; c += VECTOR_WIDTH) {
            const rvec difference = LOAD_VECTOR(in+c)-SPLAT(mean);
            squares = difference*difference+squares;
        }
        // Padding columns are zero, so each has added the square of the mean.
        const real variance = (vectorSum(squares)-(paddedWidth-width)*mean*mean)/width;
        const real inverse = 1/REAL_SQRT(variance+(real) LAYER_NORM_EPSILON);

        // (4.18)
        for (int k = 0; k < COMPONENTS; k++)
            product[k] = SPLAT(0);
        for (int c = 0; c < paddedWidth; c += VECTOR_WIDTH) {
            const rvec a = inverse*(LOAD_VECTOR(in+c)-SPLAT(mean))*(SPLAT(1)+LOAD_VECTOR(shift+paddedWidth+c))+
                LOAD_VECTOR(shift+c);
            for (int k = 0; k < COMPONENTS; k++)
                product[k] = a*LOAD_VECTOR(weights+matrix+k*paddedWidth+c)+product[k];
        }
        for (int k = 0; k < COMPONENTS; k++)
            F[COMPONENTS*row+k] = vectorSum(product[k]);
    }
}

KERNEL void centreOutput(int numCopies, GLOBAL const int2* RESTRICT copies, GLOBAL real* RESTRICT F) {
    LOCAL mixed parts[3*CENTROID_PARTS];
    for (int copy = GROUP_ID; copy < numCopies; copy += NUM_GROUPS) {
        const int first = copies[copy].x*POINTS_PER_TOKEN, numPoints = copies[copy].y*POINTS_PER_TOKEN;
        for (int part = LOCAL_ID; part < CENTROID_PARTS; part += LOCAL_SIZE)
            for (int k = 0; k < 3; k++) {
                mixed sum = 0;
                for (int i = part; i < numPoints; i += CENTROID_PARTS)
                    sum += F[3*(first+i)+k];
                parts[3*part+k] = sum;
            }
        const mixed4 mean = finishCentroid(parts, numPoints);
        for (int i = LOCAL_ID; i < numPoints; i += LOCAL_SIZE) {
            F[3*(first+i)] -= (real) mean.x;
            F[3*(first+i)+1] -= (real) mean.y;
            F[3*(first+i)+2] -= (real) mean.z;
        }
    }
}

/** Take the rows of tokens out of those of the gated transformer, whose registers have no place (w below 0). */
KERNEL void takeTokens(int numRows, int width, GLOBAL const int4* RESTRICT rows, GLOBAL const real* RESTRICT x,
        GLOBAL real* RESTRICT tokens) {
    for (int index = GLOBAL_ID; index < numRows*width; index += GLOBAL_SIZE) {
        const int token = rows[index/width].w;
        if (token >= 0)
            tokens[token*width+index%width] = x[index];
    }
}
