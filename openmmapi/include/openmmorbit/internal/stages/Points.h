// SPDX-License-Identifier: MIT
// The points in space that a token stands for, and the one of them that its distances are measured from.
#ifndef OPENMM_ORBIT_STAGES_POINTS_H_
#define OPENMM_ORBIT_STAGES_POINTS_H_

namespace OrbitPlugin {

/**
 * A token stands for P points: an atom for one, a residue for its N, CA and C. Its coordinates are 3P numbers, point
 * after point, so that an array [numTokens][3P] is an array [numPoints][3] as well.
 */

/** Get the point of a token that stands for the token as a whole: the middle one, CA of N, CA and C. */
constexpr int getReferencePoint(int pointsPerToken) {
    return pointsPerToken / 2;
}

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STAGES_POINTS_H_
