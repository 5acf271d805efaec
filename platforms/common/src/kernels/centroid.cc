// SPDX-License-Identifier: MIT
// Shared by the stages that move or gather points: means over the points of a copy, whose value does not depend on the
// size of the work-group.
//
// CENTROID_PARTS partial sums, each of every CENTROID_PARTS-th point, are added in order.

#define CENTROID_PARTS 32

/** Turn partial sums [CENTROID_PARTS][3] in local memory into a mean; every work-item gets the same. */
DEVICE mixed4 finishCentroid(LOCAL_ARG const mixed* parts, int numPoints) {
    mixed4 sum = make_mixed4(0, 0, 0, 0);
    SYNC_THREADS;
    for (int part = 0; part < CENTROID_PARTS; part++) {
        sum.x += parts[3*part];
        sum.y += parts[3*part+1];
        sum.z += parts[3*part+2];
    }
    SYNC_THREADS;
    return make_mixed4(sum.x/numPoints, sum.y/numPoints, sum.z/numPoints, 0);
}

/** Subtract the mean over the points of a copy from its positions [numPoints][3]. parts: [CENTROID_PARTS][3]. */
DEVICE void centerCopy(GLOBAL mixed* RESTRICT positions, int numPoints, LOCAL_ARG mixed* parts) {
    for (int part = LOCAL_ID; part < CENTROID_PARTS; part += LOCAL_SIZE)
        for (int k = 0; k < 3; k++) {
            mixed sum = 0;
            for (int i = part; i < numPoints; i += CENTROID_PARTS)
                sum += positions[3*i+k];
            parts[3*part+k] = sum;
        }
    const mixed4 mean = finishCentroid(parts, numPoints);
    for (int i = LOCAL_ID; i < numPoints; i += LOCAL_SIZE) {
        positions[3*i] -= mean.x;
        positions[3*i+1] -= mean.y;
        positions[3*i+2] -= mean.z;
    }
}
