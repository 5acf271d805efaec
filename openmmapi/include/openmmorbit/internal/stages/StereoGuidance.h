// SPDX-License-Identifier: MIT
// Contract of the stereoGuidance stage: denoised positions move towards one configuration of all stereocentres.
#ifndef OPENMM_ORBIT_STAGES_STEREOGUIDANCE_H_
#define OPENMM_ORBIT_STAGES_STEREOGUIDANCE_H_

#include "openmmorbit/TokenInputs.h"
#include <cmath>

namespace OrbitPlugin {

/**
 * This stage makes the stereocentres of one copy agree with one another. The network cannot tell a molecule from its
 * mirror image, so a copy may have either hand, but all its centres must have the same one: either all as specified or
 * all inverted. Each centre (or atropisomer axis) votes for one of the two mirror images with the signed volume of four
 * of its points, and the points of the centres that disagree with the majority move along the gradient of their volume.
 * A molecule with one centre always agrees with itself and is left alone. If the result is the mirror image of the
 * request, it is reflected after the last step. Where the hand of the copy is known, because fixed points show it,
 * there is no vote: every centre moves towards the requested hand, a single one too.
 *
 *   in   shape      points of the copy, noise level and gain, model unit (Angstrom)
 *   in   volumes    [numVolumes]     of the copy's molecule
 *   in   denoised   [numPoints][3]   D(y, sigma), model unit
 *   out  guided     [numPoints][3]   model unit, the same centroid; not the array of denoised
 *
 * Equations (5.9) to (5.11) of openmmapi/docs/theory.md. It does not run in the last step, whose denoised positions are
 * the result.
 * Implementations: stereoGuidance(shape, volumes, denoised, guided).
 */

struct StereoGuidanceShape {
    int numPoints = 0;          ///< of the copy; of all copies where a device guides them together
    double sigma = 0;           ///< noise level, model unit
    double gain = 0;            ///< SamplerSettings::stereoGuidance, model unit
    double fadingSigma = 0.3;   ///< noise level below which guidance fades (5.11), model unit
    bool isHandKnown = false;   ///< M of (5.10) is 1; on a device a value of each copy
};

/** A centre counts as certain (m of (5.9) is 1 or -1) when its volume is at least this fraction of the ideal one. */
constexpr double CERTAIN_VOLUME = 0.5;
/** In the vote (5.10), m is clipped to this value, because artanh(1) is infinite. */
constexpr double LARGEST_VOTE = 0.99;

/** Get the signed volume from which on a centre counts as certain (5.9). */
inline double getCertainVolume(const HandedVolume& volume) {
    return CERTAIN_VOLUME * volume.magnitude;
}

/** Get the lower limit of the gradient's length in (5.11), about that of a regular centre; it bounds the moves. */
inline double getLeastGradient(const HandedVolume& volume) {
    return 2 * std::pow(volume.magnitude, 2.0 / 3.0);
}

/** Get the factor of the moves (5.11) at a noise level. */
inline double getGuidanceFactor(const StereoGuidanceShape& shape) {
    const double squared = shape.sigma * shape.sigma;
    return shape.gain * squared / (squared + shape.fadingSigma * shape.fadingSigma);
}

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STAGES_STEREOGUIDANCE_H_
