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
        int numFixed = 0;
        for (int i = 0; i < numPoints; i++)
            numFixed += fixed[first+i];

        // All work-items of the group go on together.

        if (numFixed == 0)
            continue;
        for (int part = LOCAL_ID; part < CENTROID_PARTS; part += LOCAL_SIZE)
            for (int k = 0; k < 3; k++) {
                mixed sum = 0;
                for (int i = part; i < numPoints; i += CENTROID_PARTS)
                    if (fixed[first+i])
                        sum += denoised[3*(first+i)+k]-start[3*(first+i)+k];
                parts[3*part+k] = sum;
            }
        const mixed4 shift = finishCentroid(parts, numFixed);

        // (5.12)
        for (int part = LOCAL_ID; part < CENTROID_PARTS; part += LOCAL_SIZE) {
            mixed sum[3] = {0, 0, 0};
            for (int i = part; i < numPoints; i += CENTROID_PARTS) {
                GLOBAL mixed* D = denoised+3*(first+i);
                GLOBAL const mixed* known = start+3*(first+i);
                if (fixed[first+i]) {
                    D[0] = known[0]+shift.x;
                    D[1] = known[1]+shift.y;
                    D[2] = known[2]+shift.z;
                }
                for (int k = 0; k < 3; k++)
                    sum[k] += D[k];
            }
            for (int k = 0; k < 3; k++)
                parts[3*part+k] = sum[k];
        }
        const mixed4 mean = finishCentroid(parts, numPoints);
        for (int part = LOCAL_ID; part < CENTROID_PARTS; part += LOCAL_SIZE)
            for (int i = part; i < numPoints; i += CENTROID_PARTS) {
                denoised[3*(first+i)] -= mean.x;
                denoised[3*(first+i)+1] -= mean.y;
                denoised[3*(first+i)+2] -= mean.z;
            }
    }
}
