// SPDX-License-Identifier: MIT
// The samplerStep stage, device: Euler, two stages and multistep, and the scalars around the network.
//
// Launch: any number of work-items in groups of any size, one a coordinate.
//   y, positions, denoised, ...   [numPoints][3]
//   F                             [numPoints][3]
//   u                             [COMPONENTS][uStride], a column a token

/** The network's input. */
KERNEL void scaleInput(
        int numValues, mixed factor, GLOBAL const mixed* RESTRICT y, GLOBAL real* RESTRICT u, int uStride) {
    for (int index = GLOBAL_ID; index < numValues; index += GLOBAL_SIZE)
        u[(index%COMPONENTS)*uStride+index/COMPONENTS] = (real) (factor*y[index]);
}

/** D = skip y + output F. */
KERNEL void scaleOutput(int numValues, mixed skip, mixed output, GLOBAL const mixed* RESTRICT y,
        GLOBAL const real* RESTRICT F, GLOBAL mixed* RESTRICT denoised) {
    for (int index = GLOBAL_ID; index < numValues; index += GLOBAL_SIZE)
        denoised[index] = skip*y[index]+output*F[index];
}

KERNEL void eulerStep(int numValues, mixed sigma, mixed nextSigma, GLOBAL const mixed* positions,
        GLOBAL const mixed* RESTRICT denoised, GLOBAL mixed* next) {
    for (int index = GLOBAL_ID; index < numValues; index += GLOBAL_SIZE) {
        // (5.1)
        const mixed slope = (positions[index]-denoised[index])/sigma;

        // (5.2)
        next[index] = positions[index]+(nextSigma-sigma)*slope;
    }
}

KERNEL void twoStageStep(int numValues, mixed ratio, mixed weight, GLOBAL const mixed* RESTRICT denoised,
        GLOBAL const mixed* RESTRICT predictedDenoised, GLOBAL mixed* RESTRICT positions) {
    for (int index = GLOBAL_ID; index < numValues; index += GLOBAL_SIZE) {
        // (5.3)
        positions[index] = ratio*positions[index]+(1-ratio-weight)*denoised[index]+weight*predictedDenoised[index];
    }
}

KERNEL void multistepStep(int numValues, mixed ratio, mixed weight, GLOBAL const mixed* RESTRICT denoised,
        GLOBAL mixed* RESTRICT previousDenoised, GLOBAL mixed* RESTRICT positions) {
    for (int index = GLOBAL_ID; index < numValues; index += GLOBAL_SIZE) {
        // (5.4)
        const mixed target = denoised[index];
        const mixed extrapolated = (weight == 0 ? target : (1+weight)*target-weight*previousDenoised[index]);
        positions[index] = ratio*positions[index]+(1-ratio)*extrapolated;
        previousDenoised[index] = target;
    }
}
