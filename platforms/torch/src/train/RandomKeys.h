// SPDX-License-Identifier: MIT
// The random numbers of training, all by key: what each of them is for, and noise of the points of a sample.
#ifndef OPENMM_ORBIT_TORCH_RANDOMKEYS_H_
#define OPENMM_ORBIT_TORCH_RANDOMKEYS_H_

#include <array>
#include <cstdint>
#include <vector>

namespace OrbitPlugin {
namespace torchimpl {

/** What a random number is for: the third word of the counter, behind the number of the sample. */
enum class Purpose : std::uint32_t {
    ChooseSubject = 1,
    ShufflePool = 2,
    ChooseFrame = 3,
    Rotation = 4,
    NoiseLevel = 5,
    Noise = 6,
    TargetRotations = 7,
    TargetAutomorphisms = 8,
    TargetLattice = 9,
    ChooseLevel = 10,
    RenewedNoise = 11,
    SelfConditioning = 12
};

/** The key of the random numbers of one sample. */
struct SampleKey {
    std::uint64_t seed = 0;     ///< of the run
    std::uint64_t sample = 0;   ///< number of the sample, or of a pool
};

/** Four uniform numbers in (0, 1). */
std::array<double, 4> drawUniforms(const SampleKey& key, Purpose purpose, std::uint32_t index = 0);
/** Four standard normal numbers (6.1). */
std::array<double, 4> drawNormals(const SampleKey& key, Purpose purpose, std::uint32_t index = 0);
/**
 * Draw the noise of points, equation (6.1).
 *
 * @param counter   of the first point; the last word counts the points
 * @return [numPoints][3] standard normal, not centred
 */
std::vector<double> drawNoise(std::uint64_t seed, std::array<std::uint32_t, 4> counter, int numPoints);
/**
 * Draw the noise of a sample, centred as by (6.2).
 *
 * @param draw   tells several from each other
 * @return [numPoints][3]
 */
std::vector<double> drawCenteredNoise(const SampleKey& key, Purpose purpose, int draw, int numPoints);
/** Draw a uniform rotation, row major [3][3]; index 0 is that of a sample's first presentation. */
std::array<double, 9> drawRotation(const SampleKey& key, int index);
/** Get an index from 0 to count - 1 of a uniform number. */
int chooseIndex(double u, int count);

} // namespace torchimpl
} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_TORCH_RANDOMKEYS_H_
