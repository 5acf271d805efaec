// SPDX-License-Identifier: MIT
// The weights of the pair-bias transformer on a device: one array, padded and in the order in which kernels read.
#ifndef OPENMM_ORBIT_COMMONPAIRBIASWEIGHTS_H_
#define OPENMM_ORBIT_COMMONPAIRBIASWEIGHTS_H_

#include "WeightPacker.h"
#include "openmmorbit/DenoiserModel.h"

namespace OrbitPlugin {
namespace common {

/** Where the weights of one layer lie. */
struct LayerMatrices {
    Matrix qkv, attentionOutput, up, down;
};

/** Sizes of the network, and what they are padded to. */
struct OPENMM_EXPORT_ORBIT PairBiasSizes {
    explicit PairBiasSizes(const PairBiasTransformerSettings& settings);
    int width, paddedWidth;             ///< d
    int headWidth, paddedHeadWidth;     ///< d / H
    int attentionWidth;                 ///< all heads, padded
    int gatheredWidth;                  ///< all heads and their relative vectors [3P], padded
    int innerWidth, paddedInnerWidth;   ///< m d
    int paddedPairWidth;
    int numBiases;                      ///< L H
    /** Offsets in the modulation of one condition, and its size */
    int headModulation, pairModulation, modulationSize;
    /** Get the constants by their names in the device sources. */
    std::map<std::string, std::string> getDefines(const PairBiasTransformerSettings& settings) const;
};

/** Choose the tiles of a device for the network. */
Tiles chooseTiles(OpenMM::ComputeContext& context, const PairBiasSizes& sizes, int pointsPerToken);

/** The weights packed for a device. */
class PairBiasWeights : private WeightPacker {
public:
    /** Pack the weights of a valid model for the tiles of a device. */
    PairBiasWeights(Device& device, const DenoiserModel& model);
    PairBiasTransformerSettings settings;
    PairBiasSizes sizes;
    Buffer values{"weights"};
    // Offsets into the values.
    int frequencies = 0, conditionEmbedding = 0, tokenEmbedding = 0, tokenCoordinates = 0, pairEmbedding = 0, head = 0;
    int pairRadial = 0, pairRadialBefore = 0;
    Matrix timeHidden, timeOutput, modulation, pairHidden, pairBias;
    std::vector<LayerMatrices> layers;
private:
    void addTime(const DenoiserModel& model);
    void addPair(const DenoiserModel& model);
    void addLayer(const DenoiserModel& model, const std::string& prefix);
    void addTransition(const DenoiserModel& model, const std::string& prefix, LayerMatrices& layer);
};

} // namespace common
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_COMMONPAIRBIASWEIGHTS_H_
