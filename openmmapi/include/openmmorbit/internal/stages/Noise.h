// SPDX-License-Identifier: MIT
// Contract of the noise stage: standard normal numbers that depend on a key only.
#ifndef OPENMM_ORBIT_STAGES_NOISE_H_
#define OPENMM_ORBIT_STAGES_NOISE_H_

#include <cstdint>

namespace OrbitPlugin {

/**
 * Standard normal numbers of one copy.
 *
 *   in   key     seed, record, copy, draw
 *   out  noise   [numAtoms][3]   dimensionless, not centred
 *
 * Equation (6.1) of openmmapi/docs/theory.md. The counter of atom i is (record, copy, draw, i), i in the caller's
 * order, so that noise does not depend on batches, shards, threads or platforms. No other stage makes random numbers.
 * Source: Salmon et al., DOI 10.1145/2063384.2063405.
 * Implementations: noise(key, noise).
 */

struct NoiseKey {
    std::uint64_t seed = 0;
    std::uint32_t record = 0;   ///< input record
    std::uint32_t copy = 0;     ///< copy within the record
    std::uint32_t draw = 0;     ///< attempt
};

} // namespace OrbitPlugin

#endif // OPENMM_ORBIT_STAGES_NOISE_H_
