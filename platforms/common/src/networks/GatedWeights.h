// SPDX-License-Identifier: MIT
// The weights of the gated transformer on a device: one array, padded and in the order in which kernels read.
#ifndef OPENMM_ORBIT_COMMONGATEDWEIGHTS_H_
#define OPENMM_ORBIT_COMMONGATEDWEIGHTS_H_

#include "WeightPacker.h"
#include "openmmorbit/DenoiserModel.h"

namespace OrbitPlugin {
namespace common {

/** Where the weights of a triangle update lie. */
struct TriangleMatrices {
    int norm = 0, productNorm = 0;
    Matrix left, leftGate, right, rightGate, output, gate;
};

/** Where the weights of an update of pairs lie. */
struct PairUpdateMatrices {
    int tokenNorm = 0, transitionNorm = 0;
    Matrix tokens, up, down;
    TriangleMatrices outgoing, incoming;
};

/** Where the weights of one layer lie. */
struct GatedLayerMatrices {
    int norm = 0, queryNorm = 0, keyNorm = 0;
    Matrix qkv, gate, output, up, down;
    PairUpdateMatrices pairs;           ///< if they are updated behind the layer
};

/** Sizes of the network, and what they are padded to. */
struct OPENMM_EXPORT_ORBIT GatedSizes {
    explicit GatedSizes(const DenoiserModel& model);
    int width, paddedWidth;             ///< d
    int headWidth, paddedHeadWidth;     ///< d / H
    int attentionWidth;                 ///< all heads, padded
    int gatheredWidth;                  ///< all heads and their relative vectors, padded
    int innerWidth, paddedInnerWidth;   ///< m d
    int pairWidth, paddedPairWidth;     ///< p
    int triangleWidth, paddedTriangleWidth;     ///< t
    int conditionWidth, paddedConditionWidth;   ///< c
    int numWaves, paddedWaves;          ///< 2T
    int numBiases;                      ///< L H
    /** Offsets in the modulation of one condition, and its size */
    int headModulation, pairModulation, modulationSize;
    /** Get the constants by their names in the device sources. */
    std::map<std::string, std::string> getDefines(const DenoiserModel& model) const;
};

/** The weights packed for a device. Norms are a weight and, behind it, a bias. */
class PackedGatedWeights : private WeightPacker {
public:
    /** Pack the weights of a valid model for the tiles of a device. */
    PackedGatedWeights(Device& device, const DenoiserModel& model);
    PairBiasTransformerSettings settings;
    GatedTransformerSettings gated;
    GatedSizes sizes;
    Buffer values{"weights"};
    std::vector<float> pairEmbedding;   ///< [vocabulary][p], for sums of features
    /** Whether pairs are updated behind any layer: their descriptions are kept then. */
    bool keepsPairs() const {
        return gated.updatesPairs(0, settings.numLayers);
    }
    // Offsets into the values.
    int conditionEmbedding = 0, registers = 0, tokenEmbedding = 0, tokenCoordinates = 0;
    int pairTimeNorm = 0, pairNorm = 0, bins = 0, binsBefore = 0, pairOutputs = 0, pairOutputBias = 0;
    int headNorm = 0, head = 0;
    Matrix time, timeUp[2], timeDown[2], pairTime;
    Matrix shiftAndScale, gates, ofPairs;   ///< (9.3) of all layers, and (9.4), of normalised vectors
    std::vector<GatedLayerMatrices> layers;
private:
    Matrix addLayer(const ModelTensor& weight, const std::vector<float>* bias = nullptr);
    Matrix addGated(const ModelTensor& weight, int inner, int paddedInner);
    int addTable(const ModelTensor& table, int paddedWidth);
    int addNorm(const DenoiserModel& model, const std::string& name);
    int addHeadNorm(const DenoiserModel& model, const std::string& name, double scale);
    void addTime(const DenoiserModel& model);
    void addModulations(const DenoiserModel& model);
    void addPairs(const DenoiserModel& model);
    Matrix addNamed(const DenoiserModel& model, const std::string& name);
    TriangleMatrices addTriangle(const DenoiserModel& model, const std::string& name);
    PairUpdateMatrices addPairUpdate(const DenoiserModel& model, const std::string& prefix);
    void addTransformerLayer(const DenoiserModel& model, const std::string& prefix);
    int findChannel(int padded) const;
};

} // namespace common
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_COMMONGATEDWEIGHTS_H_
