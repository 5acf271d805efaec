// SPDX-License-Identifier: MIT
// Stage pairUpdate on the CPU: the descriptions of a thread's rows of pairs, in four parts between which threads wait.
#include "GatedStages.h"
#include <algorithm>

namespace OrbitPlugin {
namespace cpu {

namespace {

/** Call function(copy, row) for a thread's rows. */
template <class Function>
void forEachRow(const GatedPass& pass, const GatedShare& share, const Function& function) {
    for (int copy = 0; copy < (int) pass.pass.places.size(); copy++) {
        const RowRange range = share.getRows(pass, copy);
        for (int row = range.firstRow; row < range.endRow; row++)
            function(copy, row);
    }
}

/** values times the sigmoid of gates, which are lost; both [numRows][stride]. */
void applySigmoids(const KernelTable& table, float* gates, std::size_t count, float* values) {
    for (std::size_t k = 0; k < count; k++)
        gates[k] = -gates[k];
    table.exponential(gates, gates, (int) count);
    for (std::size_t k = 0; k < count; k++)
        values[k] /= 1 + gates[k];
}

/** A row's descriptions. */
float* getRow(const GatedPass& pass, const GatedShare& share, int copy, int row) {
    return pass.getPairs(share.common, copy) + (std::size_t) row * pass.countRows(copy) * pass.weights.pairStride;
}

/** Both sides of the triangles that a row is part of. */
void makeSides(const GatedPass& pass, const PackedTriangle& triangle, int copy, int row, const GatedShare& share) {
    const PackedGatedWeights& weights = pass.weights;
    const int M = pass.countRows(copy), t = weights.triangleStride;
    float* n = share.own.pairs.data();
    normalizeRows(weights.table, getRow(pass, share, copy, row), M, weights.pairStride, triangle.norm, n);
    for (int side : {0, 1}) {
        float* values = pass.getSide(share.common, copy, side) + (std::size_t) row * M * t;
        float* gates = share.own.pairsA.data();
        applyLayer(weights.table, side == 0 ? triangle.left : triangle.right, n, weights.pairStride, M, values, t);
        applyLayer(weights.table, side == 0 ? triangle.leftGate : triangle.rightGate, n, weights.pairStride, M, gates,
                t);
        applySigmoids(weights.table, gates, (std::size_t) M * t, values);
    }
}

/** Sums over the third row of the products of both sides, [M][triangleStride] of a row. */
void sumTriangles(const GatedPass& pass, bool isOutgoing, int copy, int row, const GatedShare& share) {
    const std::size_t M = pass.countRows(copy), t = pass.weights.triangleStride, i = row;
    const float* left = pass.getSide(share.common, copy, 0);
    const float* right = pass.getSide(share.common, copy, 1);
    float* sums = share.own.pairsB.data();
    std::fill_n(sums, M * t, 0.0f);
    for (std::size_t k = 0; k < M; k++)
        for (std::size_t j = 0; j < M; j++) {
            const float* a = left + (isOutgoing ? i * M + k : k * M + i) * t;
            const float* b = right + (isOutgoing ? j * M + k : k * M + j) * t;
            float* sum = sums + j * t;
            for (std::size_t c = 0; c < t; c++)
                sum[c] += a[c] * b[c];
        }
}

/** Add what a row reads. */
void addTriangles(const GatedPass& pass, const PackedTriangle& triangle, int copy, int row, const GatedShare& share) {
    const PackedGatedWeights& weights = pass.weights;
    const int M = pass.countRows(copy), p = weights.pairStride, t = weights.triangleStride;
    float* sums = share.own.pairsB.data();
    float* values = share.own.pairsA.data();
    float* n = share.own.pairs.data();
    float* pairs = getRow(pass, share, copy, row);
    normalizeRows(weights.table, sums, M, t, triangle.productNorm, sums);
    applyLayer(weights.table, triangle.output, sums, t, M, values, p);
    normalizeRows(weights.table, pairs, M, p, triangle.norm, n);
    applyLayer(weights.table, triangle.gate, n, p, M, sums, p);
    applySigmoids(weights.table, sums, (std::size_t) M * p, values);
    for (std::size_t k = 0; k < (std::size_t) M * p; k++)
        pairs[k] += values[k];
}

void updateTriangles(const GatedPass& pass, const PackedTriangle& triangle, bool isOutgoing, const GatedShare& share) {
    // (9.13)
    forEachRow(pass, share, [&](int copy, int row) { makeSides(pass, triangle, copy, row, share); });
    share.wait();

    // (9.14)
    forEachRow(pass, share, [&](int copy, int row) {
        sumTriangles(pass, isOutgoing, copy, row, share);
        addTriangles(pass, triangle, copy, row, share);
    });
    share.wait();
}

} // namespace

void pairUpdate(const GatedPass& pass, int layer, const GatedShare& share) {
    const PackedGatedWeights& weights = pass.weights;
    const PackedPairUpdate& update = weights.layers[layer].pairs;
    GatedWorkspace& workspace = share.common;
    const int p = weights.settings.pairWidth, stride = weights.pairStride, projected = weights.projectedStride;
    const std::size_t offset = (std::size_t) share.firstRow * workspace.widthStride;

    // (9.12)
    normalizeRows(weights.table, workspace.x.data() + offset, share.numRows, workspace.widthStride, update.tokenNorm,
            workspace.a.data() + offset);
    applyLayer(weights.table, update.tokens, workspace.a.data() + offset, workspace.widthStride, share.numRows,
            workspace.projected.data() + (std::size_t) share.firstRow * projected, projected);
    share.wait();
    forEachRow(pass, share, [&](int copy, int row) {
        const float* tokens = workspace.projected.data() + (std::size_t) pass.getFirstRow(copy) * projected;
        const float* own = tokens + (std::size_t) row * projected + p;
        float* pairs = getRow(pass, share, copy, row);
        for (std::size_t j = 0; j < (std::size_t) pass.countRows(copy); j++)
            for (int c = 0; c < p; c++)
                pairs[j * stride + c] += tokens[j * projected + c] + own[c];
    });
    if (weights.gated.triangleWidth > 0) {
        updateTriangles(pass, update.outgoing, true, share);
        updateTriangles(pass, update.incoming, false, share);
    }

    // (9.15)
    forEachRow(pass, share, [&](int copy, int row) {
        const int M = pass.countRows(copy);
        float* pairs = getRow(pass, share, copy, row);
        float* n = share.own.pairs.data();
        float* hidden = share.own.pairsB.data();
        normalizeRows(weights.table, pairs, M, stride, update.transitionNorm, n);
        applyLayer(weights.table, update.up, n, stride, M, hidden, projected);
        for (std::size_t k = 0; k < (std::size_t) M * projected; k++)
            hidden[k] = std::max(hidden[k], 0.0f);
        applyLayer(weights.table, update.down, hidden, projected, M, n, stride);
        for (std::size_t k = 0; k < (std::size_t) M * stride; k++)
            pairs[k] += n[k];
    });
    share.wait();
}

} // namespace cpu
} // namespace OrbitPlugin
