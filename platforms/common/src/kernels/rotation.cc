// SPDX-License-Identifier: MIT
// Shared by clampFixed and followFixed: the rotation that brings one set of points next to another.

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

/** Find the rotation R [3][3] of the largest tr(R S): the quaternion of the largest eigenvalue, by Jacobi's method. */
DEVICE void findRotation(const mixed* S, mixed* R, int numSweeps) {
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
    for (int sweep = 0; sweep < numSweeps; sweep++)
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
