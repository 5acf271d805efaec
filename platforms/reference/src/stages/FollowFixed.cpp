// SPDX-License-Identifier: MIT
// The followFixed stage, Reference.
#include "../MovedPoints.h"
#include "../ReferenceStages.h"
#include "../Rotation.h"
#include <vector>

namespace OrbitPlugin {

namespace {

/** The fixed points, seen from a free one. */
struct NearPoints {
    std::vector<double> weights;
    double from[3] = {0, 0, 0}, to[3] = {0, 0, 0};
};

NearPoints weighPoints(double nearDistance, const std::vector<int>& M, reference::Input start,
        reference::Input denoised, int point) {
    NearPoints near;
    double sum = 0;

    // (5.17)
    for (int j : M) {
        double squared = nearDistance * nearDistance;
        for (int k = 0; k < 3; k++)
            squared += std::pow(denoised[3 * point + k] - denoised[3 * j + k], 2);
        near.weights.push_back(1 / (squared * squared * squared));
        sum += near.weights.back();
    }
    for (int m = 0; m < (int) M.size(); m++) {
        near.weights[m] /= sum;
        for (int k = 0; k < 3; k++) {
            near.from[k] += near.weights[m] * denoised[3 * M[m] + k];
            near.to[k] += near.weights[m] * start[3 * M[m] + k];
        }
    }
    return near;
}

} // namespace

void reference::followFixed(
        const FollowFixedShape& shape, ArrayView<const char> fixed, ArrayView<const int> leaders, Input start,
        Output denoised) {
    const int N = shape.numPoints;
    const std::vector<int> M = listFixed(fixed, N);
    if (M.empty())
        return;
    const bool asBodies = shape.sigma <= shape.bodySigma;
    for (int i = 0; i < N; i++) {
        if (fixed[i])
            continue;
        const NearPoints near = weighPoints(shape.nearDistance, M, start, denoised, asBodies ? leaders[i] : i);

        // (5.18)
        Matrix3 T = {};
        double spread = SMALL_ROTATION_SHARE * shape.nearDistance * shape.nearDistance;
        for (int m = 0; m < (int) M.size(); m++)
            for (int a = 0; a < 3; a++) {
                const double from = denoised[3 * M[m] + a] - near.from[a], place = start[3 * M[m] + a] - near.to[a];
                spread += near.weights[m] * place * place;
                for (int b = 0; b < 3; b++)
                    T[a][b] += near.weights[m] * from * (start[3 * M[m] + b] - near.to[b]);
            }
        for (int a = 0; a < 3; a++)
            T[a][a] += SMALL_ROTATION_SHARE * spread;
        const Matrix3 Q = findRotation(T, FOLLOW_SWEEPS);

        // (5.19)
        double arm[3];
        for (int b = 0; b < 3; b++)
            arm[b] = denoised[3 * i + b] - near.from[b];
        for (int a = 0; a < 3; a++)
            denoised[3 * i + a] = near.to[a] + Q[a][0] * arm[0] + Q[a][1] * arm[1] + Q[a][2] * arm[2];
    }
    for (int i : M)
        for (int a = 0; a < 3; a++)
            denoised[3 * i + a] = start[3 * i + a];
    subtractMean(denoised, N);
}

} // namespace OrbitPlugin
