// SPDX-License-Identifier: MIT
// The weights of the pair-bias transformer on a device: one array, padded and in the order in which kernels read.
#ifndef OPENMM_ORBIT_COMMONPAIRBIASWEIGHTS_H_
#define OPENMM_ORBIT_COMMONPAIRBIASWEIGHTS_H_

#include "../Device.h"
#include "openmmorbit/DenoiserModel.h"
#include <functional>

namespace OrbitPlugin {
namespace common {

/** Where a matrix and its bias lie, and their padded sizes. */
struct Matrix {
    int weights = 0, bias = 0, numInputs = 0, numOutputs = 0;
};

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
class PairBiasWeights {
public:
    /** Pack the weights of a valid model for the tiles of a device. */
    PairBiasWeights(Device& device, const DenoiserModel& model);
    PairBiasTransformerSettings settings;
    PairBiasSizes sizes;
    Buffer values{"weights"};
    // Offsets into the values.
    int frequencies = 0, conditionEmbedding = 0, tokenEmbedding = 0, tokenCoordinates = 0, pairEmbedding = 0, head = 0;
    int pairRadial = 0;
    Matrix timeHidden, timeOutput, modulation, pairHidden, pairBias;
    std::vector<LayerMatrices> layers;
private:
    typedef std::function<double(int out, int in)> Entry;
    /** Append rows, each padded with zeros. */
    int addRows(int numRows, int width, int paddedWidth, const Entry& entry);
    /** Append a matrix in panels of the tiles' columns, and its bias. */
    Matrix addPanels(int numInputs, int numOutputs, const Entry& weight, const std::function<double(int out)>& bias);
    /** Append a matrix in blocks of 8 outputs. */
    int addBlocks(int numInputs, int numOutputs, const Entry& weight);
    void addTime(const DenoiserModel& model);
    void addPair(const DenoiserModel& model);
    void addLayer(const DenoiserModel& model, const std::string& prefix);
    void addTransition(const DenoiserModel& model, const std::string& prefix, LayerMatrices& layer);
    Tiles tiles;
    std::vector<double> packed;
};

} // namespace common
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_COMMONPAIRBIASWEIGHTS_H_
