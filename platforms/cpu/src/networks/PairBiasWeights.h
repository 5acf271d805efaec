// SPDX-License-Identifier: MIT
// The weights of the pair-bias transformer in the layouts that the primitives of one kernel table read.
#ifndef OPENMM_ORBIT_CPU_PAIRBIASWEIGHTS_H_
#define OPENMM_ORBIT_CPU_PAIRBIASWEIGHTS_H_

#include "../Dispatch.h"
#include "../PackedLinear.h"
#include "PairBiasInputs.h"

namespace OrbitPlugin {
namespace cpu {

/** The layers of one transformer block. */
struct PackedLayer {
    PackedLinear qkv, output, up, down;
};

/** Everything of a model that stages read. */
struct OPENMM_EXPORT_ORBIT PairBiasWeights {
    /** Pack the weights. @throws ArgumentError if a tensor is missing or has the wrong shape */
    PairBiasWeights(const DenoiserModel& model, KernelPair kernels);

    KernelPair kernels;
    PairBiasTransformerSettings settings;
    int widthStride;                                ///< d padded
    int numModulations;                             ///< 6 L + 2 vectors of widthStride, then the pair stage's
    std::vector<double> frequencies;                ///< (4.1) [T]
    PackedLinear timeHidden, timeOutput, modulation;
    std::vector<float> conditionEmbedding;          ///< [numConditions][c]
    std::vector<float> tokenEmbedding;              ///< [vocabulary][d]
    std::vector<float> coordinateWeight;            ///< [3P][d], transposed
    std::vector<float> pairEmbedding;               ///< [vocabulary][p]
    AlignedBuffer radialWeight, pairHiddenWeight, biasWeight;   ///< operand words
    AlignedBuffer pairHiddenBias, biasBias;
    std::vector<PackedLayer> layers;
    PackedLinear head;

    EmbeddingTables getTables() const {
        return {settings.width, widthStride, settings.pairWidth, tokenEmbedding, pairEmbedding};
    }
    /** Get the number of distances that pairs see: 2 with self-conditioning. */
    int countSources() const {
        return settings.selfConditioning ? 2 : 1;
    }
    /** Get the operand words of the radial functions of one distance. */
    int radialDepth() const {
        return kernels.operand->bf16 ? (settings.numRadial + 1) / 2 : settings.numRadial;
    }
    int pairDepth() const {
        return kernels.operand->bf16 ? (settings.pairWidth + 1) / 2 : settings.pairWidth;
    }
};

} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_PAIRBIASWEIGHTS_H_
