// SPDX-License-Identifier: MIT
// The clampFixed stage, Reference.
#include "../MovedPoints.h"
#include "../ReferenceStages.h"
#include "../Rotation.h"
#include <vector>

namespace OrbitPlugin {

void reference::clampFixed(
        const ClampFixedShape& shape, ArrayView<const char> fixed, Input start, Output denoised) {
    const int N = shape.numPoints;
    const std::vector<int> M = listFixed(fixed, N);
    if (M.empty())
        return;
    double center[3] = {0, 0, 0}, target[3] = {0, 0, 0};
    for (int i : M)
        for (int k = 0; k < 3; k++) {
            center[k] += start[3 * i + k] / M.size();
            target[k] += denoised[3 * i + k] / M.size();
        }
    Matrix3 S = {};
    for (int i : M)
        for (int a = 0; a < 3; a++)
            for (int b = 0; b < 3; b++)
                S[a][b] += (start[3 * i + a] - center[a]) * (denoised[3 * i + b] - target[b]);
    const Matrix3 R = findRotation(S, 10);

    // (5.12)
    for (int i : M)
        for (int a = 0; a < 3; a++) {
            denoised[3 * i + a] = target[a];
            for (int b = 0; b < 3; b++)
                denoised[3 * i + a] += R[a][b] * (start[3 * i + b] - center[b]);
        }
    subtractMean(denoised, N);
}

} // namespace OrbitPlugin
