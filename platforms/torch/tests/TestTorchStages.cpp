// SPDX-License-Identifier: MIT
// The LibTorch stages against the Reference, padding, and gradients against finite differences.
#include "Denoiser.h"
#include "ReferenceStages.h"
#include "Matchers.h"
#include "Tolerances.h"
#include "TorchSystems.h"
#include <cmath>

using namespace OrbitPlugin;
using namespace testSupport;
using torchimpl::NamedTensors;
using torchimpl::NetworkInputs;

namespace {

/** Take one sample's part of a tap, without padding, in the order of the Reference taps. */
std::vector<double> takeSample(const std::string& stage, const at::Tensor& tap, int sample, int numAtoms) {
    if (stage == "timeConditioning")
        return getValues(tap[sample]);
    if (stage == "pairFeatures")
        return getValues(tap.select(2, sample).narrow(2, 0, numAtoms).narrow(3, 0, numAtoms));
    return getValues(tap[sample].narrow(0, 0, numAtoms));
}

void compareWithReference(const DenoiserModel& model, at::ScalarType type, const std::string& precision) {
    std::vector<TorchSample> samples = makeSamples(model);
    NamedTensors taps;
    torchimpl::pairBiasTransformer(
            model.getSettings(), torchimpl::getTensors(model, type), makeInputs(samples, model, type), &taps);
    reference::Denoiser denoiser(model);
    for (int k = 0; k < (int) samples.size(); k++) {
        StageTaps expected;
        std::vector<double> denoised(samples[k].y.size());
        denoiser.evaluate(samples[k].features, samples[k].condition, samples[k].sigma, samples[k].y, denoised,
                &expected, samples[k].before);
        ASSERT_EQ(expected.size(), taps.size());
        for (const auto& [stage, values] : expected)
            expectClose(stage, takeSample(stage, taps.at(stage), k, samples[k].features.numTokens), values,
                    tolerance(stage, precision));
    }
}

DenoiserModel makeSelfConditionedModel(int pointsPerToken) {
    PairBiasTransformerSettings settings = makeSmallSettings(pointsPerToken);
    settings.selfConditioning = true;
    return DenoiserModel::createRandom(settings, 5);
}

} // namespace

TEST(TorchStages, agreeWithReferenceInDouble) {
    for (int points : {1, 2, 3}) {
        compareWithReference(makeSmallModel(5, points), at::kDouble, "double");
        compareWithReference(makeSelfConditionedModel(points), at::kDouble, "double");
    }
}

TEST(TorchStages, estimatesAreTheFirstEvaluationOfASampler) {
    const DenoiserModel model = makeSelfConditionedModel(3);
    std::vector<TorchSample> samples = makeSamples(model);
    for (TorchSample& sample : samples)
        sample.before.clear();
    NamedTensors weights = torchimpl::getTensors(model, at::kDouble);
    for (auto& [name, tensor] : weights)
        tensor.set_requires_grad(true);
    const at::Tensor found =
            torchimpl::estimateDenoised(model.getSettings(), weights, makeInputs(samples, model, at::kDouble));
    EXPECT_FALSE(found.requires_grad());
    reference::Denoiser denoiser(model);
    for (int k = 0; k < (int) samples.size(); k++) {
        const int n = samples[k].features.numTokens;
        std::vector<double> expected(samples[k].y.size());
        denoiser.evaluate(
                samples[k].features, samples[k].condition, samples[k].sigma, samples[k].y, expected, nullptr);
        expectClose("denoiser", getValues(found[k].narrow(0, 0, n)), expected, tolerance("denoiser", "double"));
        EXPECT_EQ(found[k].slice(0, n).abs().sum().item<double>(), 0) << "padding";
    }
}

TEST(TorchStages, agreeWithReferenceInSingle) {
    compareWithReference(DenoiserModel::createRandom(PairBiasTransformerSettings(), 6), at::kFloat, "single");
}

TEST(TorchStages, bfloat16ProductsAgreeWithReference) {
    DenoiserModel model = DenoiserModel::createRandom(PairBiasTransformerSettings(), 7);
    std::vector<TorchSample> samples = makeSamples(model);
    NamedTensors weights = torchimpl::cast(torchimpl::getTensors(model), at::kBFloat16);
    at::Tensor F = torchimpl::pairBiasTransformer(model.getSettings(), weights, makeInputs(samples, model, at::kFloat));
    reference::Denoiser denoiser(model);
    for (int k = 0; k < (int) samples.size(); k++) {
        StageTaps expected;
        std::vector<double> denoised(samples[k].y.size());
        denoiser.evaluate(samples[k].features, 0, samples[k].sigma, samples[k].y, denoised, &expected);
        expectClose("coordinateHead", getValues(F[k].narrow(0, 0, samples[k].features.numTokens)),
                expected.at("coordinateHead"), tolerance("coordinateHead", "bfloat16"));
    }
}

TEST(TorchStages, stereoGuidanceAgreesWithReference) {
    // Samples of three volumes that disagree, of one, and of none.

    const std::vector<std::vector<HandedVolume>> volumes = {
            {{{0, 1, 2, 3}, 1.1}, {{0, 2, 1, 3}, 0.9}, {{6, 1, 4, 0}, 2}}, {{{2, 0, 1, 3}, 1}}, {}};
    const StereoGuidanceShape shape = {7, 0.8, 4};
    const int N = shape.numPoints;
    at::Tensor denoised = at::zeros({3, N, 3}, at::kFloat);
    std::vector<std::vector<double>> expected;
    for (int sample = 0; sample < 3; sample++) {
        std::vector<double> positions, guided(3 * N);
        for (int k = 0; k < 3 * N; k++)
            positions.push_back((1.0 + sample) * std::sin(1.7 * k + sample));
        for (int k = 0; k < 3 * N; k++)
            denoised.data_ptr<float>()[sample * 3 * N + k] = (float) positions[k];
        reference::stereoGuidance(shape, volumes[sample], positions, guided);
        EXPECT_TRUE(sample > 0 || guided != positions);
        expected.push_back(guided);
    }
    const at::Tensor guided = torchimpl::stereoGuidance(shape, torchimpl::packVolumes(volumes), denoised);
    for (int sample = 0; sample < 3; sample++)
        expectClose("sample " + std::to_string(sample), getValues(guided[sample]), expected[sample],
                tolerance("samplerStep", "single"));
    const std::vector<std::vector<HandedVolume>> none(3);
    EXPECT_TRUE(at::equal(torchimpl::stereoGuidance(shape, torchimpl::packVolumes(none), denoised), denoised));
}

TEST(TorchStages, samplerStepsAgreeWithReference) {
    // Without and with history, with renewed noise, and the last step.

    const at::Tensor y = at::randn({2, 5, 3}, at::kDouble), D = at::randn({2, 5, 3}, at::kDouble),
                     previous = at::randn({2, 5, 3}, at::kDouble);
    for (const StepLevels& levels : {StepLevels{4, 1, 0}, StepLevels{4, 1, 8}, StepLevels{4, 0.8, 8, 0.6},
                 StepLevels{1, 0, 4}}) {
        std::vector<double> euler(30), multistep(30);
        reference::eulerStep(levels, getValues(y), getValues(D), euler);
        reference::multistepStep(levels, getValues(y), getValues(D), getValues(previous), multistep);
        expectClose("euler", getValues(torchimpl::eulerStep(levels, y, D)), euler, tolerance("samplerStep", "double"));
        expectClose("multistep", getValues(torchimpl::multistepStep(levels, y, D, previous)), multistep,
                tolerance("samplerStep", "double"));
    }
}

TEST(TorchStages, priorAgreesWithReference) {
    // Two samples of 3 and 5 tokens, of one point and of three points a token.

    for (int points : {1, 3}) {
        at::Tensor mask = at::ones({2, 5}, at::kDouble);
        mask[0].slice(0, 3).zero_();
        const at::Tensor noise = at::randn({2, 5, 3 * points}, at::kDouble) * mask.unsqueeze(-1),
                         y = at::randn({2, 5, 3 * points}, at::kDouble) * mask.unsqueeze(-1);
        const at::Tensor found = torchimpl::prior(2.5, noise, mask),
                         moved = torchimpl::addNoise(2.5, torchimpl::prior(1, noise, mask), y);
        for (int sample = 0; sample < 2; sample++) {
            const int numTokens = sample == 0 ? 3 : 5;
            std::vector<double> expected(3 * points * numTokens), added = getValues(y[sample].slice(0, 0, numTokens));
            const std::vector<double> values = getValues(noise[sample].slice(0, 0, numTokens));
            reference::prior({points * numTokens}, 2.5, values, expected);
            reference::addNoise({points * numTokens}, 2.5, values, added);
            expectClose("prior", getValues(found[sample].slice(0, 0, numTokens)), expected,
                    tolerance("prior", "double"));
            expectClose("addNoise", getValues(moved[sample].slice(0, 0, numTokens)), added,
                    tolerance("prior", "double"));
        }
        EXPECT_EQ(found[0].slice(0, 3).abs().max().item<double>(), 0);
    }
}

TEST(TorchStages, interpolantGivesThePerfectDenoiserItsTarget) {
    // A network that returns the target makes a denoiser (3.2) that returns the mean.

    const std::vector<double> clean = makePositions(4, 3), noise = makePositions(4, 4), mean = makePositions(4, 5);
    std::vector<double> noisy(12), denoised;
    std::vector<float> input(12), target(12);
    torchimpl::interpolant(0.7, clean, noise, noisy);
    const Preconditioning factors = getPreconditioning(0.7, 1.3);
    torchimpl::precondition(factors, noisy, mean, input, target);
    for (int i = 0; i < 12; i++) {
        EXPECT_NEAR(noisy[i], clean[i] + 0.7 * noise[i], 1e-12);
        EXPECT_NEAR(input[i], factors.input * noisy[i], 1e-6);
        denoised.push_back(factors.skip * noisy[i] + factors.output * target[i]);
    }
    expectClose("denoised", denoised, mean, tolerance("interpolant", "single"));
}

TEST(TorchStages, paddingChangesNothing) {
    DenoiserModel model = makeSmallModel(8, 3);
    std::vector<TorchSample> samples = makeSamples(model);
    NamedTensors weights = torchimpl::getTensors(model, at::kDouble);
    at::Tensor together =
            torchimpl::pairBiasTransformer(model.getSettings(), weights, makeInputs(samples, model, at::kDouble));
    for (int k = 0; k < (int) samples.size(); k++) {
        at::Tensor alone = torchimpl::pairBiasTransformer(
                model.getSettings(), weights, makeInputs({samples[k]}, model, at::kDouble));
        int n = samples[k].features.numTokens;
        expectClose("denoiser", getValues(together[k].narrow(0, 0, n)), getValues(alone[0]),
                tolerance("denoiser", "double"));
        expectClose("padding", getValues(together[k].narrow(0, n, together.size(1) - n)),
                std::vector<double>(together.size(2) * (together.size(1) - n), 0.0), tolerance("exact", "double"));
    }
}

namespace {

void checkGradient(const DenoiserModel& model) {
    std::vector<TorchSample> samples = makeSamples(model);
    NetworkInputs inputs = makeInputs(samples, model, at::kDouble);
    at::Tensor target = at::zeros_like(inputs.u);
    NamedTensors weights = torchimpl::getTensors(model, at::kDouble);
    auto loss = [&] {
        return torchimpl::denoisingLoss(
                torchimpl::pairBiasTransformer(model.getSettings(), weights, inputs), target, inputs.mask);
    };
    for (auto& [name, tensor] : weights)
        tensor.set_requires_grad(true);
    loss().backward();
    const double step = 1e-5;
    for (auto& [name, tensor] : weights) {
        ASSERT_TRUE(tensor.grad().defined()) << name;
        at::Tensor values = tensor.detach().view(-1), gradient = tensor.grad().contiguous().view(-1);
        std::vector<double> expected, actual;
        for (int64_t k = 0; k < values.numel(); k += std::max<int64_t>(1, values.numel() / 3)) {
            double start = values[k].item<double>();
            values[k] = start + step;
            double up = loss().item<double>();
            values[k] = start - step;
            double down = loss().item<double>();
            values[k] = start;
            expected.push_back((up - down) / (2 * step));
            actual.push_back(gradient[k].item<double>());
        }
        expectClose("gradient of " + name, actual, expected, tolerance("gradient", "double"));
    }
}

} // namespace

TEST(TorchStages, gradientAgreesWithFiniteDifferences) {
    checkGradient(makeSmallModel(9));
    checkGradient(makeSmallModel(9, 3));
    checkGradient(makeSelfConditionedModel(3));
}
