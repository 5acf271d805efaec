// SPDX-License-Identifier: MIT
// The order in which the stages make the pair-bias transformer, and their taps.
#include "PairBiasTransformer.h"
#include "../CommonStages.h"
#include "../DeviceTaps.h"
#include <algorithm>

namespace OrbitPlugin {

using std::vector;

void common::PairBiasTransformer::setBatch(const Batch& batch, DeviceBatch& arrays) {
    arrays.set(model, batch);
}

void common::PairBiasTransformer::evaluate(
        const Batch& batch, DeviceBatch& arrays, double logSigma, StageTaps* taps) {
    const int numLayers = model.settings.numLayers, numHeads = model.settings.numHeads;
    timeConditioning(model, arrays, logSigma);
    if (taps != nullptr)
        tapConditioning(model, arrays, batch, *taps);
    tokenEmbedding(model, arrays);
    if (taps != nullptr)
        tapTokens(model, arrays, "tokenEmbedding", *taps);

    vector<vector<double>> biases;
    for (int layer = 0; layer < numLayers; layer++) {
        const int layerOfPart = layer % arrays.layersAtOnce;
        if (layerOfPart == 0) {
            const int numLayersOfPart = std::min(arrays.layersAtOnce, numLayers - layer);
            pairFeatures(model, arrays, layer, numLayersOfPart);
            if (taps != nullptr)
                tapPairFeatures(model, arrays, batch, numLayersOfPart, biases);
        }
        pairBiasAttention(model, arrays, layer, layerOfPart * numHeads);
        if (taps != nullptr)
            tapTokens(model, arrays, "pairBiasAttention." + std::to_string(layer), *taps);
        transition(model, arrays, layer);
        if (taps != nullptr)
            tapTokens(model, arrays, "transition." + std::to_string(layer), *taps);
    }

    coordinateHead(model, arrays);
    if (taps == nullptr)
        return;
    for (const vector<double>& bias : biases)
        (*taps)["pairFeatures"].insert((*taps)["pairFeatures"].end(), bias.begin(), bias.end());
    (*taps)["coordinateHead"] = arrays.output.downloadNumbers(3 * arrays.getNumPoints());
}

} // namespace OrbitPlugin
