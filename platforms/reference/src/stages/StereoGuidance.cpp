// SPDX-License-Identifier: MIT
// The stereoGuidance stage, Reference: beliefs, their vote, and the moves of the points.
#include "ReferenceStages.h"
#include <algorithm>
#include <cmath>

using namespace OpenMM;

namespace OrbitPlugin {

namespace {

/** The signed volume of four points and its gradient. */
struct VolumeGradient {
    double volume = 0;
    std::array<Vec3, 4> gradient;
};

VolumeGradient getVolumeGradient(const HandedVolume& volume, reference::Input positions) {
    std::array<Vec3, 4> r;
    for (int k = 0; k < 4; k++)
        for (int c = 0; c < 3; c++)
            r[k][c] = positions[3 * volume.atoms[k] + c];
    const Vec3 b = r[1] - r[0], c = r[2] - r[0], d = r[3] - r[0];
    const Vec3 toB = c.cross(d), toC = d.cross(b), toD = b.cross(c);

    // (5.9)
    return {b.dot(toB), {-(toB + toC + toD), toB, toC, toD}};
}

double getBelief(const HandedVolume& volume, double signedVolume) {
    return std::clamp(signedVolume / getCertainVolume(volume), -1.0, 1.0);
}

} // namespace

void reference::stereoGuidance(const StereoGuidanceShape& shape, ArrayView<const HandedVolume> volumes, Input denoised,
        Output guided) {
    double votes = 0;
    for (const HandedVolume& volume : volumes) {
        const double belief = getBelief(volume, getVolumeGradient(volume, denoised).volume);

        // (5.10)
        const double vote = std::clamp(belief, -LARGEST_VOTE, LARGEST_VOTE);
        votes += std::log((1 + vote) / (1 - vote));
    }
    const double consensus = shape.isHandKnown ? 1 : std::tanh(0.5 * votes);

    const double factor = getGuidanceFactor(shape);
    std::copy(denoised.begin(), denoised.begin() + 3 * shape.numPoints, guided.begin());
    for (const HandedVolume& volume : volumes) {
        const VolumeGradient at = getVolumeGradient(volume, denoised);
        double squared = 0;
        for (const Vec3& part : at.gradient)
            squared += part.dot(part);

        // (5.11)
        const double length = std::max(std::sqrt(squared), getLeastGradient(volume));
        const double move = factor * (consensus - getBelief(volume, at.volume)) / length;
        for (int k = 0; k < 4; k++)
            for (int c = 0; c < 3; c++)
                guided[3 * volume.atoms[k] + c] += move * at.gradient[k][c];
    }
}

} // namespace OrbitPlugin
