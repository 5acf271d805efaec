// SPDX-License-Identifier: MIT
// The stages of the CPU platform, in the order in which copies pass through them.
#ifndef OPENMM_ORBIT_CPU_CPUSTAGES_H_
#define OPENMM_ORBIT_CPU_CPUSTAGES_H_

#include "Team.h"

namespace OrbitPlugin {
namespace cpu {

/** The modulation of every layer at one noise level and condition, shared by all copies of a step. */
struct Conditioning {
    std::vector<float> cond;        ///< [c]
    AlignedBuffer values;           ///< [numModulations][widthStride], then W_t cond [pairWidth]
    AlignedBuffer scratch;
    /** Get shift1, 1 + scale1, gate1, shift2, 1 + scale2, gate2 of a layer for part = 0 ... 5. */
    const float* layer(const PackedModel& model, int layer, int part) const {
        return values.data() + (std::size_t) (6 * layer + part) * model.widthStride;
    }
    /** Get shift (part 0) or 1 + scale (part 1) of the head. */
    const float* head(const PackedModel& model, int part) const {
        return layer(model, model.settings.numLayers, part);
    }
    /** Get W_t cond. */
    const float* pair(const PackedModel& model) const {
        return values.data() + (std::size_t) model.numModulations * model.widthStride;
    }
};

/** A block of the attention biases: some channels (rows of pair.bias.weight) of some atoms i. */
struct BiasBlock {
    int firstChannel, numChannels;
    int firstRow, numRows;
};

/** Equations (4.1) to (4.4). */
void timeConditioning(const PackedModel& model, double logSigma, int condition, Conditioning& conditioning);
/** Equation (4.5): workspace.coordinates → workspace.x, all rows of a pass. */
void tokenEmbedding(const PackedModel& model, const Pass& pass, Workspace& workspace);
/** Expand the pair embeddings of a molecule, unless they are there already or not to be kept. */
void expandEmbeddings(const PackedModel& model, const PackedGraph& graph, Workspace& workspace);
/**
 * Equations (4.6) to (4.9) of one copy: coordinates → biases, of all layers in the array of the pass where it keeps
 * them, else in the thread's own [numChannels][numRows][paddedTokens].
 */
void pairFeatures(const PackedModel& model, const PassCopy& copy, const Conditioning& conditioning, BiasBlock block,
        const Share& share);
/** Equations (4.10) to (4.14): adds to x. Threads wait for each other's keys and values. */
void pairBiasAttention(const PackedModel& model, const Pass& pass, const Conditioning& conditioning, int layer,
        const Share& share);
/** Equations (4.15) to (4.17): adds to x. */
void transition(const PackedModel& model, const Conditioning& conditioning, int layer, const Share& share);
/** Equation (4.18): x → output. Threads wait for each other's rows. */
void coordinateHead(const PackedModel& model, const Pass& pass, const Conditioning& conditioning, const Share& share);

} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_CPUSTAGES_H_
