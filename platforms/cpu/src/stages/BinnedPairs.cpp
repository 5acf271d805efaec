// SPDX-License-Identifier: MIT
// Stage binnedPairs on the CPU: the attention biases of all layers, one row's neighbours at a time.
#include "openmmorbit/internal/stages/BinnedPairs.h"
#include "GatedStages.h"
#include <cmath>

namespace OrbitPlugin {
namespace cpu {

namespace {

/** The row of a table for the distance of two points, which is computed as in the reference. */
const float* findRow(const GatedPass& pass, const std::vector<float>& table, int numBins, const double* a,
        const double* b) {
    const double x = a[0] - b[0], y = a[1] - b[1], z = a[2] - b[2];
    const int bin = findBin(std::sqrt(x * x + y * y + z * z), numBins, pass.weights.gated.binMin,
            pass.weights.gated.binMax);
    return table.data() + (std::size_t) bin * pass.weights.settings.pairWidth;
}

/** The descriptions of a token's pairs, [numTokens][pairStride]. */
void describePairs(const GatedPass& pass, const PassCopy& copy, int i, float* pairs) {
    const PackedGatedWeights& weights = pass.weights;
    const int N = copy.numTokens, p = weights.settings.pairWidth;
    const PairBiasInputs& inputs = pass.inputs[copy.input];
    const double* u = pass.u.data() + 3 * (std::size_t) copy.firstPoint;
    const bool hasBefore = pass.before.size() > 0;
    const double* before = hasBefore ? pass.before.data() + 3 * (std::size_t) copy.firstPoint : u;
    for (int j = 0; j < N; j++) {
        const std::size_t pairClass = inputs.pairClasses[(std::size_t) i * N + j];
        const float* embedding = inputs.classEmbedding.data() + pairClass * p;
        const float* now = findRow(pass, weights.bins, weights.gated.numBins, u + 3 * i, u + 3 * j);
        float* h = pairs + (std::size_t) j * weights.pairStride;
        for (int c = 0; c < p; c++)
            h[c] = embedding[c] + now[c];
        if (!hasBefore)
            continue;
        const float* then = findRow(pass, weights.binsBefore, weights.gated.numSelfBins, before + 3 * i,
                before + 3 * j);
        for (int c = 0; c < p; c++)
            h[c] += then[c];
    }
}

/** The biases of a token's row from the normalised descriptions of its pairs. */
void writeRow(const GatedPass& pass, const GatedShare& share, int copy, int row) {
    const PackedGatedWeights& weights = pass.weights;
    const int numTokens = pass.pass.places[copy].numTokens, R = weights.gated.numRegisters, M = R + numTokens;
    const int padded = roundUp(M, NEIGHBOR_PADDING);
    const int numOutputs = weights.settings.numLayers * weights.settings.numHeads;
    const float* rows = share.own.biasRows.data();
    for (int out = 0; out < numOutputs; out++) {
        float* bias = share.common.bias.data() + pass.pass.places[copy].firstWord +
                ((std::size_t) out * M + row) * padded;
        std::fill_n(bias, row < R ? M : R, weights.getRegisterBias(out));
        for (int j = 0; row >= R && j < numTokens; j++)
            bias[R + j] = rows[(std::size_t) j * weights.biasStride + out];
        std::fill(bias + M, bias + padded, PADDED_BIAS);
    }
}

/** LN(h) scale + shift of all pairs of a row. */
void normalizePairs(const PackedGatedWeights& weights, int numPairs, const float* scale, const float* shift,
        float* pairs) {
    LayerNormTask task{};
    task.x = pairs;
    task.xStride = weights.pairStride;
    task.numRows = numPairs;
    task.width = weights.settings.pairWidth;
    task.scale = scale;
    task.shift = shift;
    task.out = pairs;
    task.outStride = weights.pairStride;
    weights.table.layerNorm(task);
}

} // namespace

void binnedPairs(const GatedPass& pass, const GatedShare& share) {
    const PackedGatedWeights& weights = pass.weights;
    float* pairs = share.own.pairs.data();
    for (int copy = 0; copy < (int) pass.pass.places.size(); copy++) {
        const PassCopy& place = pass.pass.places[copy];
        const RowRange range = share.getRows(pass, copy);
        for (int row = range.firstRow; row < range.endRow; row++) {
            if (row >= weights.gated.numRegisters) {
                // (9.5)
                describePairs(pass, place, row - weights.gated.numRegisters, pairs);
                normalizePairs(weights, place.numTokens, weights.pairNorm.weight.data(), weights.pairNorm.bias.data(),
                        pairs);

                // (9.6)
                normalizePairs(weights, place.numTokens, pass.conditioning.pair.data() + weights.pairStride,
                        pass.conditioning.pair.data(), pairs);

                // (9.7)
                normalizePairs(weights, place.numTokens, weights.ones.data(), weights.zeros.data(), pairs);
                LinearTask task = startTask(weights.pairBias);
                task.a = pairs;
                task.aStride = weights.pairStride;
                task.numRows = place.numTokens;
                task.out = share.own.biasRows.data();
                task.outStride = weights.biasStride;
                task.floatOutput = true;
                weights.table.linear(task, Epilogue::Store);
            }
            writeRow(pass, share, copy, row);
        }
    }
}

} // namespace cpu
} // namespace OrbitPlugin
