// SPDX-License-Identifier: MIT
// The stages of the gated transformer on the CPU, in the order in which copies pass through them.
#ifndef OPENMM_ORBIT_CPU_GATEDSTAGES_H_
#define OPENMM_ORBIT_CPU_GATEDSTAGES_H_

#include "LinearStage.h"
#include "networks/GatedWeights.h"
#include "openmmorbit/internal/ArrayView.h"

namespace OrbitPlugin {
namespace cpu {

/** The modulation of every layer at one noise level and condition, or that of registers, which have neither. */
struct GatedConditioning {
    std::vector<float> cond;        ///< [c]
    AlignedBuffer values;           ///< [6 L][widthStride]: shift1, 1 + scale1, gate1, shift2, 1 + scale2, gate2
    AlignedBuffer pair;             ///< [2][pairStride]: shift, 1 + scale
    AlignedBuffer scratch;
    const float* layer(const PackedGatedWeights& weights, int layer, int part) const {
        return values.data() + (std::size_t) (6 * layer + part) * weights.widthStride;
    }
};

/** The arrays in which threads evaluate a pass. A copy's registers stand before its tokens in all rows. */
struct GatedWorkspace {
    /** Make room for any of some passes. */
    void reserve(const PackedGatedWeights& weights, const std::vector<Pass>& passes);
    /** Make room for what a thread needs of its own while it works on rows of a pass in another workspace. */
    void reserveScratch(const PackedGatedWeights& weights, const std::vector<Pass>& passes);
    int widthStride = 0, qkvStride = 0, attendedStride = 0, hiddenStride = 0;
    AlignedBuffer x, a, gates;          ///< [rows][widthStride]
    AlignedBuffer qkv, attended, hidden, headRows;
    AlignedBuffer bias;                 ///< [L H][M][padded M] of every copy, or see GatedPass::getPairs
    AlignedBuffer projected;            ///< [rows][projectedStride], if pairs are updated
    AlignedBuffer pairs, biasRows;      ///< of one row: [M][pairStride] and [M][biasStride]
    AlignedBuffer pairsA, pairsB;       ///< of one row, if pairs are updated: [M][projectedStride] or less wide
    AlignedBuffer nowhere;              ///< coordinates that the attention does not use, [3][padded M] zeros
    AlignedBuffer scratch;
};

/** What the stages read. */
struct GatedPass {
    const PackedGatedWeights& weights;
    const std::vector<PairBiasInputs>& inputs;  ///< of the batch
    const Pass& pass;
    const GatedConditioning& conditioning;
    const GatedConditioning& ofRegisters;
    ArrayView<const double> u, before;          ///< [numPoints of the batch][3]; before may be empty

    int countRows(int copy) const {
        return weights.gated.numRegisters + pass.places[copy].numTokens;
    }
    int getFirstRow(int copy) const {
        return pass.places[copy].firstRow + copy * weights.gated.numRegisters;
    }
    /** Get the number of words of a copy's biases: of all layers, or of one where descriptions of pairs are kept. */
    long countBiases(int copy) const {
        const int numLayers = weights.keepsPairs() ? 1 : weights.settings.numLayers;
        return (long) numLayers * weights.settings.numHeads * countRows(copy) *
                roundUp(countRows(copy), NEIGHBOR_PADDING);
    }
    /** Get the descriptions of a copy's pairs [M][M][pairStride], which stand behind its biases. */
    float* getPairs(GatedWorkspace& workspace, int copy) const {
        return workspace.bias.data() + pass.places[copy].firstWord + countBiases(copy);
    }
    /** Get one side of a triangle update [M][M][triangleStride]: 0 or 1. They stand behind the descriptions. */
    float* getSide(GatedWorkspace& workspace, int copy, int side) const {
        const long numPairs = (long) countRows(copy) * countRows(copy);
        return getPairs(workspace, copy) + numPairs * (weights.pairStride + side * weights.triangleStride);
    }
    int countAllRows() const {
        return pass.numRows + (int) pass.places.size() * weights.gated.numRegisters;
    }
};

/** What one thread does of a pass: some rows of every stage. */
struct GatedShare : RowShare {
    GatedWorkspace& common;     ///< arrays of the pass
    GatedWorkspace& own;        ///< scratch of the thread
    /** Get the thread's rows of a copy, counted from the copy's first. */
    RowRange getRows(const GatedPass& pass, int copy) const {
        const int first = firstRow - pass.getFirstRow(copy);
        return {std::max(0, first), std::min(pass.countRows(copy), first + numRows)};
    }
};

/** Call function(first row, end row, conditioning) for a thread's registers and tokens of each copy. */
template <class Function>
void forEachSegment(const GatedPass& pass, const GatedShare& share, const Function& function) {
    for (int copy = 0; copy < (int) pass.pass.places.size(); copy++) {
        const RowRange range = share.getRows(pass, copy);
        const int first = pass.getFirstRow(copy), numRegisters = pass.weights.gated.numRegisters;
        const int middle = std::clamp(numRegisters, range.firstRow, std::max(range.firstRow, range.endRow));
        if (range.firstRow < middle)
            function(first + range.firstRow, first + middle, pass.ofRegisters);
        if (middle < range.endRow)
            function(first + middle, first + range.endRow, pass.conditioning);
    }
}

/** Start the task of a layer on a thread's rows; the output is floats, the epilogue the caller's. */
inline LinearTask startRows(const PackedLinear& layer, const GatedShare& share, AlignedBuffer& a, long aStride,
        AlignedBuffer& out, long outStride) {
    LinearTask task = linearTask(layer, share, a, aStride);
    task.out = rowsOf(share, out, outStride);
    task.outStride = outStride;
    task.floatOutput = true;
    return task;
}

/** Normalise columns of rows, which may stay in place: out = LN(x) scale + shift. */
void normalizeRows(const KernelTable& table, const float* x, int numRows, long stride, const PackedNorm& norm,
        float* out);
/** workspace.a = LN(x) scale + shift with a half of a layer's modulation, 0 for attention and 1 for the transition. */
void modulateRows(const GatedPass& pass, int layer, int half, const GatedShare& share);
/** x += gate (what stands in workspace.gates), likewise. */
void addGated(const GatedPass& pass, int layer, int half, const GatedShare& share);

/** Equations (9.1) to (9.4); or (9.3) alone, for registers. */
void flowConditioning(const PackedGatedWeights& weights, double logSigma, int condition, GatedConditioning& result);
void conditionRegisters(const PackedGatedWeights& weights, GatedConditioning& result);
/** Equation (4.5): rows of registers and tokens into workspace.x. */
void tokenEmbedding(const GatedPass& pass, GatedWorkspace& workspace);
/** Equations (9.5) to (9.7) for a thread's rows, into workspace.bias; (9.5) and (9.6) alone where pairs are updated. */
void binnedPairs(const GatedPass& pass, const GatedShare& share);
/** Equation (9.7) of a layer for a thread's rows, where pairs are updated. */
void pairBiases(const GatedPass& pass, int layer, const GatedShare& share);
/** Equations (9.12) to (9.15) for a thread's rows. Threads wait for each other's rows. */
void pairUpdate(const GatedPass& pass, int layer, const GatedShare& share);
/** Equations (9.8) to (9.11): adds to x. Threads wait for each other's keys and values. */
void gatedAttention(const GatedPass& pass, int layer, const GatedShare& share);
/** Equations (4.15) to (4.17): adds to x. */
void transition(const GatedPass& pass, int layer, const GatedShare& share);
/** Equation (4.18): x → F [numPoints of the batch][3]. Threads wait for each other's rows. */
void coordinateHead(const GatedPass& pass, ArrayView<double> F, const GatedShare& share);

} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_GATEDSTAGES_H_
