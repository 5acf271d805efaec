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
        denoiser.evaluate(
                samples[k].features, samples[k].condition, samples[k].sigma, samples[k].y, denoised, &expected);
        ASSERT_EQ(expected.size(), taps.size());
        for (const auto& [stage, values] : expected)
            expectClose(stage, takeSample(stage, taps.at(stage), k, samples[k].features.numAtoms), values,
                    tolerance(stage, precision));
    }
}

} // namespace

TEST(TorchStages, agreeWithReferenceInDouble) {
    compareWithReference(DenoiserModel::createRandom(makeSmallSettings(), 5), at::kDouble, "double");
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
        expectClose("coordinateHead", getValues(F[k].narrow(0, 0, samples[k].features.numAtoms)),
                expected.at("coordinateHead"), tolerance("coordinateHead", "bfloat16"));
    }
}

TEST(TorchStages, stereoGuidanceAgreesWithReference) {
    // Samples of three volumes that disagree, of one, and of none.

    const std::vector<std::vector<HandedVolume>> volumes = {
            {{{0, 1, 2, 3}, 1.1}, {{0, 2, 1, 3}, 0.9}, {{6, 1, 4, 0}, 2}}, {{{2, 0, 1, 3}, 1}}, {}};
    const StereoGuidanceShape shape = {7, 0.8, 4};
    const int N = shape.numAtoms;
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

TEST(TorchStages, paddingChangesNothing) {
    DenoiserModel model = DenoiserModel::createRandom(makeSmallSettings(), 8);
    std::vector<TorchSample> samples = makeSamples(model);
    NamedTensors weights = torchimpl::getTensors(model, at::kDouble);
    at::Tensor together =
            torchimpl::pairBiasTransformer(model.getSettings(), weights, makeInputs(samples, model, at::kDouble));
    for (int k = 0; k < (int) samples.size(); k++) {
        at::Tensor alone = torchimpl::pairBiasTransformer(
                model.getSettings(), weights, makeInputs({samples[k]}, model, at::kDouble));
        int n = samples[k].features.numAtoms;
        expectClose("denoiser", getValues(together[k].narrow(0, 0, n)), getValues(alone[0]),
                tolerance("denoiser", "double"));
        expectClose("padding", getValues(together[k].narrow(0, n, together.size(1) - n)),
                std::vector<double>(3 * (together.size(1) - n), 0.0), tolerance("exact", "double"));
    }
}

TEST(TorchStages, gradientAgreesWithFiniteDifferences) {
    DenoiserModel model = DenoiserModel::createRandom(makeSmallSettings(), 9);
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
