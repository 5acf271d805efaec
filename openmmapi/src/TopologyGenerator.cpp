// SPDX-License-Identifier: MIT
// The object that generates states of the system that its model was trained for.
#include "openmmorbit/TopologyGenerator.h"
#include "TopologyJob.h"
#include "openmmorbit/ArgumentError.h"

namespace OrbitPlugin {

TopologyGenerator::TopologyGenerator(const DenoiserModel& newModel) : Generator("TopologyGenerator", newModel, 0) {
    if (getTopology().getNumAtoms() == 0)
        throw ArgumentError("TopologyGenerator: expected a model of a system, got one of molecules; use "
                "ConformerGenerator with it");
}

TopologyGenerator::TopologyGenerator(const std::string& modelPath) :
        TopologyGenerator(DenoiserModel::load(modelPath)) {
}

void TopologyGenerator::checkTopology(const TopologyRecord& topology, const std::vector<int>& selection) const {
    const TopologySubject& expected = getTopology();
    const int numAtoms = (int) topology.atoms.size();
    if (numAtoms != expected.numTopologyAtoms)
        throw ArgumentError("TopologyGenerator::checkTopology: expected a topology of " +
                std::to_string(expected.numTopologyAtoms) + " atoms as in training, got " + std::to_string(numAtoms));
    const std::string difference = describeDifference(
            expected, makeTopologySubject(topology, selection.empty() ? expected.selection : selection));
    if (!difference.empty())
        throw ArgumentError("TopologyGenerator::checkTopology: expected the topology that the model was trained for, "
                "with " + difference);
}

Ensemble TopologyGenerator::generate(int numStates, int seed, ProgressCallback* progress) {
    checkCount("generate", "state", numStates, 1);
    const GenerationSettings call = getCallSettings(seed, progress);
    TopologyJob job(numStates, call, *model);
    const ConformerProvenance common = run({&job}, call);
    if (job.error != nullptr)
        std::rethrow_exception(job.error);
    return job.collect(common);
}

} // namespace OrbitPlugin
