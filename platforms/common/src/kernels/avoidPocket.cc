// SPDX-License-Identifier: MIT
// The avoidPocket stage, device: points too near to obstacles move away, with those near them; copies are centred.
//
// Launch: one work-group a copy, or fewer, of any size.
//   copies          [numCopies]         x first row, y number of tokens
//   copyPockets     [numCopies]         x first obstacle, y number of obstacles, z anchor or -1, w first of pointRadii
//   obstacles       [numObstacles][4]   position relative to the anchor, radius
//   pointRadii      radii of the points of each subject that has obstacles; 0: none, negative: fixed
//   moves           [2][numPoints][3]   scratch, the second half behind all points of the copy
//   denoised        [numPoints][3]

/** Find what a point with a radius at a place [3] relative to the anchor wants to move [3]. */
DEVICE void findWishes(const mixed* place, mixed radius, mixed leastDistance, int numObstacles,
        GLOBAL const mixed* RESTRICT obstacles, GLOBAL mixed* RESTRICT move) {
    mixed sum[3] = {0, 0, 0};
    for (int p = 0; p < numObstacles; p++) {
        mixed away[3], squared = 0;
        for (int k = 0; k < 3; k++) {
            away[k] = place[k]-obstacles[4*p+k];
            squared += away[k]*away[k];
        }
        const mixed least = radius+obstacles[4*p+3], distance = sqrt(squared);
        if (distance < least && distance > leastDistance)
            for (int k = 0; k < 3; k++)
                sum[k] += (least-distance)/distance*away[k];
    }
    for (int k = 0; k < 3; k++)
        move[k] = sum[k];
}

/** Find how far a point of a copy moves with all of its points [3]. */
DEVICE void shareMoves(int point, int numPoints, mixed factor, mixed reach, GLOBAL const mixed* RESTRICT positions,
        GLOBAL const mixed* RESTRICT moves, GLOBAL mixed* RESTRICT shared) {
    mixed sum[3] = {0, 0, 0};
    for (int j = 0; j < numPoints; j++) {
        mixed squared = 0;
        for (int k = 0; k < 3; k++)
            squared += (positions[3*point+k]-positions[3*j+k])*(positions[3*point+k]-positions[3*j+k]);
        const mixed share = factor*exp(-squared/(2*reach*reach));
        for (int k = 0; k < 3; k++)
            sum[k] += share*moves[3*j+k];
    }
    for (int k = 0; k < 3; k++)
        shared[k] = sum[k];
}

KERNEL void avoidPocket(int numCopies, mixed factor, mixed reach, mixed leastDistance,
        GLOBAL const int2* RESTRICT copies, GLOBAL const int4* RESTRICT copyPockets,
        GLOBAL const mixed* RESTRICT obstacles, GLOBAL const mixed* RESTRICT pointRadii,
        GLOBAL mixed* RESTRICT moves, GLOBAL mixed* RESTRICT denoised) {
    LOCAL mixed parts[3*CENTROID_PARTS];
    for (int copy = GROUP_ID; copy < numCopies; copy += NUM_GROUPS) {
        const int first = copies[copy].x*POINTS_PER_TOKEN, numPoints = copies[copy].y*POINTS_PER_TOKEN;
        const int4 pocket = copyPockets[copy];
        if (pocket.y == 0)
            continue;
        GLOBAL mixed* positions = denoised+3*first;
        GLOBAL mixed* own = moves+6*first;
        GLOBAL mixed* shared = own+3*numPoints;
        GLOBAL const mixed* radii = pointRadii+pocket.w;

        // (5.22)
        for (int j = LOCAL_ID; j < numPoints; j += LOCAL_SIZE) {
            mixed place[3];
            for (int k = 0; k < 3; k++)
                place[k] = positions[3*j+k]-(pocket.z < 0 ? 0 : positions[3*pocket.z+k]);
            findWishes(place, radii[j], leastDistance, radii[j] > 0 ? pocket.y : 0, obstacles+4*pocket.x, own+3*j);
        }
        SYNC_THREADS;

        // (5.23)
        for (int i = LOCAL_ID; i < numPoints; i += LOCAL_SIZE)
            shareMoves(i, radii[i] >= 0 ? numPoints : 0, factor, reach, positions, own, shared+3*i);
        SYNC_THREADS;
        for (int i = LOCAL_ID; i < 3*numPoints; i += LOCAL_SIZE)
            positions[i] += shared[i];
        SYNC_THREADS;
        centerCopy(positions, numPoints, parts);
    }
}
