// SPDX-License-Identifier: MIT
// Stage tokenEmbedding on the CPU: the embeddings were summed when the batch was set; the coordinates are added here.
#include "CpuStages.h"

namespace OrbitPlugin {
namespace cpu {

void tokenEmbedding(const PackedModel& model, const Pass& pass, Workspace& workspace) {
    int width = model.settings.width, stride = model.widthStride;
    const float* weightX = model.coordinateWeight.data();
    const float* weightY = weightX + width;
    const float* weightZ = weightY + width;

    // (4.5)

    for (const PassCopy& copy : pass.places) {
        const int numAtoms = copy.graph->numAtoms, padded = copy.graph->paddedAtoms;
        const float* u = workspace.coordinates.data() + copy.firstCoordinate;
        for (int i = 0; i < numAtoms; i++) {
            const float* embedding = copy.graph->tokens.data() + (std::size_t) i * stride;
            float* x = workspace.x.data() + (std::size_t) (copy.firstRow + i) * stride;
            float ux = u[i], uy = u[padded + i], uz = u[2 * padded + i];
            for (int c = 0; c < width; c++)
                x[c] = embedding[c] + (weightX[c] * ux + weightY[c] * uy + weightZ[c] * uz);
        }
    }
}

} // namespace cpu
} // namespace OrbitPlugin
