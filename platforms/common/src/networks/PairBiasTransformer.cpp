// SPDX-License-Identifier: MIT
// The order in which the stages make the pair-bias transformer, and their taps.
#include "PairBiasTransformer.h"
#include "../CommonStages.h"
#include "PairBiasTaps.h"
#include <algorithm>

namespace OrbitPlugin {

using std::vector;

common::PairBiasTransformer::PairBiasTransformer(OpenMM::ComputeContext& context, const DenoiserModel& model,
    const PairBiasSizes& sizes) :
        device(context, chooseTiles(context, sizes, model.getSettings().pointsPerToken),
            sizes.getDefines(model.getSettings()), getProgramSource()),
        weights(device, model) {
}

void common::PairBiasTransformer::setBatch(const Batch& batch, DeviceBatch& coordinates) {
    arrays.set(device, weights, batch);
    if (usesBefore())
        arrays.before.reserve(device.context, coordinates.u.getCapacity(), device.precision.getRealSize());
    embedPairs({device, weights, arrays, coordinates});
}

void common::PairBiasTransformer::evaluate(
        const Batch& batch, DeviceBatch& coordinates, double logSigma, Buffer* before, StageTaps* taps) {
    const PairBiasPass pass = {device, weights, arrays, coordinates, before != nullptr};
    if (before != nullptr)
        scaleInput(device, coordinates, *before, 1.0, arrays.before);
    const int numLayers = weights.settings.numLayers, numHeads = weights.settings.numHeads;
    timeConditioning(pass, logSigma);
    if (taps != nullptr)
        tapConditioning(pass, batch, *taps);
    tokenEmbedding(pass);
    if (taps != nullptr)
        tapTokens(pass, "tokenEmbedding", *taps);

    vector<vector<double>> biases;
    for (int layer = 0; layer < numLayers; layer++) {
        const int layerOfPart = layer % arrays.layersAtOnce;
        if (layerOfPart == 0) {
            const int numLayersOfPart = std::min(arrays.layersAtOnce, numLayers - layer);
            pairFeatures(pass, layer, numLayersOfPart);
            if (taps != nullptr)
                tapPairFeatures(pass, batch, numLayersOfPart, biases);
        }
        pairBiasAttention(pass, layer, layerOfPart * numHeads);
        if (taps != nullptr)
            tapTokens(pass, "pairBiasAttention." + std::to_string(layer), *taps);
        transition(pass, layer);
        if (taps != nullptr)
            tapTokens(pass, "transition." + std::to_string(layer), *taps);
    }

    coordinateHead(pass);
    if (taps == nullptr)
        return;
    for (const vector<double>& bias : biases)
        (*taps)["pairFeatures"].insert((*taps)["pairFeatures"].end(), bias.begin(), bias.end());
    (*taps)["coordinateHead"] = coordinates.output.downloadNumbers(3 * coordinates.getNumPoints());
}

} // namespace OrbitPlugin
