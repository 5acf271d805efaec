// SPDX-License-Identifier: MIT
// The clampFixed stage, Reference.
#include "../ReferenceStages.h"

namespace OrbitPlugin {

void reference::clampFixed(
        const ClampFixedShape& shape, ArrayView<const char> fixed, Input start, Output denoised) {
    const int N = shape.numPoints;
    int numFixed = 0;
    double shift[3] = {0, 0, 0}, mean[3] = {0, 0, 0};
    for (int i = 0; i < N; i++)
        if (fixed[i]) {
            numFixed++;
            for (int k = 0; k < 3; k++)
                shift[k] += denoised[3 * i + k] - start[3 * i + k];
        }
    if (numFixed == 0)
        return;

    // (5.12)
    for (int i = 0; i < N; i++)
        for (int k = 0; k < 3; k++) {
            if (fixed[i])
                denoised[3 * i + k] = start[3 * i + k] + shift[k] / numFixed;
            mean[k] += denoised[3 * i + k];
        }
    for (int i = 0; i < N; i++)
        for (int k = 0; k < 3; k++)
            denoised[3 * i + k] -= mean[k] / N;
}

} // namespace OrbitPlugin
