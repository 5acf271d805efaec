// SPDX-License-Identifier: MIT
// Which network a model has.
#include "Network.h"
#include "networks/GatedTransformer.h"
#include "networks/PairBiasTransformer.h"

namespace OrbitPlugin {

std::unique_ptr<cpu::Network> cpu::makeNetwork(const DenoiserModel& model, const std::string& precision) {
    if (model.getNetwork() == NetworkKind::GatedTransformer)
        return std::make_unique<GatedTransformer>(model, precision);
    return std::make_unique<PairBiasTransformer>(model, precision);
}

} // namespace OrbitPlugin
