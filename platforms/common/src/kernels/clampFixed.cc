// SPDX-License-Identifier: MIT
// The clampFixed stage, device: fixed points move as one body to where the denoiser has them; copies are centred.
//
// Launch: one work-group a copy, or fewer, of any size.
//   copies      [numCopies]     x first row, y number of tokens
//   fixed       [numPoints]      1: fixed, 0: free
//   start       [numPoints][3]
//   denoised    [numPoints][3]

/** Make entry (p, q) of A [4][4] zero by a rotation, which V [4][4] collects. */
DEVICE void rotateAway(mixed* A, mixed* V, int p, int q) {
    if (A[4*p+q] == 0)
        return;
    const mixed theta = (A[5*q]-A[5*p])/(2*A[4*p+q]);
    const mixed t = (theta < 0 ? -1 : 1)/(fabs(theta)+sqrt(theta*theta+1));
    const mixed c = 1/sqrt(t*t+1), s = t*c;
    for (int k = 0; k < 4; k++) {
        const mixed left = A[4*k+p], right = A[4*k+q], first = V[4*k+p], second = V[4*k+q];
        A[4*k+p] = c*left-s*right;
        A[4*k+q] = s*left+c*right;
        V[4*k+p] = c*first-s*second;
        V[4*k+q] = s*first+c*second;
    }
    for (int k = 0; k < 4; k++) {
        const mixed left = A[4*p+k], right = A[4*q+k];
        A[4*p+k] = c*left-s*right;
        A[4*q+k] = s*left+c*right;
    }
}

/** Find the rotation R [3][3] that brings x next to D: the quaternion of the largest eigenvalue, by Jacobi's method. */
DEVICE void findRotation(const mixed* S, mixed* R) {
    mixed A[16], V[16];

    // (5.13)
    A[0] = S[0]+S[4]+S[8];
    A[5] = S[0]-S[4]-S[8];
    A[10] = S[4]-S[0]-S[8];
    A[15] = S[8]-S[0]-S[4];
    A[1] = A[4] = S[5]-S[7];
    A[2] = A[8] = S[6]-S[2];
    A[3] = A[12] = S[1]-S[3];
    A[6] = A[9] = S[1]+S[3];
    A[7] = A[13] = S[6]+S[2];
    A[11] = A[14] = S[5]+S[7];
    for (int k = 0; k < 16; k++)
        V[k] = (k%5 == 0 ? 1 : 0);
    for (int sweep = 0; sweep < 10; sweep++)
        for (int p = 0; p < 3; p++)
            for (int q = p+1; q < 4; q++)
                rotateAway(A, V, p, q);
    int largest = 0;
    for (int k = 1; k < 4; k++)
        if (A[5*k] > A[5*largest])
            largest = k;
    mixed w = V[largest], x = V[4+largest], y = V[8+largest], z = V[12+largest];
    const mixed length = sqrt(w*w+x*x+y*y+z*z);
    w /= length;
    x /= length;
    y /= length;
    z /= length;
    R[0] = w*w+x*x-y*y-z*z;
    R[1] = 2*(x*y-w*z);
    R[2] = 2*(x*z+w*y);
    R[3] = 2*(x*y+w*z);
    R[4] = w*w-x*x+y*y-z*z;
    R[5] = 2*(y*z-w*x);
    R[6] = 2*(x*z-w*y);
    R[7] = 2*(y*z+w*x);
    R[8] = w*w-x*x-y*y+z*z;
}

KERNEL void clampFixed(int numCopies, GLOBAL const int2* RESTRICT copies, GLOBAL const int* RESTRICT fixed,
        GLOBAL const mixed* RESTRICT start, GLOBAL mixed* RESTRICT denoised) {
    LOCAL mixed parts[3*CENTROID_PARTS];
    for (int copy = GROUP_ID; copy < numCopies; copy += NUM_GROUPS) {
        const int first = copies[copy].x*POINTS_PER_TOKEN, numPoints = copies[copy].y*POINTS_PER_TOKEN;
        mixed center[3] = {0, 0, 0}, target[3] = {0, 0, 0}, S[9], R[9];
        int numFixed = 0;
        for (int i = first; i < first+numPoints; i++)
            if (fixed[i]) {
                numFixed++;
                for (int k = 0; k < 3; k++) {
                    center[k] += start[3*i+k];
                    target[k] += denoised[3*i+k];
                }
            }

        // All work-items of the group go on together; each has looked at all points.

        if (numFixed == 0)
            continue;
        for (int k = 0; k < 3; k++) {
            center[k] /= numFixed;
            target[k] /= numFixed;
        }
        for (int k = 0; k < 9; k++)
            S[k] = 0;
        for (int i = first; i < first+numPoints; i++)
            if (fixed[i])
                for (int k = 0; k < 9; k++)
                    S[k] += (start[3*i+k/3]-center[k/3])*(denoised[3*i+k%3]-target[k%3]);
        findRotation(S, R);
        SYNC_THREADS;

        // (5.12)
        for (int part = LOCAL_ID; part < CENTROID_PARTS; part += LOCAL_SIZE) {
            mixed sum[3] = {0, 0, 0};
            for (int i = first+part; i < first+numPoints; i += CENTROID_PARTS)
                for (int k = 0; k < 3; k++) {
                    if (fixed[i]) {
                        mixed moved = target[k];
                        for (int b = 0; b < 3; b++)
                            moved += R[3*k+b]*(start[3*i+b]-center[b]);
                        denoised[3*i+k] = moved;
                    }
                    sum[k] += denoised[3*i+k];
                }
            for (int k = 0; k < 3; k++)
                parts[3*part+k] = sum[k];
        }
        const mixed4 mean = finishCentroid(parts, numPoints);
        for (int part = LOCAL_ID; part < CENTROID_PARTS; part += LOCAL_SIZE)
            for (int i = first+part; i < first+numPoints; i += CENTROID_PARTS) {
                denoised[3*i] -= mean.x;
                denoised[3*i+1] -= mean.y;
                denoised[3*i+2] -= mean.z;
            }
    }
}
