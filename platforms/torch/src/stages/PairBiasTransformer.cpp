// SPDX-License-Identifier: MIT
// The composition of the stages, what they share, and the way between tensors and model files.
#include "../Stages.h"
#include <c10/core/GradMode.h>
#include <cstring>

using at::Tensor;

namespace OrbitPlugin {
namespace torchimpl {

Tensor linearLayer(const Tensor& x, const Tensor& weight, const Tensor& bias) {
    return at::linear(x.to(weight.scalar_type()), weight, bias.defined() ? std::optional<Tensor>(bias) : std::nullopt);
}

Tensor modulatedLayerNorm(const Tensor& x, const Tensor& shift, const Tensor& scale) {
    Tensor normal = at::layer_norm(x, {x.size(-1)}, {}, {}, 1e-5);
    return at::addcmul(shift.unsqueeze(1), normal, (scale + 1).unsqueeze(1));
}

Tensor pairBiasTransformer(const PairBiasTransformerSettings& settings, const NamedTensors& weights,
        const NetworkInputs& inputs, NamedTensors* taps) {
    auto tap = [&](const std::string& name, const Tensor& value) {
        if (taps != nullptr)
            (*taps)[name] = value.detach();
    };
    Conditioning conditioning = timeConditioning(settings, weights, inputs.scaledTime, inputs.condition);
    if (taps != nullptr) {
        std::vector<Tensor> parts = {conditioning.cond};
        for (const Tensor& modulation : conditioning.modulation)
            parts.push_back(modulation.flatten(1));
        parts.push_back(conditioning.head.flatten(1));
        tap("timeConditioning", at::cat(parts, 1));
    }
    Tensor x = tokenEmbedding(weights, inputs);
    tap("tokenEmbedding", x);
    Tensor bias = pairFeatures(settings, weights, inputs, conditioning.cond);
    tap("pairFeatures", bias);
    std::vector<Tensor> layerBias = bias.unbind(0);
    for (int layer = 0; layer < settings.numLayers; layer++) {
        x = pairBiasAttention(weights, layer, x, inputs.u, layerBias[layer], conditioning.modulation[layer]);
        tap("pairBiasAttention." + std::to_string(layer), x);
        x = transition(weights, layer, x, conditioning.modulation[layer]);
        tap("transition." + std::to_string(layer), x);
    }
    Tensor F = coordinateHead(weights, x, inputs.mask, conditioning.head);
    tap("coordinateHead", F);
    return F;
}

Tensor estimateDenoised(const PairBiasTransformerSettings& settings, const NamedTensors& weights,
        const NetworkInputs& inputs) {
    // (3.1), (3.2) of u = c_in σ_d y: D = σ_d / √(σ² + σ_d²) (u + σ F)

    c10::NoGradGuard noGradients;
    Tensor sigma = (4 * inputs.scaledTime).exp().view({-1, 1, 1});
    Tensor scale = settings.dataScale / (sigma.square() + settings.dataScale * settings.dataScale).sqrt();
    return scale * (inputs.u + sigma * pairBiasTransformer(settings, weights, inputs));
}

NamedTensors cast(const NamedTensors& weights, at::ScalarType productType) {
    NamedTensors result;
    for (const auto& [name, tensor] : weights) {
        bool product = name.find(".attention.qkv.") != std::string::npos ||
                name.find(".attention.output.") != std::string::npos ||
                name.find(".transition.") != std::string::npos || name.compare(0, 5, "pair.") == 0;
        bool single = name == "pair.bias.bias";
        result[name] = product && !single ? tensor.to(productType) : tensor;
    }
    return result;
}

NamedTensors toDevice(const NamedTensors& tensors, at::Device device) {
    NamedTensors result;
    for (const auto& [name, tensor] : tensors)
        result[name] = tensor.to(device);
    return result;
}

NamedTensors getTensors(const DenoiserModel& model, at::ScalarType type) {
    NamedTensors result;
    for (const std::string& name : model.getTensorNames()) {
        const ModelTensor& source = model.getTensor(name);
        Tensor tensor = at::empty(std::vector<int64_t>(source.shape.begin(), source.shape.end()), at::kFloat);
        std::memcpy(tensor.data_ptr<float>(), source.values.data(), source.values.size() * sizeof(float));
        result[name] = tensor.to(type);
    }
    return result;
}

void setTensors(const NamedTensors& tensors, DenoiserModel& model) {
    for (const auto& [name, tensor] : tensors) {
        Tensor source = tensor.detach().to(at::kCPU, at::kFloat).contiguous();
        ModelTensor target;
        target.shape.assign(source.sizes().begin(), source.sizes().end());
        target.values.assign(source.data_ptr<float>(), source.data_ptr<float>() + source.numel());
        model.setTensor(name, target);
    }
}

Tensor denoisingLoss(const Tensor& output, const Tensor& target, const Tensor& mask) {
    // (3.3)

    Tensor difference = (output - target) * mask.unsqueeze(-1);
    return difference.square().sum() / (mask.sum() * (output.size(2) / 3));
}

} // namespace torchimpl
} // namespace OrbitPlugin
