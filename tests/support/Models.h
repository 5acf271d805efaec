// SPDX-License-Identifier: MIT
// Small models with pseudo-random weights, for tests that need a network but no chemistry.
#ifndef OPENMM_ORBIT_TESTS_MODELS_H_
#define OPENMM_ORBIT_TESTS_MODELS_H_

#include "openmmorbit/DenoiserModel.h"
#include <cstdint>
#include <cstring>

namespace testSupport {

/** Settings of a network that is evaluated in microseconds. */
inline OrbitPlugin::PairBiasTransformerSettings makeSmallSettings(int pointsPerToken = 1) {
    OrbitPlugin::PairBiasTransformerSettings settings;
    settings.pointsPerToken = pointsPerToken;
    settings.width = 32;
    settings.numLayers = 2;
    settings.numHeads = 2;
    settings.transitionFactor = 2;
    settings.pairWidth = 16;
    settings.numRadial = 16;
    settings.conditionWidth = 16;
    settings.numFrequencies = 8;
    return settings;
}

/** A small model with pseudo-random weights. Its conformers are finite, but no molecules. */
inline OrbitPlugin::DenoiserModel makeSmallModel(unsigned int seed = 1, int pointsPerToken = 1) {
    return OrbitPlugin::DenoiserModel::createRandom(makeSmallSettings(pointsPerToken), seed);
}

/** Cut all weights to BF16 numbers, as a model file holds them. */
inline OrbitPlugin::DenoiserModel shortenWeights(OrbitPlugin::DenoiserModel model) {
    for (const std::string& name : model.getTensorNames()) {
        OrbitPlugin::ModelTensor tensor = model.getTensor(name);
        for (float& value : tensor.values) {
            std::uint32_t bits;
            std::memcpy(&bits, &value, sizeof(bits));
            bits &= 0xFFFF0000u;
            std::memcpy(&value, &bits, sizeof(bits));
        }
        model.setTensor(name, tensor);
    }
    return model;
}

} // namespace testSupport

#endif // OPENMM_ORBIT_TESTS_MODELS_H_
