// SPDX-License-Identifier: MIT
// Stage tokenEmbedding on the CPU: the embeddings were summed when the batch was set; the coordinates are added here.
#include "CpuStages.h"

namespace OrbitPlugin {
namespace cpu {

namespace {

/** x = base + the weights of a point times its coordinates, of one token; u has a row a direction. */
void addPoint(const PackedModel& model, const float* u, int padded, int point, const float* base, float* x) {
    const int width = model.settings.width;
    const float* weightX = model.coordinateWeight.data() + (std::size_t) 3 * point * width;
    const float* weightY = weightX + width;
    const float* weightZ = weightY + width;
    u += 3 * point * padded;
    const float ux = u[0], uy = u[padded], uz = u[2 * padded];
    for (int c = 0; c < width; c++)
        x[c] = base[c] + (weightX[c] * ux + weightY[c] * uy + weightZ[c] * uz);
}

} // namespace

void tokenEmbedding(const PackedModel& model, const Pass& pass, Workspace& workspace) {
    const int stride = model.widthStride;

    // (4.5)

    for (const PassCopy& copy : pass.places) {
        const int numTokens = copy.graph->numTokens, padded = copy.graph->paddedTokens;
        const float* u = workspace.coordinates.data() + copy.firstCoordinate;
        for (int i = 0; i < numTokens; i++) {
            const float* embedding = copy.graph->tokens.data() + (std::size_t) i * stride;
            float* x = workspace.x.data() + (std::size_t) (copy.firstRow + i) * stride;
            addPoint(model, u + i, padded, 0, embedding, x);
            for (int point = 1; point < model.settings.pointsPerToken; point++)
                addPoint(model, u + i, padded, point, x, x);
        }
    }
}

} // namespace cpu
} // namespace OrbitPlugin
