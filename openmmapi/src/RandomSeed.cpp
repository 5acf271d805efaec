// SPDX-License-Identifier: MIT
// The seed that is chosen when the user leaves it to us.
#include "openmmorbit/internal/RandomSeed.h"
#include <random>

namespace OrbitPlugin {

int chooseRandomSeed() {
    std::random_device device;
    return (int) std::uniform_int_distribution<unsigned int>(1, 0x7fffffff)(device);
}

} // namespace OrbitPlugin
