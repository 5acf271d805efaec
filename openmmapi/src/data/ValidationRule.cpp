// SPDX-License-Identifier: MIT
// The rule that splits molecules into training and validation data by their name alone.
#include "openmmorbit/internal/Sha256.h"
#include "openmmorbit/Shard.h"
#include <cstdlib>

bool OrbitPlugin::isValidationMolecule(const std::string& flatSmiles) {
    std::string key = "orbit-validation:" + flatSmiles;
    std::string digits = sha256(key.data(), key.size()).substr(0, 8);
    return (double) std::strtoull(digits.c_str(), nullptr, 16) / 4294967296.0 < 0.03;
}
