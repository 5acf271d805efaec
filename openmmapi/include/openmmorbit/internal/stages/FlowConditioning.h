// SPDX-License-Identifier: MIT
// Contract of the flowConditioning stage: from the time of a flow to the vectors that steer a gated transformer.
#ifndef OPENMM_ORBIT_STAGES_FLOWCONDITIONING_H_
#define OPENMM_ORBIT_STAGES_FLOWCONDITIONING_H_

#include "openmmorbit/internal/stages/Linear.h"

namespace OrbitPlugin {

/**
 * This stage turns the noise level into the time t of the flow, describes t by waves of many lengths, and makes a
 * conditioning vector of them and the condition. From that vector it makes, for each half of a layer, a shift and a
 * scale of the normalised tokens and a gate, and from the waves alone a shift and a scale of the pairs. It runs once a
 * noise level, and for registers, whose conditioning vector is zero, once a model.
 *
 *   in   logSigma          s of (3.4)
 *   in   condition         row of condition.embedding
 *   out  waves             [2T]
 *   out  cond              [conditionWidth]
 *   out  modulation        [6][width]        rows shift1, scale1, gate1, shift2, scale2, gate2 of a layer
 *   out  pairModulation    [2][pairWidth]    rows shift, scale
 *
 * Equations (9.1) to (9.4) of openmmapi/docs/theory.md. Source: arXiv 2502.09890; DOI 10.1038/s41586-024-07487-w,
 * algorithm 26. Weights: time.weight [c][2T], condition.embedding, time.transition.k.{up [4c][c], down [c][2c]},
 * layer.l.{attention,transition}.modulation.{norm, scale, shift, gate}, pair.time.{weight, norm}, pair.modulation.
 * Implementations: timeWaves(logSigma, waves), flowConditioning(shape, weights, waves, condition, cond),
 * gatedModulation(shape, weights, cond, modulation), pairModulation(shape, weights, waves, modulation).
 */

/** Longest and shortest period of the waves differ by this factor (9.1). */
constexpr double MAX_WAVE_FREQUENCY = 2000;

struct FlowConditioningShape {
    int numFrequencies = 0, conditionWidth = 0;
    int width = 0;      ///< of what is modulated: tokens or pairs
};

/** Weight and bias of a normalisation of rows. */
template <class T>
struct NormWeights {
    ArrayView<const T> weight, bias;
};

template <class T>
struct FlowConditioningWeights {
    ArrayView<const T> time, conditionEmbedding;
    ArrayView<const T> up[2], down[2];
};

/** What makes a shift and a scale of a vector (9.3). */
template <class T>
struct ModulationWeights {
    NormWeights<T> norm;
    LinearWeights<T> scale;
    ArrayView<const T> shift;
};

template <class T>
struct GatedModulationWeights {
    ModulationWeights<T> attention, transition;
    LinearWeights<T> attentionGate, transitionGate;
};

template <class T>
struct PairModulationWeights {
    ArrayView<const T> time;
    NormWeights<T> timeNorm;
    ModulationWeights<T> modulation;
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STAGES_FLOWCONDITIONING_H_
