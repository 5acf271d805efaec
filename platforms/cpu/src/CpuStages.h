// SPDX-License-Identifier: MIT
// The stages of the CPU platform, in the order in which copies pass through them.
#ifndef OPENMM_ORBIT_CPU_CPUSTAGES_H_
#define OPENMM_ORBIT_CPU_CPUSTAGES_H_

#include "Team.h"
#include "networks/PairBiasWorkspace.h"
#include "openmmorbit/internal/ArrayView.h"

namespace OrbitPlugin {
namespace cpu {

/** The modulation of every layer at one noise level and condition, shared by all copies of a step. */
struct Conditioning {
    std::vector<float> cond;        ///< [c]
    AlignedBuffer values;           ///< [numModulations][widthStride], then W_t cond [pairWidth]
    AlignedBuffer scratch;
    /** Get shift1, 1 + scale1, gate1, shift2, 1 + scale2, gate2 of a layer for part = 0 ... 5. */
    const float* layer(const PairBiasWeights& weights, int layer, int part) const {
        return values.data() + (std::size_t)(6 * layer + part) * weights.widthStride;
    }
    /** Get shift (part 0) or 1 + scale (part 1) of the head. */
    const float* head(const PairBiasWeights& weights, int part) const {
        return layer(weights, weights.settings.numLayers, part);
    }
    /** Get W_t cond. */
    const float* pair(const PairBiasWeights& weights) const {
        return values.data() + (std::size_t) weights.numModulations * weights.widthStride;
    }
};

/** What the stages of the pair-bias transformer read. */
struct PairBiasPass {
    const PairBiasWeights& weights;
    const std::vector<PairBiasInputs>& inputs; ///< of the batch
    const Pass& pass;
    const Conditioning& conditioning;
    bool hasBefore; ///< whether there is an estimate of before, in workspace.before
    /** Get where a stage of a layer finds shift1, 1 + scale1 and so on: see Conditioning::layer. */
    const float* modulation(int layer, int part) const {
        return conditioning.layer(weights, layer, part);
    }
};

/** What one thread does of a pass: some rows of every stage. */
struct Share : RowShare {
    PairBiasWorkspace& common; ///< arrays of the pass
    PairBiasWorkspace& own; ///< scratch of the thread; the same workspace where one thread has all rows
};

/** A block of the attention biases: some channels (rows of pair.bias.weight) of some tokens i. */
struct BiasBlock {
    int firstChannel, numChannels;
    int firstRow, numRows;
};

/** Equations (4.1) to (4.4). */
void timeConditioning(const PairBiasWeights& weights, double logSigma, int condition, Conditioning& conditioning);
/** Equation (4.5): workspace.coordinates → workspace.x, all rows of a pass. */
void tokenEmbedding(const PairBiasPass& pass, PairBiasWorkspace& workspace);
/**
 * Expand the pair embeddings of a copy's inputs, unless they are there already or not to be kept: half of them where
 * they are symmetric and a thread has all rows of the copy.
 */
void expandEmbeddings(const PairBiasPass& pass, const PassCopy& copy, int numRows, PairBiasWorkspace& workspace);
/**
 * Equations (4.6) to (4.9) of one copy: coordinates → biases, of all layers in the array of the pass where it keeps
 * them, else in the thread's own [numChannels][numRows][paddedTokens].
 */
void pairFeatures(const PairBiasPass& pass, const PassCopy& copy, BiasBlock block, const Share& share);
/** Equations (4.10) to (4.14): adds to x. Threads wait for each other's keys and values. */
void pairBiasAttention(const PairBiasPass& pass, int layer, const Share& share);
/** Equations (4.15) to (4.17): adds to x. */
void transition(const PairBiasPass& pass, int layer, const Share& share);
/** Equation (4.18): x → F [numPoints of the batch][3]. Threads wait for each other's rows. */
void coordinateHead(const PairBiasPass& pass, ArrayView<double> F, const Share& share);

} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_CPUSTAGES_H_
