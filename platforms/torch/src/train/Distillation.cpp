// SPDX-License-Identifier: MIT
// Progressive distillation, section 7 of theory.md. Source: Salimans and Ho, arXiv 2202.00512.
#include "Distillation.h"
#include "Flow.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/internal/stages/Preconditioning.h"
#include <c10/core/GradMode.h>
#include <algorithm>
#include <cmath>

using at::Tensor;

namespace OrbitPlugin {
namespace torchimpl {

namespace {

bool sameInputs(const std::vector<FeatureVocabulary>& a, const std::vector<FeatureVocabulary>& b) {
    auto same = [](const FeatureVocabulary& x, const FeatureVocabulary& y) {
        return x.name == y.name && x.values == y.values && x.saturates == y.saturates;
    };
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), same);
}

std::string joinNames(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names)
        text += (text.empty() ? "\"" : ", \"") + name + "\"";
    return text;
}

} // namespace

std::vector<double> getTeacherLevels(double sigma, double nextSigma, double lastSigma, double rho, int numSteps) {
    // (7.1)

    const bool last = nextSigma <= 0;
    const int numIntervals = last ? numSteps - 1 : numSteps;
    const double first = std::pow(sigma, 1 / rho), end = std::pow(last ? lastSigma : nextSigma, 1 / rho);
    std::vector<double> levels = {sigma};
    for (int k = 1; k <= numIntervals; k++)
        levels.push_back(std::pow(first + k / (double) numIntervals * (end - first), rho));
    if (last)
        levels.push_back(0);
    else
        levels.back() = nextSigma;
    return levels;
}

Tensor getJumpTarget(const Tensor& y, const Tensor& end, double sigma, double nextSigma) {
    // (7.2)

    const double ratio = nextSigma / sigma;
    return (end - ratio * y) / (1 - ratio);
}

Teacher::Teacher(const TrainingSettings& settings, const DenoiserModel& student) :
        studentScale(settings.network.dataScale) {
    const DistillationSettings& distillation = settings.distillation;
    const DenoiserModel model = DenoiserModel::load(distillation.teacher);
    if (!sameInputs(model.getAtomVocabularies(), student.getAtomVocabularies()) ||
            !sameInputs(model.getPairVocabularies(), student.getPairVocabularies()))
        throw ArgumentError("train: expected a teacher with the student's inputs, got \"" + distillation.teacher +
                "\" with others; start from it by initialModel");
    if (model.getConditions() != student.getConditions())
        throw ArgumentError("train: expected as \"conditions\" those of the teacher \"" + distillation.teacher +
                "\", " + joinNames(model.getConditions()) + ", got " + joinNames(student.getConditions()));
    network = model.getSettings();
    if (network.pointsPerToken != student.getSettings().pointsPerToken)
        throw ArgumentError("train: expected a teacher with " + std::to_string(student.getSettings().pointsPerToken) +
                " points per token, as the student, got \"" + distillation.teacher + "\" with " +
                std::to_string(network.pointsPerToken));
    const TrainingDevice device = findDevice(settings);
    weights = cast(toDevice(getTensors(model), device.device), device.productType);
    const SamplerSettings& sampler = model.getSamplerSettings();
    method = sampler.method;
    steps = getSteps(distillation.sampler);
    const int numSteps = distillation.sampler.numSteps;
    const double last = steps.back().sigma;
    if (distillation.teacherSteps[numSteps - 1] > 1 && last <= sampler.sigmaMin)
        throw ArgumentError("train: expected a last noise level of the distilled sampler above the teacher's " +
                std::to_string(sampler.sigmaMin) + ", got " + std::to_string(last) +
                "; raise sigmaMin, or let the teacher take 1 step there");
    for (int k = 0; k < numSteps; k++)
        paths.push_back(getTeacherLevels(steps[k].sigma, steps[k].nextSigma, sampler.sigmaMin, distillation.sampler.rho,
                distillation.teacherSteps[k]));
}

Tensor Teacher::computeTarget(const HostBatch& batch, const NetworkInputs& inputs) const {
    c10::NoGradGuard noGradients;
    const std::vector<double>& path = paths.at(batch.level);
    const Preconditioning factors = getPreconditioning(path[0], studentScale);
    const Tensor start = inputs.u / factors.input;
    const Tensor end = integrateFlow(network, weights, getSteps(path, method != SamplerMethod::Euler), start, inputs);
    const Tensor target = getJumpTarget(start, end, path.front(), path.back());
    return (target - factors.skip * start) / factors.output;
}

void rollOut(const TrainingSettings& settings, const NamedTensors& weights, const HostBatch& batch,
        NetworkInputs& inputs) {
    // (7.4)

    c10::NoGradGuard noGradients;
    const std::vector<StepLevels> steps = getSteps(settings.distillation.sampler);
    auto getFactors = [&](int step) { return getPreconditioning(steps[step].sigma, settings.network.dataScale); };
    FlowExtras extras;
    extras.getNoise = [&](int step) {
        return at::from_blob(const_cast<float*>(batch.renewedNoise[step].data()), inputs.u.sizes(), at::kFloat)
                .to(inputs.u.device());
    };
    const Tensor y = integrateFlow(settings.network, weights, {steps.begin(), steps.begin() + batch.level},
            inputs.u / getFactors(0).input, inputs, extras);
    inputs.u = getFactors(batch.level).input * y;
    inputs.scaledTime = at::full_like(inputs.scaledTime, getFactors(batch.level).logSigma);
}

void rotateBatch(const TrainingSettings& settings, const HostBatch& batch, int repeat, DeviceBatch& tensors) {
    const int64_t B = batch.numSamples;
    Tensor rotations = at::empty({B, 3, 3}, at::kDouble);
    for (int64_t row = 0; row < B; row++)
        std::ranges::copy(drawRotation({(std::uint64_t) settings.seed, batch.samples[row]}, repeat),
                rotations.data_ptr<double>() + 9 * row);
    const Tensor transposed = rotations.to(tensors.target.device(), at::kFloat).transpose(1, 2);
    auto rotate = [&](const Tensor& values) {
        return at::bmm(values.reshape({B, -1, 3}), transposed).view(values.sizes());
    };
    tensors.inputs.u = rotate(tensors.inputs.u);
    tensors.target = rotate(tensors.target);
}

} // namespace torchimpl
} // namespace OrbitPlugin
