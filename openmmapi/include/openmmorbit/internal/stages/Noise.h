// SPDX-License-Identifier: MIT
// Contract of the noise stage: standard normal numbers that depend on a key only.
#ifndef OPENMM_ORBIT_STAGES_NOISE_H_
#define OPENMM_ORBIT_STAGES_NOISE_H_

#include <cstdint>

namespace OrbitPlugin {

/**
 * This stage draws three standard normal numbers for each atom of one copy. They depend on nothing but the key and the
 * index of the atom in the caller's order: the same seed gives the same noise in any batch, on any number of threads
 * and on every platform. It uses a counter-based generator (Philox) and keeps no state. No other stage draws random
 * numbers.
 *
 *   in   key     seed, record, copy, draw
 *   out  noise   [numPoints][3]   dimensionless, not centred
 *
 * Equation (6.1) of openmmapi/docs/theory.md. The generator's key is the seed; its counter for atom i is (record, copy,
 * draw, i). Source: Salmon et al., DOI 10.1145/2063384.2063405.
 * Implementations: noise(key, noise).
 */

struct NoiseKey {
    std::uint64_t seed = 0;     ///< of the generation, or of one of its steps (6.3)
    std::uint32_t record = 0;   ///< index of the input molecule
    std::uint32_t copy = 0;     ///< index of the copy of this molecule
    std::uint32_t draw = 0;     ///< attempt: 0, or the number of the redraw
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STAGES_NOISE_H_
