// SPDX-License-Identifier: MIT
// The gather stage, device: centroids of the copies' particles in the Context. With scatter the only kernels that know
// the positions of the device, their order and the periodic cells that the Context has moved them by.
//
// findSlots: any number of work-items. gather: one work-group a copy, or fewer, of any size.
//   atomIndex        [numParticles]   particle of every slot of the device
//   slots            [numParticles]   slot of every particle
//   cellOffsets      [numParticles]   of slots: how many box vectors were added to the user's position
//   posqCorrection   [numParticles]   read in mixed precision only
//   centroids        [numCopies][3]   nm

KERNEL void findSlots(int numParticles, GLOBAL const int* RESTRICT atomIndex, GLOBAL int* RESTRICT slots) {
    for (int slot = GLOBAL_ID; slot < numParticles; slot += GLOBAL_SIZE)
        slots[atomIndex[slot]] = slot;
}

KERNEL void gather(int numCopies, GLOBAL const int2* RESTRICT copies, GLOBAL const int* RESTRICT particles,
        GLOBAL const int* RESTRICT slots, GLOBAL const int4* RESTRICT cellOffsets, mixed4 boxX, mixed4 boxY,
        mixed4 boxZ, GLOBAL const real4* RESTRICT posq, GLOBAL const real4* RESTRICT posqCorrection,
        GLOBAL mixed* RESTRICT centroids) {
    LOCAL mixed parts[3*CENTROID_PARTS];
    for (int copy = GROUP_ID; copy < numCopies; copy += NUM_GROUPS) {
        const int first = copies[copy].x*POINTS_PER_TOKEN, numPoints = copies[copy].y*POINTS_PER_TOKEN;
        for (int part = LOCAL_ID; part < CENTROID_PARTS; part += LOCAL_SIZE) {
            mixed4 sum = make_mixed4(0, 0, 0, 0);
            for (int i = part; i < numPoints; i += CENTROID_PARTS) {
                const int slot = slots[particles[first+i]];
                const real4 position = posq[slot];
                const int4 offset = cellOffsets[slot];
#ifdef USE_MIXED_PRECISION
                const real4 correction = posqCorrection[slot];
                sum.x += (mixed) position.x+(mixed) correction.x;
                sum.y += (mixed) position.y+(mixed) correction.y;
                sum.z += (mixed) position.z+(mixed) correction.z;
#else
                sum.x += position.x;
                sum.y += position.y;
                sum.z += position.z;
#endif
                sum.x -= offset.x*boxX.x+offset.y*boxY.x+offset.z*boxZ.x;
                sum.y -= offset.x*boxX.y+offset.y*boxY.y+offset.z*boxZ.y;
                sum.z -= offset.x*boxX.z+offset.y*boxY.z+offset.z*boxZ.z;
            }
            parts[3*part] = sum.x;
            parts[3*part+1] = sum.y;
            parts[3*part+2] = sum.z;
        }
        const mixed4 mean = finishCentroid(parts, numPoints);
        if (LOCAL_ID == 0) {
            centroids[3*copy] = mean.x;
            centroids[3*copy+1] = mean.y;
            centroids[3*copy+2] = mean.z;
        }
    }
}
