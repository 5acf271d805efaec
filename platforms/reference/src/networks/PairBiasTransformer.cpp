// SPDX-License-Identifier: MIT
// The order in which the stages make the pair-bias transformer, and their taps.
#include "PairBiasTransformer.h"

namespace OrbitPlugin {

namespace {

void append(StageTaps* taps, const std::string& name, const std::vector<double>& values) {
    if (taps != nullptr)
        (*taps)[name].insert((*taps)[name].end(), values.begin(), values.end());
}

} // namespace

reference::PairBiasTransformer::PairBiasTransformer(const DenoiserModel& model) : settings(model.getSettings()) {
    model.validate();
    tensors = copyTensors<double>(model);
    weights = bindWeights<double>(tensors, settings.numLayers);
}

reference::PairBiasTransformer::Conditioning reference::PairBiasTransformer::computeConditioning(
        int condition, double logSigma, StageTaps* taps) const {
    const int d = settings.width, c = settings.conditionWidth, L = settings.numLayers;
    Conditioning result;
    result.cond.resize(c);
    result.modulations.resize((std::size_t) L * 6 * d);
    result.head.resize(2 * d);
    timeConditioning({settings.numFrequencies, c}, weights.time, logSigma, condition, result.cond);
    for (int layer = 0; layer < L; layer++)
        modulation(weights.layers[layer].modulation, result.cond,
            Output(result.modulations).slice((std::size_t) layer * 6 * d, 6 * d));
    modulation(weights.headModulation, result.cond, result.head);
    for (const std::vector<double>* values : {&result.cond, &result.modulations, &result.head})
        append(taps, "timeConditioning", *values);
    return result;
}

void reference::PairBiasTransformer::evaluate(const TokenInputs& inputs, const NetworkState& state, Output F,
        StageTaps* taps) const {
    const int N = inputs.numTokens, P = settings.pointsPerToken, d = settings.width, c = settings.conditionWidth;
    const int L = settings.numLayers, H = settings.numHeads;
    const Conditioning conditioning = computeConditioning(state.condition, state.logSigma, taps);
    const Input u = state.u;

    std::vector<double> x((std::size_t) N * d);
    tokenEmbedding({N, inputs.numTokenFeatures, d, P}, weights.token, inputs.tokenFeatures, u, x);
    append(taps, "tokenEmbedding", x);

    const std::size_t biasSize = (std::size_t) H * N * N;
    std::vector<double> bias(L * biasSize);
    pairFeatures({N, inputs.numPairFeatures, settings.pairWidth, settings.numRadial, c, L * H, settings.radialMax, P},
        weights.pair, {inputs.pairFeatures, u, conditioning.cond, state.before}, bias);
    append(taps, "pairFeatures", bias);

    for (int layer = 0; layer < L; layer++) {
        const LayerWeights<double>& layerWeights = weights.layers[layer];
        const Input modulation = Input(conditioning.modulations).slice((std::size_t) layer * 6 * d, 6 * d);
        const Input layerBias = Input(bias).slice(layer * biasSize, biasSize);
        pairBiasAttention({N, d, H, P}, layerWeights.attention, {u, layerBias, modulation}, x);
        append(taps, "pairBiasAttention." + std::to_string(layer), x);
        transition({N, d, settings.transitionFactor}, layerWeights.transition, modulation, x);
        append(taps, "transition." + std::to_string(layer), x);
    }

    coordinateHead({N, d, P}, weights.head, x, conditioning.head, F);
    append(taps, "coordinateHead", std::vector<double>(F.begin(), F.end()));
}

} // namespace OrbitPlugin
