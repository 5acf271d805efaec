// SPDX-License-Identifier: MIT
// The clampFixed stage, device: fixed points move as one body to where the denoiser has them; copies are centred.
//
// Launch: one work-group a copy, or fewer, of any size.
//   copies      [numCopies]     x first row, y number of tokens
//   fixed       [numPoints]      1: fixed, 0: free
//   start       [numPoints][3]
//   denoised    [numPoints][3]

KERNEL void clampFixed(int numCopies, GLOBAL const int2* RESTRICT copies, GLOBAL const int* RESTRICT fixed,
        GLOBAL const mixed* RESTRICT start, GLOBAL mixed* RESTRICT denoised) {
    LOCAL mixed parts[3*CENTROID_PARTS];
    for (int copy = GROUP_ID; copy < numCopies; copy += NUM_GROUPS) {
        const int first = copies[copy].x*POINTS_PER_TOKEN, numPoints = copies[copy].y*POINTS_PER_TOKEN;
        mixed center[3] = {0, 0, 0}, target[3] = {0, 0, 0}, S[9], R[9];
        int numFixed = 0;
        for (int i = first; i < first+numPoints; i++)
            if (fixed[i]) {
                numFixed++;
                for (int k = 0; k < 3; k++) {
                    center[k] += start[3*i+k];
                    target[k] += denoised[3*i+k];
                }
            }

        // All work-items of the group go on together; each has looked at all points.

        if (numFixed == 0)
            continue;
        for (int k = 0; k < 3; k++) {
            center[k] /= numFixed;
            target[k] /= numFixed;
        }
        for (int k = 0; k < 9; k++)
            S[k] = 0;
        for (int i = first; i < first+numPoints; i++)
            if (fixed[i])
                for (int k = 0; k < 9; k++)
                    S[k] += (start[3*i+k/3]-center[k/3])*(denoised[3*i+k%3]-target[k%3]);
        findRotation(S, R, 10);
        SYNC_THREADS;

        // (5.12)
        for (int i = first+LOCAL_ID; i < first+numPoints; i += LOCAL_SIZE)
            for (int k = 0; k < 3 && fixed[i]; k++) {
                mixed moved = target[k];
                for (int b = 0; b < 3; b++)
                    moved += R[3*k+b]*(start[3*i+b]-center[b]);
                denoised[3*i+k] = moved;
            }
        SYNC_THREADS;
        centerCopy(denoised+3*first, numPoints, parts);
    }
}
