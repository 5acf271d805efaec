// SPDX-License-Identifier: MIT
// Contract of the binnedPairs stage: the attention bias of every layer of a gated transformer, from binned distances.
#ifndef OPENMM_ORBIT_STAGES_BINNEDPAIRS_H_
#define OPENMM_ORBIT_STAGES_BINNEDPAIRS_H_

#include "openmmorbit/internal/stages/FlowConditioning.h"
#include <algorithm>
#include <vector>

namespace OrbitPlugin {

/**
 * This stage describes every ordered pair of tokens, and turns descriptions into the attention bias of every head of a
 * layer. The description is the sum of vectors from three tables: the pair's categorical features, the bin of the
 * distance between the noisy points, and the bin of their distance as they were denoised before, if they were. It is
 * normalised with weights of its own, then with shift and scale of the time, and once more for every layer. Registers
 * stand in front of the tokens; the descriptions of pairs with a register are zero.
 *
 *   in   features   [numTokens][numTokens][numFeatures]   rows of pair.embedding
 *   in   u          [numTokens][6]                        noisy point, then the point as denoised before; model unit
 *   in   modulation [2][pairWidth]                        rows shift, scale
 *   out  pairs      [M][M][pairWidth]                     M = numRegisters + numTokens
 *   out  bias       [numHeads][M][M]                      of a layer
 *
 * Equations (9.5) to (9.7) of openmmapi/docs/theory.md. Weights: pair.embedding [sum of vocabularies][p],
 * pair.bins [numBins][p], pair.binsBefore [numSelfBins][p], pair.norm, layer.l.attention.pair.{norm, weight [H][p]}.
 * Implementations: binnedPairs(shape, weights, inputs, pairs), pairBiases(shape, weights, pairs, bias). Where pairs are
 * not updated, the other folders make the biases of all layers at once and keep no descriptions.
 */

struct BinnedPairsShape {
    int numTokens = 0, numFeatures = 0, numRegisters = 0, pairWidth = 0, numLayers = 0, numHeads = 0;
    int numBins = 0, numSelfBins = 0;
    double binMin = 0, binMax = 0;  ///< model unit
    bool hasBefore = false;         ///< whether there is an estimate of before
};

/** What makes the biases of a layer of the normalised description. */
template <class T>
struct LayerBiasWeights {
    NormWeights<T> norm;
    ArrayView<const T> weight;
};

template <class T>
struct BinnedPairsWeights {
    ArrayView<const T> embedding, bins, binsBefore;
    NormWeights<T> norm;
    std::vector<LayerBiasWeights<T>> layers;     ///< [numLayers]
};

/** What binnedPairs() reads. */
template <class T>
struct BinnedPairsInputs {
    ArrayView<const int> features;
    ArrayView<const T> u, modulation;
};

/**
 * Get the bin of a distance, (9.5): numBins - 1 boundaries lie evenly from binMin to binMax, and a bin contains its
 * upper one.
 */
inline int findBin(double distance, int numBins, double binMin, double binMax) {
    const int numBoundaries = numBins - 1;
    const double spacing = (binMax - binMin) / (numBoundaries - 1);
    int bin = std::clamp((int) std::min(1e6, (distance - binMin) / spacing), 0, numBoundaries);
    while (bin > 0 && distance <= binMin + (bin - 1) * spacing)
        bin--;
    while (bin < numBoundaries && distance > binMin + bin * spacing)
        bin++;
    return bin;
}

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STAGES_BINNEDPAIRS_H_
