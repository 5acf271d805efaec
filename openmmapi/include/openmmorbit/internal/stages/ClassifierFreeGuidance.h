// SPDX-License-Identifier: MIT
// Contract of the classifierFreeGuidance stage: a copy is guided towards what its labels say.
#ifndef OPENMM_ORBIT_STAGES_CLASSIFIERFREEGUIDANCE_H_
#define OPENMM_ORBIT_STAGES_CLASSIFIERFREEGUIDANCE_H_

namespace OrbitPlugin {

/**
 * Guidance by labels without a classifier (Ho and Salimans, arXiv 2207.12598). The denoiser is evaluated with the
 * labels and without them, at the same noisy positions. What the labels change is multiplied by a scale. Both copies
 * get the result, so that they stay at the same positions.
 *
 *   in   scale      w: 1 leaves the copy as it is, 0 takes the one without labels
 *   io   denoised   [numPoints][3]   D(y, sigma) with labels, model unit
 *   io   contrast   [numPoints][3]   the same without labels
 *
 * Equation (5.14) of openmmapi/docs/theory.md.
 * Implementations: classifierFreeGuidance(scale, denoised, contrast).
 */

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STAGES_CLASSIFIERFREEGUIDANCE_H_
