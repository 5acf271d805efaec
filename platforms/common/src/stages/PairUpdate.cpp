// SPDX-License-Identifier: MIT
// The pairUpdate stage, common host: descriptions of pairs are kept, updated, and turned into the biases of a layer.
#include "GatedStages.h"

namespace OrbitPlugin {

using namespace common;

/** Put the normalised descriptions into arrays.pairsA; norm is that of the weights, or -1. */
static void normalizePairs(const GatedPass& pass, int norm) {
    GatedArrays& arrays = pass.arrays;
    const GatedSizes& sizes = pass.weights.sizes;
    arrays.pairs.getArray().copyTo(arrays.pairsA.getArray());
    pass.device["normalizeRows"](pass.device.groups(arrays.numPairs), arrays.numPairs, sizes.pairWidth,
        sizes.paddedPairWidth, pass.weights.values, norm, arrays.pairsA);
}

static void updateTriangles(const GatedPass& pass, const TriangleMatrices& triangle, bool isOutgoing) {
    Device& device = pass.device;
    GatedArrays& arrays = pass.arrays;
    const GatedSizes& sizes = pass.weights.sizes;
    const int numPairs = arrays.numPairs, p = sizes.paddedPairWidth, t = sizes.paddedTriangleWidth;
    normalizePairs(pass, triangle.norm);
    for (int side : {0, 1}) {
        Buffer& values = side == 0 ? arrays.left : arrays.right;
        product(pass, "plainProduct", side == 0 ? triangle.left : triangle.right, arrays.pairsA, values, t, numPairs);
        product(pass, "plainProduct", side == 0 ? triangle.leftGate : triangle.rightGate, arrays.pairsA, arrays.sums, t,
            numPairs);
        device["multiplyGates"](device.elements((long long) numPairs * t), numPairs * t, arrays.sums, values);
    }
    device["sumTriangles"](device.elements((long long) numPairs * t), numPairs, t, isOutgoing ? 1 : 0,
        arrays.pairBlocks, arrays.copyPairs, arrays.left, arrays.right, arrays.sums);
    device["normalizeRows"](device.groups(numPairs), numPairs, sizes.triangleWidth, t, pass.weights.values,
        triangle.productNorm, arrays.sums);
    product(pass, "plainProduct", triangle.output, arrays.sums, arrays.pairsB, p, numPairs);
    product(pass, "plainProduct", triangle.gate, arrays.pairsA, arrays.pairsC, p, numPairs);
    device["addTriangles"](device.elements((long long) numPairs * p), numPairs * p, arrays.pairsC, arrays.pairsB,
        arrays.pairs);
}

void common::keepPairs(const GatedPass& pass) {
    PackedGatedWeights& weights = pass.weights;
    GatedArrays& arrays = pass.arrays;
    pass.device["keepPairs"](pass.device.elements(arrays.numPairs), arrays.numPairs, arrays.places, arrays.moments,
        arrays.embedded, pass.hasBefore ? 1 : 0, weights.values, weights.pairNorm, arrays.modulation,
        weights.sizes.modulationSize, weights.sizes.pairModulation, arrays.pairs);
}

void common::pairBiases(const GatedPass& pass, int layer) {
    PackedGatedWeights& weights = pass.weights;
    GatedArrays& arrays = pass.arrays;
    const int numHeads = weights.settings.numHeads, first = layer * numHeads;
    const long long numBlocks = (first + numHeads + 7) / 8 - first / 8;
    normalizePairs(pass, -1);
    pass.device["biasesOfPairs"](pass.device.elements(arrays.numPairs * numBlocks), arrays.numPairs, arrays.places,
        arrays.pairsA, weights.values, weights.pairOutputs, weights.pairOutputBias, first, numHeads, arrays.bias);
}

void common::pairUpdate(const GatedPass& pass, int layer) {
    Device& device = pass.device;
    PackedGatedWeights& weights = pass.weights;
    GatedArrays& arrays = pass.arrays;
    const GatedSizes& sizes = weights.sizes;
    const PairUpdateMatrices& update = weights.layers[layer].pairs;
    const int numPairs = arrays.numPairs, p = sizes.paddedPairWidth, inner = roundUp(2 * sizes.pairWidth, PADDING);
    arrays.x.getArray().copyTo(arrays.a.getArray());
    device["normalizeRows"](device.groups(arrays.numRows), arrays.numRows, sizes.width, sizes.paddedWidth,
        weights.values, update.tokenNorm, arrays.a);
    product(pass, "plainProduct", update.tokens, arrays.a, arrays.projected, 2 * p, arrays.numRows);
    device["addTokens"](device.elements((long long) numPairs * p), numPairs, arrays.pairBlocks, arrays.copyPairs,
        arrays.projected, arrays.pairs);
    if (sizes.triangleWidth > 0) {
        updateTriangles(pass, update.outgoing, true);
        updateTriangles(pass, update.incoming, false);
    }
    normalizePairs(pass, update.transitionNorm);
    product(pass, "plainProduct", update.up, arrays.pairsA, arrays.hiddenPairs, inner, numPairs);
    device["cutNegative"](device.elements((long long) numPairs * inner), numPairs * inner, arrays.hiddenPairs);
    product(pass, "plainProduct", update.down, arrays.hiddenPairs, arrays.pairsB, p, numPairs);
    device["addValues"](device.elements((long long) numPairs * p), numPairs * p, arrays.pairsB, arrays.pairs);
}

} // namespace OrbitPlugin
