// SPDX-License-Identifier: MIT
// The prior stage, device: centred noise as positions, or added to them; with sigma 1 it centres any positions.
//
// Launch: one work-group a copy, or fewer, of any size.
//   copies      [numCopies]     x first row, y number of tokens
//   noise       [numPoints][3]
//   positions   [numPoints][3]

KERNEL void prior(int numCopies, mixed sigma, int add, GLOBAL const int2* RESTRICT copies,
        GLOBAL const mixed* RESTRICT noise, GLOBAL mixed* RESTRICT positions) {
    LOCAL mixed parts[3*CENTROID_PARTS];
    for (int copy = GROUP_ID; copy < numCopies; copy += NUM_GROUPS) {
        const int first = copies[copy].x*POINTS_PER_TOKEN, numPoints = copies[copy].y*POINTS_PER_TOKEN;

        // (6.2)
        for (int part = LOCAL_ID; part < CENTROID_PARTS; part += LOCAL_SIZE)
            for (int k = 0; k < 3; k++) {
                mixed sum = 0;
                for (int i = part; i < numPoints; i += CENTROID_PARTS)
                    sum += noise[3*(first+i)+k];
                parts[3*part+k] = sum;
            }
        const mixed4 mean = finishCentroid(parts, numPoints);
        for (int i = LOCAL_ID; i < numPoints; i += LOCAL_SIZE) {
            const mixed moved[3] = {sigma*(noise[3*(first+i)]-mean.x), sigma*(noise[3*(first+i)+1]-mean.y),
                    sigma*(noise[3*(first+i)+2]-mean.z)};
            for (int k = 0; k < 3; k++)
                positions[3*(first+i)+k] = (add ? positions[3*(first+i)+k]+moved[k] : moved[k]);
        }
    }
}
