// SPDX-License-Identifier: MIT
// Contract of the followFixed stage: fixed points are where they are known to be, and the others follow them.
#ifndef OPENMM_ORBIT_STAGES_FOLLOWFIXED_H_
#define OPENMM_ORBIT_STAGES_FOLLOWFIXED_H_

namespace OrbitPlugin {

/**
 * Conditioning on known points whose neighbours must fit to them. The fixed points of the denoiser's estimate go to
 * their known positions. Each free point goes with the fixed points near it: it is moved by the rigid motion that
 * brings these, with weights, closest to their known positions. So what the denoiser says of bonds, angles and torsions
 * between fixed and free points holds after the move. Up to the noise level bodySigma a free point makes the motion of
 * its leader, itself or a fixed point, so that free points of one leader move as one body. Then the copy is centred; it
 * keeps the orientation of the known positions. Where near points leave a rotation open, because they lie on a line,
 * the smallest one is taken.
 *
 *   in   fixed      [numPoints]      1: fixed, 0: free
 *   in   leaders    [numPoints]      a fixed point, or the point itself; those of fixed points are not read
 *   in   start      [numPoints][3]   known positions, model unit; those of free points are not read
 *   io   denoised   [numPoints][3]   D(y, sigma), model unit
 *
 * Equations (5.17) to (5.19) of openmmapi/docs/theory.md. A copy without fixed points is left as it is.
 * Implementations: followFixed(shape, fixed, leaders, start, denoised).
 */

struct FollowFixedShape {
    int numPoints = 0;              ///< of the copy; of all copies where a device moves them together
    double nearDistance = 0.3;      ///< distance below which weights do not grow further, model unit
    double sigma = 0;               ///< noise level, model unit
    double bodySigma = 0.3;         ///< noise level up to which points move with their leaders, model unit
};

/** Shares of the spread of near points, and of nearDistance, by which small rotations count more (5.18). */
constexpr double SMALL_ROTATION_SHARE = 1e-3;
/** Sweeps of Jacobi's method, which converges quadratically, for the rotation of a point. */
constexpr int FOLLOW_SWEEPS = 6;

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STAGES_FOLLOWFIXED_H_
