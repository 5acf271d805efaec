// SPDX-License-Identifier: MIT
// The followFixed stage, device: fixed points go to their places, the others follow near ones; copies are centred.
//
// Launch: one work-group a copy, or fewer, of any size.
//   copies      [numCopies]      x first row, y number of tokens
//   fixed       [numPoints]      1: fixed, 0: free
//   leaders     [numPoints]      a fixed point of the copy or the point itself, counted from the first of the copy
//   start       [numPoints][3]
//   denoised    [numPoints][3]

/** Get the weight of a fixed point at a place seen from a leader, before it is normalised. */
DEVICE mixed weighPoint(const mixed* seen, GLOBAL const mixed* RESTRICT place, mixed nearSquared) {
    mixed squared = nearSquared;
    for (int k = 0; k < 3; k++)
        squared += (seen[k]-place[k])*(seen[k]-place[k]);
    return 1/(squared*squared*squared);
}

/** Find where a free point at a place [3] goes, with the fixed points from first to end near its leader's place [3]. */
DEVICE void followNear(mixed* at, const mixed* seen, int first, int end, mixed nearSquared, mixed smallShare,
        int numSweeps, GLOBAL const int* RESTRICT fixed, GLOBAL const mixed* RESTRICT start,
        GLOBAL const mixed* RESTRICT denoised) {
    mixed from[3] = {0, 0, 0}, to[3] = {0, 0, 0}, T[9], Q[9], sum = 0, spread = smallShare*nearSquared;

    // (5.17)
    for (int j = first; j < end; j++)
        if (fixed[j]) {
            const mixed weight = weighPoint(seen, denoised+3*j, nearSquared);
            sum += weight;
            for (int k = 0; k < 3; k++) {
                from[k] += weight*denoised[3*j+k];
                to[k] += weight*start[3*j+k];
            }
        }
    for (int k = 0; k < 3; k++) {
        from[k] /= sum;
        to[k] /= sum;
    }

    // (5.18)
    for (int k = 0; k < 9; k++)
        T[k] = 0;
    for (int j = first; j < end; j++)
        if (fixed[j]) {
            const mixed weight = weighPoint(seen, denoised+3*j, nearSquared)/sum;
            for (int k = 0; k < 9; k++)
                T[k] += weight*(denoised[3*j+k/3]-from[k/3])*(start[3*j+k%3]-to[k%3]);
            for (int k = 0; k < 3; k++)
                spread += weight*(start[3*j+k]-to[k])*(start[3*j+k]-to[k]);
        }
    for (int k = 0; k < 3; k++)
        T[4*k] += smallShare*spread;
    findRotation(T, Q, numSweeps);

    // (5.19)
    mixed arm[3];
    for (int k = 0; k < 3; k++)
        arm[k] = at[k]-from[k];
    for (int k = 0; k < 3; k++)
        at[k] = to[k]+Q[3*k]*arm[0]+Q[3*k+1]*arm[1]+Q[3*k+2]*arm[2];
}

KERNEL void followFixed(int numCopies, int asBodies, mixed nearSquared, mixed smallShare, int numSweeps,
        GLOBAL const int2* RESTRICT copies, GLOBAL const int* RESTRICT fixed, GLOBAL const int* RESTRICT leaders,
        GLOBAL const mixed* RESTRICT start, GLOBAL mixed* RESTRICT denoised) {
    LOCAL mixed parts[3*CENTROID_PARTS];
    for (int copy = GROUP_ID; copy < numCopies; copy += NUM_GROUPS) {
        const int first = copies[copy].x*POINTS_PER_TOKEN, numPoints = copies[copy].y*POINTS_PER_TOKEN;
        int numFixed = 0;
        for (int i = first; i < first+numPoints; i++)
            numFixed += fixed[i];

        // All work-items of the group go on together; each has looked at all points.

        if (numFixed == 0)
            continue;
        for (int i = first+LOCAL_ID; i < first+numPoints; i += LOCAL_SIZE)
            if (!fixed[i]) {
                const int leader = asBodies ? first+leaders[i] : i;
                mixed at[3] = {denoised[3*i], denoised[3*i+1], denoised[3*i+2]};
                const mixed seen[3] = {denoised[3*leader], denoised[3*leader+1], denoised[3*leader+2]};
                followNear(at, seen, first, first+numPoints, nearSquared, smallShare, numSweeps, fixed, start,
                        denoised);
                for (int k = 0; k < 3; k++)
                    denoised[3*i+k] = at[k];
            }
        SYNC_THREADS;
        for (int i = first+LOCAL_ID; i < first+numPoints; i += LOCAL_SIZE)
            for (int k = 0; k < 3 && fixed[i]; k++)
                denoised[3*i+k] = start[3*i+k];
        SYNC_THREADS;
        centerCopy(denoised+3*first, numPoints, parts);
    }
}
