// SPDX-License-Identifier: MIT
// The definition of every stage: pure functions in double precision. The contracts are internal/stages/<Stage>.h.
#ifndef OPENMM_ORBIT_REFERENCESTAGES_H_
#define OPENMM_ORBIT_REFERENCESTAGES_H_

#include "openmm/Vec3.h"
#include "openmmorbit/internal/stages/AvoidPocket.h"
#include "openmmorbit/internal/stages/BinnedPairs.h"
#include "openmmorbit/internal/stages/ClampFixed.h"
#include "openmmorbit/internal/stages/CoordinateHead.h"
#include "openmmorbit/internal/stages/FlowConditioning.h"
#include "openmmorbit/internal/stages/FollowFixed.h"
#include "openmmorbit/internal/stages/GatedAttention.h"
#include "openmmorbit/internal/stages/Gather.h"
#include "openmmorbit/internal/stages/LayerNorm.h"
#include "openmmorbit/internal/stages/Linear.h"
#include "openmmorbit/internal/stages/Noise.h"
#include "openmmorbit/internal/stages/PairBiasAttention.h"
#include "openmmorbit/internal/stages/PairFeatures.h"
#include "openmmorbit/internal/stages/PairUpdate.h"
#include "openmmorbit/internal/stages/Prior.h"
#include "openmmorbit/internal/stages/SamplerStep.h"
#include "openmmorbit/internal/stages/Scatter.h"
#include "openmmorbit/internal/stages/Softmax.h"
#include "openmmorbit/internal/stages/StereoGuidance.h"
#include "openmmorbit/internal/stages/TimeConditioning.h"
#include "openmmorbit/internal/stages/TokenEmbedding.h"
#include "openmmorbit/internal/stages/Transition.h"
#include "openmmorbit/internal/stages/TurnTorsions.h"
#include "openmmorbit/internal/windowsExportOrbit.h"

namespace OrbitPlugin {
namespace reference {

typedef ArrayView<const double> Input;
typedef ArrayView<double> Output;

OPENMM_EXPORT_ORBIT void gather(const GatherShape& shape, ArrayView<const OpenMM::Vec3> contextPositions,
        ArrayView<const int> particles, ArrayView<const int> firstPoints, Output centroids);
OPENMM_EXPORT_ORBIT void scatter(const ScatterShape& shape, const ScatterInputs<double>& inputs,
        ArrayView<OpenMM::Vec3> contextPositions);

OPENMM_EXPORT_ORBIT void noise(const NoiseKey& key, Output noise);
OPENMM_EXPORT_ORBIT void prior(const PriorShape& shape, double sigma, Input noise, Output positions);
OPENMM_EXPORT_ORBIT void addNoise(const PriorShape& shape, double sigma, Input noise, Output positions);
OPENMM_EXPORT_ORBIT void stereoGuidance(const StereoGuidanceShape& shape, ArrayView<const HandedVolume> volumes,
        Input denoised, Output guided);
OPENMM_EXPORT_ORBIT void clampFixed(const ClampFixedShape& shape, ArrayView<const char> fixed, Input start,
        Output denoised);
OPENMM_EXPORT_ORBIT void followFixed(const FollowFixedShape& shape, ArrayView<const char> fixed,
    ArrayView<const int> leaders, Input start, Output denoised);
OPENMM_EXPORT_ORBIT void turnTorsions(const TurnTorsionsShape& shape, ArrayView<const TurnedTorsion> torsions,
        Output denoised);
OPENMM_EXPORT_ORBIT void avoidPocket(const AvoidPocketShape& shape, const AvoidedPocket& pocket, Output denoised);
OPENMM_EXPORT_ORBIT void classifierFreeGuidance(double scale, Output denoised, Output contrast);
OPENMM_EXPORT_ORBIT void eulerStep(const StepLevels& levels, Input positions, Input denoised, Output next);
OPENMM_EXPORT_ORBIT void twoStageStep(const StepLevels& levels, Input positions, Input denoised,
        Input predictedDenoised, Output next);
OPENMM_EXPORT_ORBIT void multistepStep(const StepLevels& levels, Input positions, Input denoised,
        Input previousDenoised, Output next);

OPENMM_EXPORT_ORBIT void linear(const LinearShape& shape, const LinearWeights<double>& weights, Input input,
        Output output);
OPENMM_EXPORT_ORBIT void layerNorm(const LayerNormShape& shape, Input input, Input shift, Input scale, Output output);
/** The same with weights of its own instead of a given shift and scale: LN(input) weight + bias. */
OPENMM_EXPORT_ORBIT void layerNorm(const LayerNormShape& shape, const NormWeights<double>& weights, Input input,
        Output output);
OPENMM_EXPORT_ORBIT void softmax(Output values);
/** SiLU(a) = a / (1 + exp(-a)). */
OPENMM_EXPORT_ORBIT double silu(double value);
/** 1 / (1 + exp(-a)). */
OPENMM_EXPORT_ORBIT double sigmoid(double value);

OPENMM_EXPORT_ORBIT void timeConditioning(const TimeConditioningShape& shape,
        const TimeConditioningWeights<double>& weights, double logSigma, int condition, Output cond);
OPENMM_EXPORT_ORBIT void modulation(const LinearWeights<double>& weights, Input cond, Output modulation);
OPENMM_EXPORT_ORBIT void tokenEmbedding(const TokenEmbeddingShape& shape, const TokenEmbeddingWeights<double>& weights,
        ArrayView<const int> features, Input u, Output x);
OPENMM_EXPORT_ORBIT void pairFeatures(const PairFeaturesShape& shape, const PairFeaturesWeights<double>& weights,
        const PairFeaturesInputs<double>& inputs, Output bias);
OPENMM_EXPORT_ORBIT void pairBiasAttention(const PairBiasAttentionShape& shape,
        const PairBiasAttentionWeights<double>& weights, const PairBiasAttentionInputs<double>& inputs, Output x);
OPENMM_EXPORT_ORBIT void transition(const TransitionShape& shape, const TransitionWeights<double>& weights,
        Input modulation, Output x);
OPENMM_EXPORT_ORBIT void coordinateHead(const CoordinateHeadShape& shape, Input weight, Input x, Input modulation,
        Output F);

OPENMM_EXPORT_ORBIT void timeWaves(double logSigma, Output waves);
OPENMM_EXPORT_ORBIT void flowConditioning(const FlowConditioningShape& shape,
        const FlowConditioningWeights<double>& weights, Input waves, int condition, Output cond);
OPENMM_EXPORT_ORBIT void gatedModulation(const FlowConditioningShape& shape,
        const GatedModulationWeights<double>& weights, Input cond, Output modulation);
OPENMM_EXPORT_ORBIT void pairModulation(const FlowConditioningShape& shape,
        const PairModulationWeights<double>& weights, Input waves, Output modulation);
OPENMM_EXPORT_ORBIT void binnedPairs(const BinnedPairsShape& shape, const BinnedPairsWeights<double>& weights,
        const BinnedPairsInputs<double>& inputs, Output pairs);
OPENMM_EXPORT_ORBIT void pairBiases(const BinnedPairsShape& shape, const LayerBiasWeights<double>& weights, Input pairs,
        Output bias);
OPENMM_EXPORT_ORBIT void pairUpdate(const PairUpdateShape& shape, const PairUpdateWeights<double>& weights, Input x,
        Output pairs);
OPENMM_EXPORT_ORBIT void gatedAttention(const GatedAttentionShape& shape, const GatedAttentionWeights<double>& weights,
        const GatedAttentionInputs<double>& inputs, Output x);

} // namespace reference
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_REFERENCESTAGES_H_
