// SPDX-License-Identifier: MIT
// The turnTorsions stage, device: torsions outside their range are turned to its nearer end; copies are centred.
//
// Launch: one work-group a copy, or fewer, of any size.
//   copies          [numCopies]         x first row, y number of tokens
//   copyTorsions    [numCopies]         x first torsion, y number of torsions
//   torsions        [numTorsions]       points within the copy
//   ranges          [numTorsions][2]    radian
//   movingRanges    [numTorsions]       x first of moving, y number
//   moving          points within the copy that turn
//   denoised        [numPoints][3]

/** Compute the product of two vectors [3]. */
DEVICE void crossVectors(const mixed* a, const mixed* b, mixed* product) {
    for (int k = 0; k < 3; k++)
        product[k] = a[(k+1)%3]*b[(k+2)%3]-a[(k+2)%3]*b[(k+1)%3];
}

DEVICE mixed dotVectors(const mixed* a, const mixed* b) {
    return a[0]*b[0]+a[1]*b[1]+a[2]*b[2];
}

/** Find the turn of a torsion, 0 where it is within its range, and its axis [3]. */
DEVICE mixed findTurn(int4 atoms, mixed lower, mixed upper, mixed leastLength,
        GLOBAL const mixed* RESTRICT positions, mixed* axis) {
    const mixed full = (mixed) 6.28318530717958647692;
    mixed first[3], last[3], normal1[3], normal2[3], both[3];
    for (int k = 0; k < 3; k++) {
        first[k] = positions[3*atoms.y+k]-positions[3*atoms.x+k];
        axis[k] = positions[3*atoms.z+k]-positions[3*atoms.y+k];
        last[k] = positions[3*atoms.w+k]-positions[3*atoms.z+k];
    }
    crossVectors(first, axis, normal1);
    crossVectors(axis, last, normal2);
    crossVectors(normal1, normal2, both);
    const mixed length = sqrt(dotVectors(axis, axis)), least = leastLength*length;
    if (!(length > leastLength && sqrt(dotVectors(normal1, normal1)) > least &&
            sqrt(dotVectors(normal2, normal2)) > least))
        return 0;

    // (5.20)
    const mixed angle = atan2(dotVectors(axis, both)/length, dotVectors(normal1, normal2));
    const mixed above = angle-lower-full*floor((angle-lower)/full), width = upper-lower;
    for (int k = 0; k < 3; k++)
        axis[k] /= length;
    return (above <= width ? 0 : above-width < full-above ? width-above : full-above);
}

KERNEL void turnTorsions(int numCopies, mixed leastLength, GLOBAL const int2* RESTRICT copies,
        GLOBAL const int2* RESTRICT copyTorsions, GLOBAL const int4* RESTRICT torsions,
        GLOBAL const mixed* RESTRICT ranges, GLOBAL const int2* RESTRICT movingRanges,
        GLOBAL const int* RESTRICT moving, GLOBAL mixed* RESTRICT denoised) {
    LOCAL mixed parts[3*CENTROID_PARTS];
    for (int copy = GROUP_ID; copy < numCopies; copy += NUM_GROUPS) {
        const int first = copies[copy].x*POINTS_PER_TOKEN, numPoints = copies[copy].y*POINTS_PER_TOKEN;
        const int2 own = copyTorsions[copy];
        if (own.y == 0)
            continue;
        GLOBAL mixed* positions = denoised+3*first;
        for (int q = own.x; q < own.x+own.y; q++) {
            const int2 range = movingRanges[q];
            mixed axis[3], origin[3];
            const mixed turn = findTurn(torsions[q], ranges[2*q], ranges[2*q+1], leastLength, positions, axis);
            for (int k = 0; k < 3; k++)
                origin[k] = positions[3*torsions[q].z+k];

            // All work-items have read before one writes.

            SYNC_THREADS;

            // (5.21)
            if (turn != 0)
                for (int m = range.x+LOCAL_ID; m < range.x+range.y; m += LOCAL_SIZE) {
                    mixed arm[3], side[3];
                    for (int k = 0; k < 3; k++)
                        arm[k] = positions[3*moving[m]+k]-origin[k];
                    crossVectors(axis, arm, side);
                    const mixed along = dotVectors(axis, arm)*(1-cos(turn));
                    for (int k = 0; k < 3; k++)
                        positions[3*moving[m]+k] = origin[k]+cos(turn)*arm[k]+sin(turn)*side[k]+along*axis[k];
                }
            SYNC_THREADS;
        }
        centerCopy(positions, numPoints, parts);
    }
}
