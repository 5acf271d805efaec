// SPDX-License-Identifier: MIT
// The order in which the stages make a denoiser.
#include "Denoiser.h"
#include "openmmorbit/internal/stages/Preconditioning.h"

namespace OrbitPlugin {

namespace {

void append(StageTaps* taps, const std::string& name, const std::vector<double>& values) {
    if (taps != nullptr)
        (*taps)[name].insert((*taps)[name].end(), values.begin(), values.end());
}

} // namespace

reference::Denoiser::Denoiser(const DenoiserModel& model) : settings(model.getSettings()) {
    model.validate();
    tensors = copyTensors<double>(model);
    weights = bindWeights<double>(tensors, settings.numLayers);
}

void reference::Denoiser::evaluate(const TokenInputs& inputs, int condition, double sigma, Input y, Output denoised,
        StageTaps* taps) const {
    const int N = inputs.numTokens, d = settings.width, c = settings.conditionWidth;
    const int L = settings.numLayers, H = settings.numHeads;
    const int k = settings.pointsPerToken, numValues = 3 * k * N;

    // (3.1)
    const Preconditioning factors = getPreconditioning(sigma, settings.dataScale);
    std::vector<double> u(numValues);
    for (int i = 0; i < numValues; i++)
        u[i] = factors.input * y[i];

    std::vector<double> cond(c), modulations((std::size_t) L * 6 * d), headModulation(2 * d);
    timeConditioning({settings.numFrequencies, c}, weights.time, factors.logSigma, condition, cond);
    for (int layer = 0; layer < L; layer++)
        modulation(weights.layers[layer].modulation, cond,
            Output(modulations).slice((std::size_t) layer * 6 * d, 6 * d));
    modulation(weights.headModulation, cond, headModulation);
    append(taps, "timeConditioning", cond);
    append(taps, "timeConditioning", modulations);
    append(taps, "timeConditioning", headModulation);

    std::vector<double> x((std::size_t) N * d);
    tokenEmbedding({N, inputs.numTokenFeatures, d, k}, weights.token, inputs.tokenFeatures, u, x);
    append(taps, "tokenEmbedding", x);

    const std::size_t biasSize = (std::size_t) H * N * N;
    std::vector<double> bias(L * biasSize);
    pairFeatures({N, inputs.numPairFeatures, settings.pairWidth, settings.numRadial, c, L * H, settings.radialMax, k},
        weights.pair, {inputs.pairFeatures, u, cond}, bias);
    append(taps, "pairFeatures", bias);

    for (int layer = 0; layer < L; layer++) {
        const LayerWeights<double>& layerWeights = weights.layers[layer];
        const Input layerModulation = Input(modulations).slice((std::size_t) layer * 6 * d, 6 * d);
        const Input layerBias = Input(bias).slice(layer * biasSize, biasSize);
        pairBiasAttention({N, d, H, k}, layerWeights.attention, {u, layerBias, layerModulation}, x);
        append(taps, "pairBiasAttention." + std::to_string(layer), x);
        transition({N, d, settings.transitionFactor}, layerWeights.transition, layerModulation, x);
        append(taps, "transition." + std::to_string(layer), x);
    }

    std::vector<double> F(numValues);
    coordinateHead({N, d, k}, weights.head, x, headModulation, F);
    append(taps, "coordinateHead", F);

    // (3.2)
    for (int i = 0; i < numValues; i++)
        denoised[i] = factors.skip * y[i] + factors.output * F[i];
}

} // namespace OrbitPlugin
