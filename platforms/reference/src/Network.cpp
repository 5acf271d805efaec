// SPDX-License-Identifier: MIT
// Which network a model has.
#include "Network.h"
#include "networks/GatedTransformer.h"
#include "networks/PairBiasTransformer.h"

namespace OrbitPlugin {

std::unique_ptr<reference::Network> reference::makeNetwork(const DenoiserModel& model) {
    if (model.getNetwork() == NetworkKind::GatedTransformer)
        return std::make_unique<GatedTransformer>(model);
    return std::make_unique<PairBiasTransformer>(model);
}

} // namespace OrbitPlugin
