// SPDX-License-Identifier: MIT
// Shared by prior, coordinateHead and gather: means over the points of a copy, whose value does not depend on the size
// of the work-group.
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
