// SPDX-License-Identifier: MIT
// The weights of the gated transformer in the layouts that the single precision primitives read.
#ifndef OPENMM_ORBIT_CPU_GATEDWEIGHTS_H_
#define OPENMM_ORBIT_CPU_GATEDWEIGHTS_H_

#include "../Dispatch.h"
#include "../PackedLinear.h"
#include "PairBiasInputs.h"

namespace OrbitPlugin {
namespace cpu {

/** Weight and bias of a normalisation. */
struct PackedNorm {
    std::vector<float> weight, bias;
};

/** What makes a shift and a scale of a conditioning vector, side by side. */
struct PackedModulation {
    PackedNorm norm;
    PackedLinear shiftAndScale;
};

/** The layers of one triangle update. */
struct PackedTriangle {
    PackedNorm norm, productNorm;
    PackedLinear left, leftGate, right, rightGate, output, gate;
};

/** The layers of an update of pairs, and of the biases that a layer makes of them. */
struct PackedPairUpdate {
    PackedNorm tokenNorm, transitionNorm;
    PackedLinear tokens, up, down;
    PackedTriangle outgoing, incoming;
};

/** The layers of one transformer block; of the modulations, attention's stands first. */
struct PackedGatedLayer {
    PackedModulation modulations[2];
    PackedLinear modulationGates[2];
    PackedNorm norm, queryNorm, keyNorm;
    PackedLinear qkv, gate, output, up, down;
    PackedLinear pairBias;          ///< (9.7) of this layer, if pairs are updated anywhere
    PackedPairUpdate pairs;         ///< empty if pairs are not updated behind this layer
};

/** Everything of a model that stages read. */
struct OPENMM_EXPORT_ORBIT PackedGatedWeights {
    /** Pack the weights. @throws ArgumentError if a tensor is missing or has the wrong shape */
    PackedGatedWeights(const DenoiserModel& model, const KernelTable& table);

    const KernelTable& table;
    PairBiasTransformerSettings settings;
    GatedTransformerSettings gated;
    int widthStride, pairStride, biasStride;        ///< d, p and L H padded
    int triangleStride, projectedStride;            ///< t and 2 p padded
    PackedLinear time, timeUp[2], timeDown[2], pairTime;
    std::vector<float> conditionEmbedding;          ///< [numConditions][c]
    PackedNorm pairTimeNorm, pairNorm, headNorm;
    PackedModulation pairModulation;
    std::vector<float> registers;                   ///< [R][d]
    std::vector<float> tokenEmbedding;              ///< [vocabulary][d]
    std::vector<float> coordinateWeight;            ///< [6][d], transposed
    std::vector<float> pairEmbedding, bins, binsBefore;     ///< [rows][p]
    PackedLinear pairBias;                          ///< (9.7) of all layers, with their norms; empty if pairs change
    std::vector<PackedGatedLayer> layers;
    PackedLinear head;
    std::vector<float> ones, zeros;                 ///< [p] a norm without weights

    EmbeddingTables getTables() const {
        return {settings.width, widthStride, settings.pairWidth, tokenEmbedding, pairEmbedding};
    }
    /** Whether pairs are updated behind any layer: their descriptions are kept then. */
    bool keepsPairs() const {
        return gated.updatesPairs(0, settings.numLayers);
    }
    /** Get the bias of a pair with a register: row of all layers' heads. */
    float getRegisterBias(int output) const {
        return pairBias.bias.data()[output];
    }
};

} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_GATEDWEIGHTS_H_
