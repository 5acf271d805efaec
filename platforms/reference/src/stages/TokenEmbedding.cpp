// SPDX-License-Identifier: MIT
// The tokenEmbedding stage, Reference: categorical inputs and coordinates to token vectors.
#include "ReferenceStages.h"

namespace OrbitPlugin {

void reference::tokenEmbedding(const TokenEmbeddingShape& shape, const TokenEmbeddingWeights<double>& weights,
        ArrayView<const int> features, Input u, Output x) {
    const int d = shape.width, components = 3 * shape.pointsPerToken;
    for (int i = 0; i < shape.numTokens; i++)
        for (int c = 0; c < d; c++) {
            // (4.5)
            double sum = 0;
            for (int f = 0; f < shape.numFeatures; f++)
                sum += weights.embedding[(std::size_t) features[i * shape.numFeatures + f] * d + c];
            for (int k = 0; k < components; k++)
                sum += weights.coordinates[components * c + k] * u[components * i + k];
            x[(std::size_t) i * d + c] = sum;
        }
}

} // namespace OrbitPlugin
