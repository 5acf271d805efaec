// SPDX-License-Identifier: MIT
// The object that generates states of the system that its model was trained for.
#include "openmmorbit/TopologyGenerator.h"
#include "FlowDensity.h"
#include "TopologyJob.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/StateCheck.h"
#include "openmmorbit/TopologyInputs.h"
#include "openmmorbit/internal/GeneratorImpl.h"
#include <cmath>

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

void TopologyGenerator::checkReflections(const char* method) const {
    if (getModel().getRotations() == OrbitRotations::WithReflections && !getTopology().graph.tetrahedral.empty())
        throw ArgumentError(std::string("TopologyGenerator::") + method + ": expected a model that knows its hand, got "
                "one whose states are reflected; train it with the setting rotations \"SO3\"");
}

/** Get the length of differences in the model unit: rounding matters more where numbers are in single precision. */
double TopologyGenerator::getDifference() const {
    const double angstrom = 0.1 / getModel().getUnitInNanometers();
    return (getPlatformName() == "Reference" ? 1e-4 : 5e-3) * angstrom;
}

/** Tell how far a call is. */
static void report(const GenerationSettings& call, int numDone, int number) {
    if (call.progress != nullptr && !call.progress->report(numDone, number, 0))
        throw GenerationStopped(call.caller + ": expected to finish " + std::to_string(number) +
                " states, got a stop after " + std::to_string(numDone));
}

/** Draw the positions from which the states of a call start. */
static std::vector<std::vector<double>> drawPriors(IntegrateOrbitDiffusionStepKernel& kernel, const SamplerPlan& plan,
        const TokenInputs& inputs, int numStates, int seed) {
    std::vector<std::vector<double>> priors;
    for (int state = 0; state < numStates; state++) {
        Batch batch;
        batch.plan = plan;
        batch.seed = (unsigned int) seed;
        batch.inputs.push_back(inputs);
        BatchCopy row;
        row.copy = state;
        batch.addCopy(row);
        kernel.setBatch(batch);
        kernel.start();
        priors.push_back(kernel.getPositions());
    }
    return priors;
}

Ensemble TopologyGenerator::generateWithDensity(int numStates, int seed, ProgressCallback* progress) {
    checkCount("generateWithDensity", "state", numStates, 1);
    checkReflections("generateWithDensity");
    const GenerationSettings call = getCallSettings(seed, progress);
    const double unit = getModel().getUnitInNanometers();
    const SamplerPlan plan = makeSamplerPlan(call.sampler, unit);
    const TokenInputs inputs = describeTopology(getTopology(), getModel());
    const ConformerProvenance common = makeProvenance(call);
    Ensemble ensemble(getTopology().graph);
    useKernel([&](IntegrateOrbitDiffusionStepKernel& kernel) {
        std::vector<std::vector<double>> states = drawPriors(kernel, plan, inputs, numStates, call.seed);
        FlowDensity flow(kernel, plan, inputs, call.condition, getDifference());
        for (int state = 0; state < numStates; state++) {
            report(call, state, numStates);
            ConformerProvenance provenance = common;
            provenance.kernel = kernel.getDescription();
            provenance.copy = state;
            provenance.numEvaluations = call.sampler.getNumEvaluations();
            provenance.logDensity = flow.advance(states[state]) - flow.getDimension() * std::log(unit);
            std::vector<double> scaled = states[state];
            std::vector<OpenMM::Vec3> positions(getTopology().getNumAtoms());
            for (std::size_t k = 0; k < scaled.size(); k++) {
                scaled[k] *= unit / 0.1;
                positions[k / 3][k % 3] = states[state][k] * unit;
            }
            ensemble.addConformer(positions, checkState(getTopology(), scaled), provenance);
        }
    });
    return ensemble;
}

std::vector<double> TopologyGenerator::computeLogDensities(
        const std::vector<double>& positions, ProgressCallback* progress) {
    checkReflections("computeLogDensities");
    const std::size_t size = 3 * (std::size_t) getTopology().getNumAtoms();
    if (positions.empty() || positions.size() % size != 0)
        throw ArgumentError("TopologyGenerator::computeLogDensities: expected positions of states of " +
                std::to_string(size / 3) + " atoms, got " + std::to_string(positions.size()) + " coordinates");
    const GenerationSettings call = getCallSettings(1, progress);
    const double unit = getModel().getUnitInNanometers();
    const int numStates = (int) (positions.size() / size);
    std::vector<double> logDensities;
    useKernel([&](IntegrateOrbitDiffusionStepKernel& kernel) {
        FlowDensity flow(kernel, makeSamplerPlan(call.sampler, unit), describeTopology(getTopology(), getModel()),
                call.condition, getDifference());
        for (int state = 0; state < numStates; state++) {
            report(call, state, numStates);
            std::vector<double> scaled(positions.begin() + state * size, positions.begin() + (state + 1) * size);
            for (double& value : scaled)
                value /= unit;
            logDensities.push_back(flow.retrace(scaled) - flow.getDimension() * std::log(unit));
        }
    });
    return logDensities;
}

} // namespace OrbitPlugin
