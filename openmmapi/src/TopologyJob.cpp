// SPDX-License-Identifier: MIT
// The inputs and the inspection of a system's states.
#include "TopologyJob.h"
#include "openmmorbit/StateCheck.h"
#include "openmmorbit/TopologyInputs.h"

namespace OrbitPlugin {

TopologyJob::TopologyJob(int numStates, const GenerationSettings& settings, const DenoiserModel& model) :
        EnsembleJob(model.getTopology().graph, numStates, 0, settings, model) {
}

TokenInputs TopologyJob::describe() const {
    return describeTopology(model.getTopology(), model);
}

EnsembleJob::Inspector TopologyJob::makeInspector() const {
    return [&](const std::vector<double>& positions) { return checkState(model.getTopology(), positions); };
}

bool TopologyJob::isReflected() const {
    return model.getRotations() == OrbitRotations::WithReflections && !graph.tetrahedral.empty();
}

std::string TopologyJob::describeCopies() const {
    return "states of the topology of " + std::to_string(graph.getNumAtoms()) + " atoms";
}

} // namespace OrbitPlugin
