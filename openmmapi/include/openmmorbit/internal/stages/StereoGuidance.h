// SPDX-License-Identifier: MIT
// Contract of the stereoGuidance stage: denoised positions move towards one configuration of all stereocentres.
#ifndef OPENMM_ORBIT_STAGES_STEREOGUIDANCE_H_
#define OPENMM_ORBIT_STAGES_STEREOGUIDANCE_H_

#include <array>
#include <cmath>

namespace OrbitPlugin {

/**
 * Guidance of a denoiser that sees no hand. Each volume votes for one of the two mirror images of the molecule, and the
 * four atoms of those that disagree move along the gradient of their volume. One volume alone always agrees.
 *
 *   in   shape      atoms of the copy, noise level and gain, model unit (Angstrom)
 *   in   volumes    [numVolumes]     of the copy's molecule
 *   in   denoised   [numAtoms][3]    D(y, sigma), model unit
 *   out  guided     [numAtoms][3]    model unit, the same centroid; not the array of denoised
 *
 * Equations (5.9) to (5.11) of openmmapi/docs/theory.md. Not in the last step, whose positions are the result.
 * Implementations: stereoGuidance(shape, volumes, denoised, guided).
 */

/** Four atoms whose signed volume (5.9) is positive in one mirror image of the molecule, and negative in the other. */
struct HandedVolume {
    std::array<int, 4> atoms{{0, 0, 0, 0}};
    double magnitude = 1;       ///< signed volume with ideal bonds, cube of the model unit
};

struct StereoGuidanceShape {
    int numAtoms = 0;
    double sigma = 0;           ///< noise level, model unit
    double gain = 0;            ///< SamplerSettings::stereoGuidance, model unit
};

/** Beliefs (5.9) are 1 from this share of the ideal volume on, so that correct centres are left alone. */
constexpr double CERTAIN_VOLUME = 0.5;
/** Beliefs beyond this count like it in the vote (5.10). */
constexpr double LARGEST_VOTE = 0.99;
/** The noise level below which guidance fades (5.11), Angstrom: a wrong centre cannot be inverted there any more. */
constexpr double FADING_SIGMA = 0.3;

/** Get the signed volume from which on a belief is certain (5.9). */
inline double getCertainVolume(const HandedVolume& volume) {
    return CERTAIN_VOLUME * volume.magnitude;
}

/** Get the least length of a gradient in (5.11), about that of a regular centre: moves do not grow with distances. */
inline double getLeastGradient(const HandedVolume& volume) {
    return 2 * std::pow(volume.magnitude, 2.0 / 3.0);
}

/** Get the factor of the moves (5.11) at a noise level. */
inline double getGuidanceFactor(const StereoGuidanceShape& shape) {
    const double squared = shape.sigma * shape.sigma;
    return shape.gain * squared / (squared + FADING_SIGMA * FADING_SIGMA);
}

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STAGES_STEREOGUIDANCE_H_
