// SPDX-License-Identifier: MIT
// Which network a model has.
#include "Network.h"
#include "networks/PairBiasTransformer.h"

namespace OrbitPlugin {

std::unique_ptr<reference::Network> reference::makeNetwork(const DenoiserModel& model) {
    return std::make_unique<PairBiasTransformer>(model);
}

} // namespace OrbitPlugin
