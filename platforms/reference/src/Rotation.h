// SPDX-License-Identifier: MIT
// The rotation that brings one set of points next to another, for the stages clampFixed and followFixed.
#ifndef OPENMM_ORBIT_REFERENCEROTATION_H_
#define OPENMM_ORBIT_REFERENCEROTATION_H_

#include <array>
#include <cmath>

namespace OrbitPlugin {
namespace reference {

typedef std::array<std::array<double, 3>, 3> Matrix3;
typedef std::array<std::array<double, 4>, 4> Matrix4;

/** Make entry (p, q) of A zero by a rotation, which V collects. */
inline void rotateAway(Matrix4& A, Matrix4& V, int p, int q) {
    if (A[p][q] == 0)
        return;
    const double theta = (A[q][q] - A[p][p]) / (2 * A[p][q]);
    const double t = (theta < 0 ? -1 : 1) / (std::fabs(theta) + std::sqrt(theta * theta + 1));
    const double c = 1 / std::sqrt(t * t + 1), s = t * c;
    for (int k = 0; k < 4; k++) {
        const double left = A[k][p], right = A[k][q], first = V[k][p], second = V[k][q];
        A[k][p] = c * left - s * right;
        A[k][q] = s * left + c * right;
        V[k][p] = c * first - s * second;
        V[k][q] = s * first + c * second;
    }
    for (int k = 0; k < 4; k++) {
        const double left = A[p][k], right = A[q][k];
        A[p][k] = c * left - s * right;
        A[q][k] = s * left + c * right;
    }
}

/**
 * Find the rotation R of the largest tr(R S): (5.13), the quaternion of the largest eigenvalue, by Jacobi's method.
 *
 * @param S   sum of products [from][to]; R brings the first next to the second
 */
inline Matrix3 findRotation(const Matrix3& S, int numSweeps) {
    Matrix4 A = {{{S[0][0] + S[1][1] + S[2][2], S[1][2] - S[2][1], S[2][0] - S[0][2], S[0][1] - S[1][0]},
            {S[1][2] - S[2][1], S[0][0] - S[1][1] - S[2][2], S[0][1] + S[1][0], S[2][0] + S[0][2]},
            {S[2][0] - S[0][2], S[0][1] + S[1][0], S[1][1] - S[0][0] - S[2][2], S[1][2] + S[2][1]},
            {S[0][1] - S[1][0], S[2][0] + S[0][2], S[1][2] + S[2][1], S[2][2] - S[0][0] - S[1][1]}}};
    Matrix4 V = {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}}};
    for (int sweep = 0; sweep < numSweeps; sweep++)
        for (int p = 0; p < 3; p++)
            for (int q = p + 1; q < 4; q++)
                rotateAway(A, V, p, q);
    int largest = 0;
    for (int k = 1; k < 4; k++)
        if (A[k][k] > A[largest][largest])
            largest = k;
    double w = V[0][largest], x = V[1][largest], y = V[2][largest], z = V[3][largest];
    const double length = std::sqrt(w * w + x * x + y * y + z * z);
    w /= length, x /= length, y /= length, z /= length;
    return {{{w * w + x * x - y * y - z * z, 2 * (x * y - w * z), 2 * (x * z + w * y)},
            {2 * (x * y + w * z), w * w - x * x + y * y - z * z, 2 * (y * z - w * x)},
            {2 * (x * z - w * y), 2 * (y * z + w * x), w * w - x * x - y * y + z * z}}};
}

} // namespace reference
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_REFERENCEROTATION_H_
