// SPDX-License-Identifier: MIT
// Contract of the turnTorsions stage: torsions whose range is asked for are turned into it.
#ifndef OPENMM_ORBIT_STAGES_TURNTORSIONS_H_
#define OPENMM_ORBIT_STAGES_TURNTORSIONS_H_

#include <array>
#include <vector>

namespace OrbitPlugin {

/** A torsion about a bond that is not in a ring, and the range in which it has to be. */
struct TurnedTorsion {
    std::array<int, 4> atoms{{0, 0, 0, 0}};     ///< a, b, c, d: points of the subject
    double lower = 0, upper = 0;                ///< radian, upper above lower by less than 2 pi
    std::vector<int> moving;                    ///< points on the side of c that turn, d among them
};

/**
 * Conditioning on torsions. Where a torsion of the denoiser's estimate lies outside its range, the points on one side
 * of its bond are turned about it to the nearer end of the range. This changes no bond, no angle and no other torsion
 * than those about the same bond. The torsions are turned one after another; then the copy is centred. The last step
 * ends at the denoised positions, so the torsions of the result lie in their ranges.
 *
 *   in   torsions   [numTorsions]    of the copy
 *   io   denoised   [numPoints][3]   D(y, sigma), model unit
 *
 * Equations (5.20) and (5.21) of openmmapi/docs/theory.md. A copy without torsions is left as it is, and so is a
 * torsion whose points lie on a line.
 * Implementations: turnTorsions(shape, torsions, denoised).
 */

struct TurnTorsionsShape {
    int numPoints = 0;      ///< of the copy; of all copies where a device turns them together
};

/** Below this length of a bond, or triple product of it and its neighbours, in the model unit, nothing is turned. */
constexpr double LEAST_TORSION_LENGTH = 1e-4;

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STAGES_TURNTORSIONS_H_
