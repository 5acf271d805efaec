// SPDX-License-Identifier: MIT
// Stage tokenEmbedding on the CPU: the embeddings were summed when the batch was set; the coordinates are added here.
#include "GatedStages.h"

namespace OrbitPlugin {
namespace cpu {

namespace {

/** x = base + the weights of a point times its coordinates, of one token; u has a row a direction. */
void addPoint(const PairBiasWeights& weights, const float* u, int padded, int point, const float* base, float* x) {
    const int width = weights.settings.width;
    const float* weightX = weights.coordinateWeight.data() + (std::size_t) 3 * point * width;
    const float* weightY = weightX + width;
    const float* weightZ = weightY + width;
    u += 3 * point * padded;
    const float ux = u[0], uy = u[padded], uz = u[2 * padded];
    for (int c = 0; c < width; c++)
        x[c] = base[c] + (weightX[c] * ux + weightY[c] * uy + weightZ[c] * uz);
}

} // namespace

void tokenEmbedding(const PairBiasPass& pass, PairBiasWorkspace& workspace) {
    const PairBiasWeights& weights = pass.weights;
    const int stride = weights.widthStride;

    // (4.5)

    for (const PassCopy& copy : pass.pass.places) {
        const int padded = copy.paddedTokens;
        const PairBiasInputs& inputs = pass.inputs[copy.input];
        const float* u = workspace.coordinates.data() + 3 * weights.settings.pointsPerToken * copy.firstPaddedRow;
        for (int i = 0; i < copy.numTokens; i++) {
            const float* embedding = inputs.tokens.data() + (std::size_t) i * stride;
            float* x = workspace.x.data() + (std::size_t) (copy.firstRow + i) * stride;
            addPoint(weights, u + i, padded, 0, embedding, x);
            for (int point = 1; point < weights.settings.pointsPerToken; point++)
                addPoint(weights, u + i, padded, point, x, x);
        }
    }
}

void tokenEmbedding(const GatedPass& pass, GatedWorkspace& workspace) {
    // The same with two points, the noisy one and that of before, behind the registers.

    const PackedGatedWeights& weights = pass.weights;
    const int width = weights.settings.width, stride = weights.widthStride, R = weights.gated.numRegisters;
    for (int copy = 0; copy < (int) pass.pass.places.size(); copy++) {
        const PassCopy& place = pass.pass.places[copy];
        float* x = workspace.x.data() + (std::size_t) pass.getFirstRow(copy) * stride;
        for (int row = 0; row < R; row++)
            std::copy_n(weights.registers.data() + (std::size_t) row * width, width, x + (std::size_t) row * stride);
        for (int i = 0; i < place.numTokens; i++) {
            float* token = x + (std::size_t) (R + i) * stride;
            const std::size_t point = 3 * (std::size_t) (place.firstPoint + i);
            std::copy_n(pass.inputs[place.input].tokens.data() + (std::size_t) i * stride, width, token);
            for (int k = 0; k < (pass.before.size() > 0 ? 6 : 3); k++) {
                const float u = (float) (k < 3 ? pass.u[point + k] : pass.before[point + k - 3]);
                const float* weight = weights.coordinateWeight.data() + (std::size_t) k * width;
                for (int c = 0; c < width; c++)
                    token[c] += weight[c] * u;
            }
        }
    }
}

} // namespace cpu
} // namespace OrbitPlugin
