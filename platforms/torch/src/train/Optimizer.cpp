// SPDX-License-Identifier: MIT
// One update of AdamW on all weights. Source: Loshchilov and Hutter, arXiv 1711.05101.
#include "Optimizer.h"
#include "openmmorbit/ArgumentError.h"
#include <c10/core/GradMode.h>
#include <algorithm>
#include <cmath>

using at::Tensor;

namespace OrbitPlugin {
namespace torchimpl {

namespace {

/** Updates between two of the average of the weights. */
const int AVERAGE_INTERVAL = 4;
/** Largest share of the schedule that the warm-up takes, however many steps it should have. */
const double MAX_WARMUP = 0.2;

/** The frequencies of (4.1) are constants. */
bool isTrained(const std::string& name) {
    return name != "time.frequencies";
}

bool isDecayed(const std::string& name) {
    return name.size() > 7 && name.compare(name.size() - 7, 7, ".weight") == 0;
}

} // namespace

Optimizer::Optimizer(const TrainingSettings& settings, const NamedTensors& initialWeights) : settings(settings) {
    for (const auto& [name, tensor] : initialWeights) {
        weights[name] = tensor.detach().clone();
        average[name] = tensor.detach().clone();
        if (!isTrained(name))
            continue;
        weights[name].set_requires_grad(true);
        moments1[name] = at::zeros_like(tensor);
        moments2[name] = at::zeros_like(tensor);
        (isDecayed(name) ? decayed : plain).push_back(name);
    }
}

NamedTensors Optimizer::getState() const {
    NamedTensors state;
    for (const auto& [name, tensor] : weights)
        state["weight/" + name] = tensor.detach();
    for (const auto& [name, tensor] : average)
        state["average/" + name] = tensor;
    for (const auto& [name, tensor] : moments1)
        state["moment1/" + name] = tensor;
    for (const auto& [name, tensor] : moments2)
        state["moment2/" + name] = tensor;
    return state;
}

void Optimizer::setState(const NamedTensors& state, long long newNumUpdates) {
    c10::NoGradGuard noGradients;
    const NamedTensors own = getState();
    for (const auto& [name, tensor] : own) {
        const auto found = state.find(name);
        if (found == state.end() || found->second.sizes() != tensor.sizes())
            throw ArgumentError("train: expected the network that the run was begun with, got another one for the "
                    "training data, which differs in \"" + name + "\", as after backbones that are longer than all "
                    "before; choose another outputDirectory, with the model of this one as initialModel");
    }
    for (const auto& [name, tensor] : own)
        tensor.copy_(state.at(name));
    numUpdates = newNumUpdates;
}

double Optimizer::getLearningRate(double progress) const {
    double cosine = 0.5 * (1 + std::cos(M_PI * std::min(1.0, std::max(0.0, progress))));
    double warmup = std::max((numUpdates + 1.0) / std::max(1, settings.warmupSteps), progress / MAX_WARMUP);
    warmup = std::min(1.0, warmup);
    return settings.learningRate * warmup * (settings.finalLearningRate + (1 - settings.finalLearningRate) * cosine);
}

void Optimizer::updateGroup(const std::vector<std::string>& names, double rate, double decay) {
    std::vector<Tensor> parameters, gradients, first, second;
    for (const std::string& name : names) {
        Tensor& parameter = weights.at(name);
        parameters.push_back(parameter);
        gradients.push_back(parameter.grad());
        first.push_back(moments1.at(name));
        second.push_back(moments2.at(name));
    }
    if (parameters.empty())
        return;
    const Tensor step = at::full({}, (double) numUpdates + 1, parameters[0].options().requires_grad(false));
    const std::vector<Tensor> steps(parameters.size(), step);
    at::_fused_adamw_(parameters, gradients, first, second, {}, steps, rate, settings.beta1, settings.beta2, decay,
                1e-8, false, false);
}

void Optimizer::clearGradients() {
    for (auto& [name, tensor] : weights)
        tensor.mutable_grad() = Tensor();
}

std::vector<Tensor> Optimizer::getGradients() {
    std::vector<Tensor> gradients;
    for (auto& [name, tensor] : weights) {
        if (!isTrained(name))
            continue;
        if (!tensor.grad().defined())
            tensor.mutable_grad() = at::zeros_like(tensor);
        gradients.push_back(tensor.grad());
    }
    return gradients;
}

double Optimizer::update(double progress) {
    c10::NoGradGuard noGradients;
    const std::vector<Tensor> gradients = getGradients();

    // One number comes back from the device, not one a tensor.

    const double norm =
            gradients.empty() ? 0 : at::stack(at::_foreach_norm(gradients, 2, at::kDouble)).norm().item<double>();
    if (!std::isfinite(norm))
        return norm;
    if (norm > settings.gradientClip)
        at::_foreach_mul_(gradients, settings.gradientClip / norm);
    double rate = getLearningRate(progress);
    updateGroup(decayed, rate, settings.weightDecay);
    updateGroup(plain, rate, 0);
    clearGradients();
    numUpdates++;
    if (numUpdates % AVERAGE_INTERVAL == 0) {
        double decay = std::min(settings.emaDecay, (1.0 + numUpdates) / (10.0 + numUpdates));
        double share = 1 - std::pow(decay, AVERAGE_INTERVAL);
        std::vector<Tensor> averages, latest;
        for (auto& [name, tensor] : average) {
            averages.push_back(tensor);
            latest.push_back(weights.at(name).detach());
        }
        at::_foreach_lerp_(averages, latest, share);
    }
    return norm;
}

} // namespace torchimpl
} // namespace OrbitPlugin
