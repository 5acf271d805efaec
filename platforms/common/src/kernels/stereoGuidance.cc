// SPDX-License-Identifier: MIT
// The stereoGuidance stage, device: beliefs, their vote, and the moves of the points.
//
// Launch: any number of work-items in groups of any size, one a point; each looks at all volumes of its copy, of which
// there are few.
//   rows          [numRows]         x copy, w token within the copy
//   copies        [numCopies]       x first row
//   copyVolumes   [numCopies]       x first volume, y number of volumes, z whether the hand is known
//   volumes       [numVolumes]      points within the copy
//   scales        [numVolumes][2]   volume of certainty, least length of the gradient
//   denoised      [numPoints][3]
//   guided        [numPoints][3]

/** Compute the gradient [4][3] of a signed volume; returns the volume and the length of its gradient. */
DEVICE mixed4 findVolumeGradient(int4 atoms, GLOBAL const mixed* RESTRICT positions, mixed* gradient) {
    const int atom[4] = {atoms.x, atoms.y, atoms.z, atoms.w};
    mixed r[4][3];
    for (int k = 0; k < 4; k++)
        for (int c = 0; c < 3; c++)
            r[k][c] = positions[3*atom[k]+c]-positions[3*atoms.x+c];
    for (int k = 1; k < 4; k++) {
        const mixed* left = r[k%3+1];
        const mixed* right = r[(k+1)%3+1];
        for (int c = 0; c < 3; c++)
            gradient[3*k+c] = left[(c+1)%3]*right[(c+2)%3]-left[(c+2)%3]*right[(c+1)%3];
    }
    for (int c = 0; c < 3; c++)
        gradient[c] = -(gradient[3+c]+gradient[6+c]+gradient[9+c]);
    mixed squared = 0, volume = 0;
    for (int c = 0; c < 12; c++)
        squared += gradient[c]*gradient[c];

    // (5.9)
    for (int c = 0; c < 3; c++)
        volume += r[1][c]*gradient[3+c];
    return make_mixed4(volume, sqrt(squared), 0, 0);
}

DEVICE mixed clampTo(mixed value, mixed limit) {
    return (value < -limit ? -limit : value > limit ? limit : value);
}

KERNEL void stereoGuidance(int numPoints, mixed factor, mixed largestVote, GLOBAL const int4* RESTRICT rows,
        GLOBAL const int2* RESTRICT copies, GLOBAL const int4* RESTRICT copyVolumes,
        GLOBAL const int4* RESTRICT volumes, GLOBAL const mixed* RESTRICT scales,
        GLOBAL const mixed* RESTRICT denoised, GLOBAL mixed* RESTRICT guided) {
    for (int point = GLOBAL_ID; point < numPoints; point += GLOBAL_SIZE) {
        const int4 row = rows[point/POINTS_PER_TOKEN];
        const int4 range = copyVolumes[row.x];
        const int atom = row.w*POINTS_PER_TOKEN+point%POINTS_PER_TOKEN;
        GLOBAL const mixed* positions = denoised+COMPONENTS*copies[row.x].x;
        mixed gradient[12], votes = 0, sum[3] = {0, 0, 0};
        for (int q = range.x; q < range.x+range.y; q++) {
            const mixed belief = clampTo(findVolumeGradient(volumes[q], positions, gradient).x/scales[2*q], 1);

            // (5.10)
            const mixed vote = clampTo(belief, largestVote);
            votes += log((1+vote)/(1-vote));
        }
        const mixed consensus = (range.z ? (mixed) 1 : tanh((mixed) 0.5*votes));
        for (int q = range.x; q < range.x+range.y; q++) {
            const int4 atoms = volumes[q];
            const int place = (atoms.x == atom ? 0 : atoms.y == atom ? 1 : atoms.z == atom ? 2 : 3);
            if (place == 3 && atoms.w != atom)
                continue;
            const mixed4 at = findVolumeGradient(atoms, positions, gradient);

            // (5.11)
            const mixed length = (at.y > scales[2*q+1] ? at.y : scales[2*q+1]);
            const mixed move = factor*(consensus-clampTo(at.x/scales[2*q], 1))/length;
            for (int c = 0; c < 3; c++)
                sum[c] += move*gradient[3*place+c];
        }
        for (int c = 0; c < 3; c++)
            guided[3*point+c] = denoised[3*point+c]+sum[c];
    }
}
