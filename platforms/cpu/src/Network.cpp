// SPDX-License-Identifier: MIT
// Which network a model has.
#include "Network.h"
#include "networks/PairBiasTransformer.h"

namespace OrbitPlugin {

std::unique_ptr<cpu::Network> cpu::makeNetwork(const DenoiserModel& model, const std::string& precision) {
    return std::make_unique<PairBiasTransformer>(model, precision);
}

} // namespace OrbitPlugin
