// SPDX-License-Identifier: MIT
// The stereoGuidance stage with tensors, for the conformers that a run generates while it trains.
#include "../Stages.h"
#include <algorithm>

using at::Tensor;

namespace OrbitPlugin {
namespace torchimpl {

GuidedVolumes packVolumes(const std::vector<std::vector<HandedVolume>>& volumes) {
    std::size_t largest = 0;
    for (const std::vector<HandedVolume>& sample : volumes)
        largest = std::max(largest, sample.size());
    const int64_t B = (int64_t) volumes.size(), Q = (int64_t) largest;
    GuidedVolumes result;
    result.atoms = at::zeros({B, Q, 4}, at::kLong);
    result.mask = at::zeros({B, Q}, at::kFloat);
    result.certain = at::ones({B, Q}, at::kFloat);
    result.leastGradient = at::ones({B, Q}, at::kFloat);
    for (int64_t b = 0; b < B; b++)
        for (std::size_t q = 0; q < volumes[b].size(); q++) {
            const int64_t index = b * Q + (int64_t) q;
            std::copy_n(volumes[b][q].atoms.begin(), 4, result.atoms.data_ptr<int64_t>() + 4 * index);
            result.mask.data_ptr<float>()[index] = 1;
            result.certain.data_ptr<float>()[index] = (float) getCertainVolume(volumes[b][q]);
            result.leastGradient.data_ptr<float>()[index] = (float) getLeastGradient(volumes[b][q]);
        }
    return result;
}

Tensor stereoGuidance(const StereoGuidanceShape& shape, const GuidedVolumes& volumes, const Tensor& denoised) {
    const int64_t B = volumes.atoms.size(0), Q = volumes.atoms.size(1);
    if (Q == 0)
        return denoised;
    const Tensor index = volumes.atoms.view({B, 4 * Q, 1}).expand({B, 4 * Q, 3});
    const Tensor r = denoised.gather(1, index).view({B, Q, 4, 3});
    const Tensor b = r.select(2, 1) - r.select(2, 0), c = r.select(2, 2) - r.select(2, 0),
                 d = r.select(2, 3) - r.select(2, 0);
    const Tensor toB = at::cross(c, d, 2), toC = at::cross(d, b, 2), toD = at::cross(b, c, 2);

    // (5.9), (5.10)

    const Tensor belief = ((b * toB).sum(-1) / volumes.certain).clamp(-1, 1) * volumes.mask;
    const Tensor votes = at::atanh(belief.clamp(-LARGEST_VOTE, LARGEST_VOTE)).sum(1, true);
    const Tensor consensus = shape.isHandKnown ? at::ones_like(votes) : at::tanh(votes);

    // (5.11)

    const Tensor gradient = at::stack({-(toB + toC + toD), toB, toC, toD}, 2);
    const Tensor length = at::maximum(gradient.square().sum({2, 3}).sqrt(), volumes.leastGradient);
    const Tensor move = getGuidanceFactor(shape) * (consensus - belief) / length * volumes.mask;
    return denoised.scatter_add(1, index, (move.view({B, Q, 1, 1}) * gradient).view({B, 4 * Q, 3}));
}

} // namespace torchimpl
} // namespace OrbitPlugin
