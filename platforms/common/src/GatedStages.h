// SPDX-License-Identifier: MIT
// The stages of the gated transformer on a device: each binds arguments and queues its kernels (src/kernels).
#ifndef OPENMM_ORBIT_COMMONGATEDSTAGES_H_
#define OPENMM_ORBIT_COMMONGATEDSTAGES_H_

#include "CommonStages.h"
#include "networks/GatedArrays.h"

namespace OrbitPlugin {
namespace common {

/** What the stages read and fill. */
struct GatedPass {
    Device& device;
    PackedGatedWeights& weights;
    GatedArrays& arrays;
    DeviceBatch& batch;
    bool hasBefore;             ///< whether arrays.before holds what was denoised before
    ModulatedRows getRows() const {
        return {device, weights.values, arrays.rows, arrays.numRows, arrays.modulation, weights.sizes.modulationSize};
    }
};

/** A product without modulation of the first rows of an array, whose rows are as long as the matrix has inputs. */
void product(const GatedPass& pass, const std::string& kernel, const Matrix& matrix, Buffer& input, Buffer& output,
        int numColumns, int numRows);
void flowConditioning(const GatedPass& pass, double logSigma);
void tokenEmbedding(const GatedPass& pass);
/** Describe all pairs, once an evaluation. */
void describePairs(const GatedPass& pass);
/** Fill arrays.bias for numLayers layers from firstLayer on. */
void binnedPairs(const GatedPass& pass, int firstLayer, int numLayers);
/** Keep the descriptions of all pairs, for updates. */
void keepPairs(const GatedPass& pass);
/** Fill arrays.bias for a layer from descriptions that are kept. */
void pairBiases(const GatedPass& pass, int layer);
void pairUpdate(const GatedPass& pass, int layer);
/** firstBias is the row of arrays.bias that belongs to the layer's first head. */
void gatedAttention(const GatedPass& pass, int layer, int firstBias);
void transition(const GatedPass& pass, int layer);
/** From arrays.x to batch.output. */
void coordinateHead(const GatedPass& pass);

} // namespace common
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_COMMONGATEDSTAGES_H_
