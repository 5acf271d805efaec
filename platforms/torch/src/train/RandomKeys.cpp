// SPDX-License-Identifier: MIT
// Random numbers by the number of the sample and what they are for.
#include "RandomKeys.h"
#include "openmmorbit/internal/Philox.h"
#include <algorithm>
#include <cmath>

namespace OrbitPlugin {
namespace torchimpl {

namespace {

std::array<std::uint32_t, 4> makeCounter(const SampleKey& key, Purpose purpose, std::uint32_t index) {
    return {(std::uint32_t) key.sample, (std::uint32_t) (key.sample >> 32), (std::uint32_t) purpose, index};
}

} // namespace

std::array<double, 4> drawUniforms(const SampleKey& key, Purpose purpose, std::uint32_t index) {
    const auto words = philox4x32(key.seed, makeCounter(key, purpose, index));
    std::array<double, 4> values;
    for (int k = 0; k < 4; k++)
        values[k] = (words[k] + 0.5) * 0x1p-32;
    return values;
}

std::array<double, 4> drawNormals(const SampleKey& key, Purpose purpose, std::uint32_t index) {
    return philoxNormals(key.seed, makeCounter(key, purpose, index));
}

std::vector<double> drawNoise(std::uint64_t seed, std::array<std::uint32_t, 4> counter, int numPoints) {
    std::vector<double> noise;
    noise.reserve(3 * (std::size_t) numPoints);
    for (int i = 0; i < numPoints; i++, counter[3]++) {
        const auto values = philoxNormals(seed, counter);
        noise.insert(noise.end(), values.begin(), values.begin() + 3);
    }
    return noise;
}

std::vector<double> drawCenteredNoise(const SampleKey& key, Purpose purpose, int draw, int numPoints) {
    std::vector<double> noise = drawNoise(key.seed, makeCounter(key, purpose, (std::uint32_t) draw << 20), numPoints);
    double mean[3] = {0, 0, 0};
    for (std::size_t i = 0; i < noise.size(); i++)
        mean[i % 3] += noise[i] / numPoints;
    for (std::size_t i = 0; i < noise.size(); i++)
        noise[i] -= mean[i % 3];
    return noise;
}

std::array<double, 9> drawRotation(const SampleKey& key, int index) {
    // The normalised quaternion of four normal numbers is uniform on the sphere.

    const auto q = drawNormals(key, Purpose::Rotation, index);
    const double norm = std::sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
    const double w = q[0] / norm, x = q[1] / norm, y = q[2] / norm, z = q[3] / norm;
    return {1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
            2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
            2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)};
}

int chooseIndex(double u, int count) {
    return std::min((int) (u * count), count - 1);
}

} // namespace torchimpl
} // namespace OrbitPlugin
