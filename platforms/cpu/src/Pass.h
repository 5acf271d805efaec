// SPDX-License-Identifier: MIT
// Copies that pass through the layers together, so that weights are fetched once for all of them.
#ifndef OPENMM_ORBIT_CPU_PASS_H_
#define OPENMM_ORBIT_CPU_PASS_H_

#include "PackedGraph.h"
#include "openmmorbit/internal/Batch.h"

namespace OrbitPlugin {
namespace cpu {

/** Above this many words the biases of all layers are not kept: each layer computes them for blocks of rows. */
constexpr long MAX_BIAS_WORDS = 1l << 24;
/**
 * Rows that a pass aims at. With fewer, weights arrive from memory more slowly than they are used; with many more, the
 * rows themselves leave the second-level cache.
 */
constexpr int PASS_ROWS = 64;

/** Where a copy stands in the arrays of its pass and of the batch. */
struct PassCopy {
    const PackedGraph* graph;
    int firstPoint;              ///< its first row in the batch's positions
    int firstRow;               ///< its first row in the pass
    int firstCoordinate;        ///< where its u [3P][paddedTokens] begins
    long firstBias;             ///< where its biases [L H][numTokens][paddedTokens] begin
};

/** Copies with the same condition. Rows of linear layers do not know whose they are. */
struct Pass {
    /** Append a copy. */
    void add(const PackedModel& model, const PackedGraph& graph, int copy, int firstPoint);
    std::vector<int> copies;            ///< places in the batch
    std::vector<PassCopy> places;       ///< of each of them
    int condition = 0;                  ///< place among the conditions of a noise level
    int numRows = 0, numCoordinates = 0;
    long numBias = 0;                   ///< words of the biases of all layers, kept or not
};

/** Get the number of words of the biases of all layers of a copy. */
OPENMM_EXPORT_ORBIT long countBiasWords(const PackedModel& model, const PackedGraph& graph);

/**
 * Divide a batch into passes of about PASS_ROWS rows: as many for each thread, with about as many rows. Large ones come
 * first, so that no thread starts one when the others have finished.
 *
 * @param graphs              of the batch
 * @param conditionOfCopy     the copies' places among the conditions of a noise level
 */
OPENMM_EXPORT_ORBIT std::vector<Pass> makePasses(const PackedModel& model, const std::vector<PackedGraph>& graphs,
        const Batch& batch, const std::vector<int>& conditionOfCopy, int numThreads);

} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_PASS_H_
