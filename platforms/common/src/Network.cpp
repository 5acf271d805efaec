// SPDX-License-Identifier: MIT
// Which network a model has.
#include "Network.h"
#include "networks/PairBiasTransformer.h"

namespace OrbitPlugin {

std::unique_ptr<common::Network> common::makeNetwork(OpenMM::ComputeContext& context, const DenoiserModel& model) {
    return std::make_unique<PairBiasTransformer>(context, model);
}

} // namespace OrbitPlugin
