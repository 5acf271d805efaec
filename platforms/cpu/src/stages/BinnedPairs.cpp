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

/** The biases of a row of some outputs, from what the layer made of its pairs, [numPairs][biasStride]. */
void writeRow(const GatedPass& pass, const GatedShare& share, int copy, int row, int firstColumn, int numOutputs) {
    const PackedGatedWeights& weights = pass.weights;
    const int M = pass.countRows(copy), padded = roundUp(M, NEIGHBOR_PADDING);
    const float* rows = share.own.biasRows.data();
    for (int out = 0; out < numOutputs; out++) {
        float* bias = share.common.bias.data() + pass.pass.places[copy].firstWord +
                ((std::size_t) out * M + row) * padded;
        if (firstColumn > 0)
            std::fill_n(bias, firstColumn, weights.getRegisterBias(out));
        for (int j = firstColumn; j < M; j++)
            bias[j] = rows[(std::size_t) (j - firstColumn) * weights.biasStride + out];
        std::fill(bias + M, bias + padded, PADDED_BIAS);
    }
}

/** LN(h) scale + shift of all pairs of a row. */
void normalizePairs(const PackedGatedWeights& weights, const float* in, int numPairs, const float* scale,
        const float* shift, float* out) {
    LayerNormTask task{};
    task.x = in;
    task.xStride = weights.pairStride;
    task.numRows = numPairs;
    task.width = weights.settings.pairWidth;
    task.scale = scale;
    task.shift = shift;
    task.out = out;
    task.outStride = weights.pairStride;
    weights.table.layerNorm(task);
}

/** (9.7) of some layers for a row of descriptions, which stay as they are if they are not those of the scratch. */
void applyBiasLayer(const GatedPass& pass, const PackedLinear& layer, const float* pairs, int numPairs,
        const GatedShare& share) {
    const PackedGatedWeights& weights = pass.weights;
    float* normalized = share.own.pairs.data();
    normalizePairs(weights, pairs, numPairs, weights.ones.data(), weights.zeros.data(), normalized);
    applyLayer(weights.table, layer, normalized, weights.pairStride, numPairs, share.own.biasRows.data(),
            weights.biasStride);
}

} // namespace

void binnedPairs(const GatedPass& pass, const GatedShare& share) {
    const PackedGatedWeights& weights = pass.weights;
    const int R = weights.gated.numRegisters, p = weights.pairStride;
    for (int copy = 0; copy < (int) pass.pass.places.size(); copy++) {
        const PassCopy& place = pass.pass.places[copy];
        const int M = pass.countRows(copy), numOutputs = weights.settings.numLayers * weights.settings.numHeads;
        const RowRange range = share.getRows(pass, copy);
        for (int row = range.firstRow; row < range.endRow; row++) {
            float* pairs = share.own.pairs.data();
            if (weights.keepsPairs()) {
                float* kept = pass.getPairs(share.common, copy) + (std::size_t) row * M * p;
                std::fill_n(kept, (std::size_t) (row < R ? M : R) * p, 0.0f);
                pairs = kept + (std::size_t) R * p;
            }
            if (row >= R) {
                // (9.5)
                describePairs(pass, place, row - R, pairs);
                normalizePairs(weights, pairs, place.numTokens, weights.pairNorm.weight.data(),
                        weights.pairNorm.bias.data(), pairs);

                // (9.6)
                normalizePairs(weights, pairs, place.numTokens, pass.conditioning.pair.data() + p,
                        pass.conditioning.pair.data(), pairs);
            }
            if (weights.keepsPairs())
                continue;

            // (9.7)
            if (row >= R)
                applyBiasLayer(pass, weights.pairBias, pairs, place.numTokens, share);
            writeRow(pass, share, copy, row, row < R ? M : R, numOutputs);
        }
    }
}

void pairBiases(const GatedPass& pass, int layer, const GatedShare& share) {
    for (int copy = 0; copy < (int) pass.pass.places.size(); copy++) {
        const int M = pass.countRows(copy);
        const RowRange range = share.getRows(pass, copy);
        for (int row = range.firstRow; row < range.endRow; row++) {
            const float* pairs = pass.getPairs(share.common, copy) + (std::size_t) row * M * pass.weights.pairStride;
            applyBiasLayer(pass, pass.weights.layers[layer].pairBias, pairs, M, share);
            writeRow(pass, share, copy, row, 0, pass.weights.settings.numHeads);
        }
    }
}

} // namespace cpu
} // namespace OrbitPlugin
