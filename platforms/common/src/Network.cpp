// SPDX-License-Identifier: MIT
// Which network a model has.
#include "Network.h"
#include "networks/GatedTransformer.h"
#include "networks/PairBiasTransformer.h"

namespace OrbitPlugin {

std::unique_ptr<common::Network> common::makeNetwork(OpenMM::ComputeContext& context, const DenoiserModel& model) {
    if (model.getNetwork() == NetworkKind::GatedTransformer)
        return std::make_unique<GatedTransformer>(context, model);
    return std::make_unique<PairBiasTransformer>(context, model);
}

} // namespace OrbitPlugin
