// SPDX-License-Identifier: MIT
// The classifierFreeGuidance stage, Reference.
#include "../ReferenceStages.h"

namespace OrbitPlugin {

void reference::classifierFreeGuidance(double scale, Output denoised, Output contrast) {
    // (5.14)
    for (std::size_t i = 0; i < denoised.size(); i++)
        denoised[i] = contrast[i] = contrast[i] + scale * (denoised[i] - contrast[i]);
}

} // namespace OrbitPlugin
