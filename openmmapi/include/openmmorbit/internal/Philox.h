// SPDX-License-Identifier: MIT
// The counter-based random numbers of the project, equation (6.1): the same key gives the same numbers everywhere.
#ifndef OPENMM_ORBIT_PHILOX_H_
#define OPENMM_ORBIT_PHILOX_H_

#include <array>
#include <cmath>
#include <cstdint>

namespace OrbitPlugin {

/**
 * One block of Philox4x32-10.
 *
 * @param key       64 bits; the low word is the first key word
 * @param counter   four words
 * @return four independent uniform 32-bit words
 *
 * Source: Salmon et al., DOI 10.1145/2063384.2063405, section 5.3.
 */
inline std::array<std::uint32_t, 4> philox4x32(std::uint64_t key, std::array<std::uint32_t, 4> counter) {
    std::uint32_t key0 = (std::uint32_t) key, key1 = (std::uint32_t) (key >> 32);
    for (int round = 0; round < 10; round++) {
        const std::uint64_t product0 = 0xD2511F53ull * counter[0];
        const std::uint64_t product1 = 0xCD9E8D57ull * counter[2];
        counter = {(std::uint32_t) (product1 >> 32) ^ counter[1] ^ key0, (std::uint32_t) product1,
            (std::uint32_t) (product0 >> 32) ^ counter[3] ^ key1, (std::uint32_t) product0};
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
    return counter;
}

/**
 * Four independent standard normal numbers of one counter, equation (6.1). The prior uses the first three.
 */
inline std::array<double, 4> philoxNormals(std::uint64_t key, const std::array<std::uint32_t, 4>& counter) {
    const double twoPi = 6.283185307179586476925286766559;
    const std::array<std::uint32_t, 4> words = philox4x32(key, counter);

    // (6.1) uniform numbers in (0, 1), then Box-Muller on words (0, 1) and on words (2, 3).

    std::array<double, 4> normals;
    for (int pair = 0; pair < 2; pair++) {
        const double u = (words[2 * pair] + 0.5) * 0x1p-32;
        const double v = (words[2 * pair + 1] + 0.5) * 0x1p-32;
        const double radius = std::sqrt(-2.0 * std::log(u));
        normals[2 * pair] = radius * std::cos(twoPi * v);
        normals[2 * pair + 1] = radius * std::sin(twoPi * v);
    }
    return normals;
}

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_PHILOX_H_
