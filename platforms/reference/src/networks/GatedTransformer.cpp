// SPDX-License-Identifier: MIT
// The order in which the stages make the gated transformer, and their taps.
#include "GatedTransformer.h"
#include <algorithm>

namespace OrbitPlugin {

using std::vector;

namespace {

void append(StageTaps* taps, const std::string& name, const vector<double>& values) {
    if (taps != nullptr)
        (*taps)[name].insert((*taps)[name].end(), values.begin(), values.end());
}

} // namespace

reference::GatedTransformer::GatedTransformer(const DenoiserModel& model) : settings(model.getSettings()),
        gated(model.getGatedSettings()) {
    model.validate();
    tensors = copyTensors<double>(model);
    weights = bindGatedWeights<double>(tensors, settings.numLayers, gated);
    registerModulations = modulateLayers(vector<double>(settings.conditionWidth, 0.0));
}

vector<double> reference::GatedTransformer::modulateLayers(Input cond) const {
    const std::size_t size = 6 * settings.width;
    vector<double> modulations(settings.numLayers * size);
    for (int layer = 0; layer < settings.numLayers; layer++)
        gatedModulation({settings.numFrequencies, settings.conditionWidth, settings.width},
            weights.layers[layer].modulation, cond, Output(modulations).slice(layer * size, size));
    return modulations;
}

reference::GatedTransformer::Conditioning reference::GatedTransformer::computeConditioning(
        int condition, double logSigma, StageTaps* taps) const {
    const FlowConditioningShape shape = {settings.numFrequencies, settings.conditionWidth, settings.pairWidth};
    vector<double> waves(2 * settings.numFrequencies), cond(settings.conditionWidth);
    timeWaves(logSigma, waves);
    flowConditioning(shape, weights.time, waves, condition, cond);
    Conditioning result;
    result.modulations = modulateLayers(cond);
    result.pair.resize(2 * settings.pairWidth);
    pairModulation(shape, weights.pairModulation, waves, result.pair);
    for (const vector<double>* values : {&cond, &result.modulations, &result.pair})
        append(taps, "flowConditioning", *values);
    return result;
}

vector<double> reference::GatedTransformer::joinPoints(Input u, Input before) {
    vector<double> joined(2 * u.size(), 0.0);
    for (std::size_t k = 0; k < u.size(); k++) {
        joined[k / 3 * 6 + k % 3] = u[k];
        if (before.size() > 0)
            joined[k / 3 * 6 + 3 + k % 3] = before[k];
    }
    return joined;
}

BinnedPairsShape reference::GatedTransformer::getPairsShape(
        const TokenInputs& inputs, const NetworkState& state) const {
    BinnedPairsShape shape;
    shape.numTokens = inputs.numTokens;
    shape.numFeatures = inputs.numPairFeatures;
    shape.numRegisters = gated.numRegisters;
    shape.pairWidth = settings.pairWidth;
    shape.numLayers = settings.numLayers;
    shape.numHeads = settings.numHeads;
    shape.numBins = gated.numBins;
    shape.numSelfBins = gated.numSelfBins;
    shape.binMin = gated.binMin;
    shape.binMax = gated.binMax;
    shape.hasBefore = state.before.size() > 0;
    return shape;
}

void reference::GatedTransformer::evaluate(const TokenInputs& inputs, const NetworkState& state, Output F,
        StageTaps* taps) const {
    const int N = inputs.numTokens, R = gated.numRegisters, M = R + N, d = settings.width, H = settings.numHeads;
    const std::size_t numRegisterValues = (std::size_t) R * d;
    const Conditioning conditioning = computeConditioning(state.condition, state.logSigma, taps);
    const vector<double> u = joinPoints(state.u, state.before);

    vector<double> x((std::size_t) M * d);
    std::copy(weights.registers.begin(), weights.registers.end(), x.begin());
    const Output registers = Output(x).slice(0, numRegisterValues);
    const Output tokens = Output(x).slice(numRegisterValues, (std::size_t) N * d);
    tokenEmbedding({N, inputs.numTokenFeatures, d, 2}, weights.token, inputs.tokenFeatures, u, tokens);
    append(taps, "tokenEmbedding", x);

    const BinnedPairsShape pairsShape = getPairsShape(inputs, state);
    vector<double> pairs((std::size_t) M * M * settings.pairWidth), bias((std::size_t) H * M * M);
    binnedPairs(pairsShape, weights.pair, {inputs.pairFeatures, u, conditioning.pair}, pairs);

    for (int layer = 0; layer < settings.numLayers; layer++) {
        const std::size_t first = (std::size_t) layer * 6 * d;
        const Input modulation = Input(conditioning.modulations).slice(first, 6 * d);
        const Input ofRegisters = Input(registerModulations).slice(first, 6 * d);
        pairBiases(pairsShape, weights.pair.layers[layer], pairs, bias);
        append(taps, "binnedPairs", bias);
        gatedAttention({M, R, d, H}, weights.layers[layer].attention, {bias, modulation, ofRegisters}, x);
        append(taps, "gatedAttention." + std::to_string(layer), x);
        transition({R, d, settings.transitionFactor}, weights.layers[layer].transition, ofRegisters, registers);
        transition({N, d, settings.transitionFactor}, weights.layers[layer].transition, modulation, tokens);
        append(taps, "transition." + std::to_string(layer), x);
        if (gated.updatesPairs(layer, settings.numLayers))
            pairUpdate({M, d, settings.pairWidth, gated.triangleWidth}, weights.layers[layer].pairs, x, pairs);
    }

    // The head is modulated by weights of its own.

    vector<double> head(weights.headNorm.bias.begin(), weights.headNorm.bias.end());
    for (double value : weights.headNorm.weight)
        head.push_back(value - 1);
    coordinateHead({N, d, 1}, weights.head, tokens, head, F);
    append(taps, "coordinateHead", vector<double>(F.begin(), F.end()));
}

} // namespace OrbitPlugin
