// SPDX-License-Identifier: MIT
// Contract of the clampFixed stage: fixed points keep their places to each other.
#ifndef OPENMM_ORBIT_STAGES_CLAMPFIXED_H_
#define OPENMM_ORBIT_STAGES_CLAMPFIXED_H_

namespace OrbitPlugin {

/**
 * Conditioning on known points. The denoiser's estimate of the fixed points is replaced by what is known of them, moved
 * and turned as one body to where the denoiser has them. The copy is centred again. The sampler then leads the fixed
 * points to exactly this shape: the last step ends at the denoised positions.
 *
 *   in   fixed      [numPoints]      1: fixed, 0: free
 *   in   start      [numPoints][3]   known positions, model unit; those of free points are not read
 *   io   denoised   [numPoints][3]   D(y, sigma), model unit
 *
 * Equations (5.12) and (5.13) of openmmapi/docs/theory.md. A copy without fixed points is left as it is.
 * Implementations: clampFixed(shape, fixed, start, denoised).
 */

struct ClampFixedShape {
    int numPoints = 0;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STAGES_CLAMPFIXED_H_
