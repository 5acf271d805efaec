// SPDX-License-Identifier: MIT
// The inputs and the inspection of a system's states.
#include "TopologyJob.h"
#include "openmmorbit/TopologyInputs.h"
#include "openmmorbit/internal/StateInspector.h"
#include <memory>

namespace OrbitPlugin {

TopologyJob::TopologyJob(int numStates, const GenerationSettings& settings, const DenoiserModel& model) :
        EnsembleJob(model.getTopology().graph, numStates, 0, settings, model) {
}

TokenInputs TopologyJob::describe() const {
    return describeTopology(model.getTopology(), model);
}

EnsembleJob::Inspector TopologyJob::makeInspector() const {
    const auto inspector = std::make_shared<const StateInspector>(model.getTopology());
    return [inspector](const std::vector<double>& positions) { return inspector->inspect(positions); };
}

bool TopologyJob::isReflected() const {
    return areStatesReflected(model);
}

std::string TopologyJob::describeCopies() const {
    return "states of the topology of " + std::to_string(graph.getNumAtoms()) + " atoms";
}

bool areStatesReflected(const DenoiserModel& model) {
    return model.getRotations() == OrbitRotations::WithReflections && !model.getTopology().graph.tetrahedral.empty();
}

} // namespace OrbitPlugin
