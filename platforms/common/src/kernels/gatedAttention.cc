// SPDX-License-Identifier: MIT
// The gatedAttention stage, device: both normalisations of tokens, that of queries and keys, and the tokens' gates. The
// products between them are plainProduct and attentionOutput, the attention itself is pairBiasAttention.
//
// gatedInput, normalizeHeads: one work-group a row, or fewer, of any size. applyGates: any number of work-items.
//   rows       [numRows]                 y row of the modulation
//   x, a       [numRows][paddedWidth]
//   qkv        [numRows][3][attentionWidth]
//   gathered   [numRows][gatheredWidth]  o of all heads first
//   gates      [numRows][attentionWidth]

/** One channel of a token after the modulation of its time. */
DEVICE real modulate(GLOBAL const real* x, GLOBAL const real* shift, int paddedWidth, const real2 moments, int c) {
    return (x[c]-moments.x)*moments.y*(1+shift[paddedWidth+c])+shift[c];
}

KERNEL void gatedInput(int numRows, int width, int paddedWidth, GLOBAL const int4* RESTRICT rows,
        GLOBAL const real* RESTRICT x, GLOBAL const real* RESTRICT modulation, int modulationStride,
        int modulationOffset, GLOBAL const real* RESTRICT weights, int norm, GLOBAL real* RESTRICT a) {
    LOCAL real parts[NORM_SUMS];
    for (int row = GROUP_ID; row < numRows; row += NUM_GROUPS) {
        // (9.8)
        GLOBAL const real* in = x+row*paddedWidth;
        GLOBAL const real* shift = modulation+rows[row].y*modulationStride+modulationOffset;
        const real2 first = findMoments(in, width, parts);
        real2 second;
        for (int part = LOCAL_ID; part < NORM_SUMS; part += LOCAL_SIZE) {
            real sum = 0;
            for (int c = part; c < width; c += NORM_SUMS)
                sum += modulate(in, shift, paddedWidth, first, c);
            parts[part] = sum;
        }
        second.x = addParts(parts)/width;
        for (int part = LOCAL_ID; part < NORM_SUMS; part += LOCAL_SIZE) {
            real sum = 0;
            for (int c = part; c < width; c += NORM_SUMS) {
                const real difference = modulate(in, shift, paddedWidth, first, c)-second.x;
                sum += difference*difference;
            }
            parts[part] = sum;
        }
        second.y = 1/REAL_SQRT(addParts(parts)/width+(real) LAYER_NORM_EPSILON);
        for (int c = LOCAL_ID; c < paddedWidth; c += LOCAL_SIZE)
            a[row*paddedWidth+c] = (c < width ? (modulate(in, shift, paddedWidth, first, c)-second.x)*second.y*
                weights[norm+c]+weights[norm+width+c] : (real) 0);
    }
}

/** Queries or keys of all heads, whose padding is zero before and after: weights and biases of the norm have heads. */
KERNEL void normalizeHeads(int numRows, int width, int attentionWidth, GLOBAL const real* RESTRICT weights, int norm,
        int part, GLOBAL real* RESTRICT qkv) {
    LOCAL real parts[NORM_SUMS];
    for (int row = GROUP_ID; row < numRows; row += NUM_GROUPS) {
        // (9.9)
        GLOBAL real* values = qkv+(row*3+part)*attentionWidth;
        for (int k = LOCAL_ID; k < NORM_SUMS; k += LOCAL_SIZE) {
            real sum = 0;
            for (int c = k; c < attentionWidth; c += NORM_SUMS)
                sum += values[c];
            parts[k] = sum;
        }
        const real mean = addParts(parts)/width;
        for (int k = LOCAL_ID; k < NORM_SUMS; k += LOCAL_SIZE) {
            real sum = 0;
            for (int c = k; c < attentionWidth; c += NORM_SUMS)
                sum += (values[c]-mean)*(values[c]-mean);
            parts[k] = sum;
        }
        // Padding columns are zero, so each has added the square of the mean.
        const real variance = (addParts(parts)-(attentionWidth-width)*mean*mean)/width;
        const real inverse = 1/REAL_SQRT(variance+(real) LAYER_NORM_EPSILON);
        for (int c = LOCAL_ID; c < attentionWidth; c += LOCAL_SIZE)
            values[c] = (values[c]-mean)*inverse*weights[norm+c]+weights[norm+attentionWidth+c];
    }
}

// (9.10) is pairBiasAttention, whose relative vectors are not used.

KERNEL void applyGates(int numRows, int attentionWidth, int gatheredWidth, GLOBAL const real* RESTRICT gates,
        GLOBAL real* RESTRICT gathered) {
    // (9.11)
    for (int index = GLOBAL_ID; index < numRows*attentionWidth; index += GLOBAL_SIZE)
        gathered[index/attentionWidth*gatheredWidth+index%attentionWidth] *= sigmoid(gates[index]);
}
