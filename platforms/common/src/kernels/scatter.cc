// SPDX-License-Identifier: MIT
// The scatter stage, device: coordinates of the copies to positions in the Context; charges are left alone. Shapes: see
// gather.
//
// Launch: any number of work-items in groups of any size, one a point.

KERNEL void scatter(int numPoints, mixed unitInNanometers, GLOBAL const int4* RESTRICT rows,
        GLOBAL const int* RESTRICT particles, GLOBAL const int* RESTRICT slots, GLOBAL const int4* RESTRICT cellOffsets,
        mixed4 boxX, mixed4 boxY, mixed4 boxZ, GLOBAL const mixed* RESTRICT centroids,
        GLOBAL const mixed* RESTRICT positions, GLOBAL real4* RESTRICT posq, GLOBAL real4* RESTRICT posqCorrection) {
    for (int point = GLOBAL_ID; point < numPoints; point += GLOBAL_SIZE) {
        const int slot = slots[particles[point]], copy = rows[point/POINTS_PER_TOKEN].x;
        const int4 offset = cellOffsets[slot];
        const mixed x = centroids[3*copy]+unitInNanometers*positions[3*point]+
            (offset.x*boxX.x+offset.y*boxY.x+offset.z*boxZ.x);
        const mixed y = centroids[3*copy+1]+unitInNanometers*positions[3*point+1]+
            (offset.x*boxX.y+offset.y*boxY.y+offset.z*boxZ.y);
        const mixed z = centroids[3*copy+2]+unitInNanometers*positions[3*point+2]+
            (offset.x*boxX.z+offset.y*boxY.z+offset.z*boxZ.z);
        posq[slot] = make_real4((real) x, (real) y, (real) z, posq[slot].w);
#ifdef USE_MIXED_PRECISION
        posqCorrection[slot] = make_real4((real) (x-(real) x), (real) (y-(real) y), (real) (z-(real) z), 0);
#endif
    }
}
