// SPDX-License-Identifier: MIT
// Copies that pass through the layers together, so that weights are fetched once for all of them.
#ifndef OPENMM_ORBIT_CPU_PASS_H_
#define OPENMM_ORBIT_CPU_PASS_H_

#include "AlignedBuffer.h"
#include "openmmorbit/internal/Batch.h"
#include "openmmorbit/internal/windowsExportOrbit.h"
#include <vector>

namespace OrbitPlugin {
namespace cpu {

/** Rows of neighbours are padded to a multiple of this, so that every vector width divides one. */
constexpr int NEIGHBOR_PADDING = 16;
/** Copies share a pass up to this many words (Network::countWords). */
constexpr long MAX_PASS_WORDS = 1l << 24;
/** Where a copy stands in the arrays of its pass and of the batch. */
struct PassCopy {
    int input; ///< place of its inputs in the batch
    int numTokens, paddedTokens;
    int firstPoint;              ///< its first row in the batch's positions
    int firstRow; ///< its first row in the pass, a row a token
    int firstPaddedRow; ///< the same where the tokens of each copy are padded
    long firstWord; ///< the first of its words in the pass
};

/** Copies with the same condition. Rows of linear layers do not know whose they are. */
struct OPENMM_EXPORT_ORBIT Pass {
    /** Append a copy of a batch, which has a number of words. */
    void add(const Batch& batch, int copy, long words);
    std::vector<int> copies;            ///< places in the batch
    std::vector<PassCopy> places;       ///< of each of them
    int condition = 0;                  ///< place among the conditions of a noise level
    int numRows = 0, numPaddedRows = 0;
    long numWords = 0;
};

/** What makePasses() needs to know beside the batch. */
struct PassPlan {
    std::vector<int> conditionOfCopy; ///< [numCopies] places among the conditions of a noise level
    std::vector<long> wordsOfInput; ///< [numInputs] memory of a copy, see Network::countWords
    int numThreads = 1;
    /**
     * Rows that a pass aims at. With fewer, weights arrive from memory more slowly than they are used; with many more,
     * the rows themselves leave the second-level cache.
     */
    int passRows = 64;
};

/**
 * Divide a batch into passes of about plan.passRows rows: as many for each thread, with about as many rows. Large ones
 * come first, so that no thread starts one when the others have finished. A copy and its contrast are in one pass.
 */
OPENMM_EXPORT_ORBIT std::vector<Pass> makePasses(const Batch& batch, const PassPlan& plan);

} // namespace cpu
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_CPU_PASS_H_
