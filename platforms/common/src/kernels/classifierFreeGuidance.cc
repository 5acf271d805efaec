// SPDX-License-Identifier: MIT
// The classifierFreeGuidance stage, device: guided copies and their contrasts get the same denoised positions.
//
// Launch: one work-group a copy, or fewer, of any size.
//   copies      [numCopies]     x first row, y number of tokens
//   contrasts   [numCopies]     the copy that guides it, -1: none
//   denoised    [numPoints][3]

KERNEL void classifierFreeGuidance(int numCopies, GLOBAL const int2* RESTRICT copies,
        GLOBAL const int* RESTRICT contrasts, mixed scale, GLOBAL mixed* RESTRICT denoised) {
    for (int copy = GROUP_ID; copy < numCopies; copy += NUM_GROUPS) {
        const int other = contrasts[copy];
        if (other < 0)
            continue;
        GLOBAL mixed* own = denoised+3*copies[copy].x*POINTS_PER_TOKEN;
        GLOBAL mixed* contrast = denoised+3*copies[other].x*POINTS_PER_TOKEN;

        // (5.14)
        for (int i = LOCAL_ID; i < 3*copies[copy].y*POINTS_PER_TOKEN; i += LOCAL_SIZE) {
            const mixed guided = contrast[i]+scale*(own[i]-contrast[i]);
            own[i] = guided;
            contrast[i] = guided;
        }
    }
}
