// SPDX-License-Identifier: MIT
// Contract of the avoidPocket stage: points that come too near to what stands around the copy move away from it.
#ifndef OPENMM_ORBIT_STAGES_AVOIDPOCKET_H_
#define OPENMM_ORBIT_STAGES_AVOIDPOCKET_H_

#include "openmmorbit/internal/stages/StereoGuidance.h"
#include <vector>

namespace OrbitPlugin {

/** What stands around the copies of a subject, and how far its points are to be from it. Model unit. */
struct AvoidedPocket {
    /** The fixed point that positions are relative to; -1: the centroid of the copy */
    int anchor = -1;
    std::vector<double> positions;      ///< [numObstacles][3] relative to the anchor
    std::vector<double> radii;          ///< [numObstacles]
    /** [numPoints] 0: a point that moves with those near it only; negative: a fixed one, which never moves */
    std::vector<double> pointRadii;

    int getNumObstacles() const {
        return (int) radii.size();
    }
};

/**
 * Conditioning on surroundings. A point of the denoiser's estimate that is nearer to an obstacle than the sum of their
 * radii wants to move away from it by what is missing; wishes because of several obstacles add up. The points near it
 * move along, so that a group of atoms moves as one and its bonds change little. As all guidance it fades with the
 * noise level: the network repairs in later steps what it did. Then the copy is centred.
 *
 *   in   pocket     of the copy's subject
 *   io   denoised   [numPoints][3]   D(y, sigma), model unit
 *
 * Equations (5.22) and (5.23) of openmmapi/docs/theory.md. A copy without obstacles is left as it is, and a point at
 * the place of an obstacle does not move for it.
 * Implementations: avoidPocket(shape, pocket, denoised).
 */

struct AvoidPocketShape {
    int numPoints = 0;          ///< of the copy; of all copies where a device moves them together
    double sigma = 0;           ///< noise level, model unit
    double fadingSigma = 0.3;   ///< noise level below which guidance fades, model unit
    double reach = 2;           ///< distance over which points move along, model unit
};

/** Below this distance from an obstacle, model unit, a direction away from it is not defined. */
constexpr double LEAST_OBSTACLE_DISTANCE = 1e-4;
/** Gain of the moves (5.23). */
constexpr double POCKET_GAIN = 2;

/** Get the factor of the moves (5.23) at a noise level; it fades as that of the stereo guidance (5.11). */
inline double getPocketFactor(const AvoidPocketShape& shape) {
    return getGuidanceFactor({shape.numPoints, shape.sigma, POCKET_GAIN, shape.fadingSigma});
}

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STAGES_AVOIDPOCKET_H_
