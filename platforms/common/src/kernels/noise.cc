// SPDX-License-Identifier: MIT
// The noise stage, device: standard normal numbers of all copies.
//
// Launch: any number of work-items in groups of any size.
//   rows    [numRows]        x copy, w token within the copy
//   keys    [numCopies]      record, copy, draw
//   noise   [numPoints][3]

DEVICE void mixWords(unsigned int* words, unsigned int key0, unsigned int key1) {
    for (int round = 0; round < 10; round++) {
        const mm_ulong product0 = (mm_ulong) 0xD2511F53u*words[0];
        const mm_ulong product1 = (mm_ulong) 0xCD9E8D57u*words[2];
        words[0] = (unsigned int) (product1>>32)^words[1]^key0;
        words[1] = (unsigned int) product1;
        words[2] = (unsigned int) (product0>>32)^words[3]^key1;
        words[3] = (unsigned int) product0;
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
}

/** Radius of the Box-Muller transform; the complement is taken near 1, where single precision has no digits left. */
DEVICE accurate findRadius(unsigned int word) {
    const accurate inverse = (accurate) 2.3283064365386963e-10;
    if (word < 0x80000000u)
        return sqrt(-2*log(((accurate) word+(accurate) 0.5)*inverse));
    return sqrt(-2*log1p(-((accurate) (0xFFFFFFFFu-word)+(accurate) 0.5)*inverse));
}

KERNEL void noise(int numPoints, unsigned int seed0, unsigned int seed1, GLOBAL const int4* RESTRICT rows,
        GLOBAL const int4* RESTRICT keys, GLOBAL mixed* RESTRICT noise) {
    const accurate turn = (accurate) (6.283185307179586476925286766559*2.3283064365386963e-10);
    for (int point = GLOBAL_ID; point < numPoints; point += GLOBAL_SIZE) {
        // (6.1)
        const int4 row = rows[point/POINTS_PER_TOKEN], key = keys[row.x];
        unsigned int words[4] = {(unsigned int) key.x, (unsigned int) key.y, (unsigned int) key.z,
                (unsigned int) (row.w*POINTS_PER_TOKEN+point%POINTS_PER_TOKEN)};
        mixWords(words, seed0, seed1);
        const accurate angle0 = turn*((accurate) words[1]+(accurate) 0.5), radius0 = findRadius(words[0]);
        const accurate angle1 = turn*((accurate) words[3]+(accurate) 0.5), radius1 = findRadius(words[2]);
        noise[3*point] = (mixed) (radius0*cos(angle0));
        noise[3*point+1] = (mixed) (radius0*sin(angle0));
        noise[3*point+2] = (mixed) (radius1*cos(angle1));
    }
}
