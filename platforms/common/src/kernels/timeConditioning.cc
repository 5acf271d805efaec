// SPDX-License-Identifier: MIT
// The timeConditioning stage, device: noise level and condition to modulation vectors.
//
// timeConditioning: one work-group a condition in use, or fewer, of any size. modulation: any number of work-items.
//   conditions    [numConditions]              rows of condition.embedding
//   cond          [numConditions][CONDITION_WIDTH]
//   modulation    [numConditions][numOutputs]  of all layers, of the head, and of the pair features
// Weights of the modulation: see linear.

KERNEL void timeConditioning(int numConditions, int numFrequencies, mixed logSigma,
        GLOBAL const int* RESTRICT conditions, GLOBAL const real* RESTRICT weights, int frequencies, int hiddenWeights,
        int hiddenBias, int outputWeights, int outputBias, int embedding, GLOBAL real* RESTRICT cond) {
    LOCAL real e[2*NUM_FREQUENCIES];
    LOCAL real hidden[CONDITION_WIDTH];
    for (int index = GROUP_ID; index < numConditions; index += NUM_GROUPS) {
        // (4.1)
        for (int k = LOCAL_ID; k < numFrequencies; k += LOCAL_SIZE) {
            const accurate angle = (accurate) weights[frequencies+k]*(accurate) logSigma;
            e[k] = (real) cos(angle);
            e[numFrequencies+k] = (real) sin(angle);
        }
        SYNC_THREADS;

        // (4.2)
        for (int c = LOCAL_ID; c < CONDITION_WIDTH; c += LOCAL_SIZE) {
            real sum = weights[hiddenBias+c];
            for (int k = 0; k < 2*numFrequencies; k++)
                sum += weights[hiddenWeights+c*2*numFrequencies+k]*e[k];
            hidden[c] = silu(sum);
        }
        SYNC_THREADS;
        for (int c = LOCAL_ID; c < CONDITION_WIDTH; c += LOCAL_SIZE) {
            real sum = weights[outputBias+c]+weights[embedding+conditions[index]*CONDITION_WIDTH+c];
            for (int k = 0; k < CONDITION_WIDTH; k++)
                sum += weights[outputWeights+c*CONDITION_WIDTH+k]*hidden[k];
            cond[index*CONDITION_WIDTH+c] = silu(sum);
        }
        SYNC_THREADS;
    }
}

KERNEL void modulation(int numConditions, int numInputs, int numOutputs, GLOBAL const real* RESTRICT weights,
        int matrix, int bias, GLOBAL const real* RESTRICT cond, GLOBAL real* RESTRICT modulation) {
    const int numVectors = numOutputs/VECTOR_WIDTH;
    for (int index = GLOBAL_ID; index < numConditions*numVectors; index += GLOBAL_SIZE) {
        const int condition = index/numVectors, output = (index%numVectors)*VECTOR_WIDTH;

        // (4.3) for a layer, (4.4) for the head
        GLOBAL const real* panel = weights+matrix+(output/BLOCK_COLUMNS)*numInputs*BLOCK_COLUMNS+output%BLOCK_COLUMNS;
        rvec sum = LOAD_VECTOR(weights+bias+output);
        for (int k = 0; k < CONDITION_WIDTH; k++)
            sum = cond[condition*CONDITION_WIDTH+k]*LOAD_VECTOR(panel+k*BLOCK_COLUMNS)+sum;
        STORE_VECTOR(sum, modulation+index*VECTOR_WIDTH);
    }
}
