// SPDX-License-Identifier: MIT
// The object that generates states of the system that its model was trained for.
#include "openmmorbit/TopologyGenerator.h"
#include "FlowDensity.h"
#include "TopologyJob.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/TopologyInputs.h"
#include "openmmorbit/internal/GeneratorImpl.h"
#include "openmmorbit/internal/ModelSubject.h"
#include "openmmorbit/internal/StateInspector.h"
#include <cmath>

namespace OrbitPlugin {

/** Above this number of atoms determinants are estimated, with so many random vectors, unless something else is set. */
static const int MAX_EXACT = 100, DEFAULT_PROBES = 8;

TopologyGenerator::TopologyGenerator(const DenoiserModel& newModel) : Generator("TopologyGenerator", newModel, 0) {
    requireSubject("TopologyGenerator", *model, SubjectKind::Topology);
}

TopologyGenerator::TopologyGenerator(const std::string& modelPath) :
        TopologyGenerator(DenoiserModel::load(modelPath)) {
}

void TopologyGenerator::checkTopology(const TopologyRecord& topology, const std::vector<int>& selection) const {
    OrbitPlugin::checkTopology("TopologyGenerator::checkTopology", getTopology(), topology, selection);
}

Ensemble TopologyGenerator::generate(
        int numStates, int seed, ProgressCallback* progress, int firstState, const GenerationStart& start) {
    checkCount("generate", "state", numStates, 1);
    checkCount("generate", "as the number of the first state", firstState, 0);
    GenerationSettings call = getCallSettings(seed, progress);
    call.firstCopy = firstState;
    call.sampler = call.sampler.startAt(start.level);
    TopologyJob job(numStates, call, *model);
    job.setStart(start);
    const ConformerProvenance common = run({&job}, call);
    if (job.error != nullptr)
        std::rethrow_exception(job.error);
    return job.collect(common);
}

int TopologyGenerator::getNumProbes() const {
    if (numProbes >= 0)
        return numProbes;
    return getTopology().getNumAtoms() <= MAX_EXACT ? 0 : DEFAULT_PROBES;
}

void TopologyGenerator::setNumProbes(int number) {
    if (number < -1 || number == 1)
        throw ArgumentError("TopologyGenerator::setNumProbes: expected 0 for exact densities, at least 2 random "
                "vectors, or -1 to choose by the size of the system, got " + std::to_string(number));
    numProbes = number;
}

/** Draws starts and follows them, or follows states back, one at a time. */
class TopologyGenerator::Follower {
public:
    Follower(const TopologyGenerator& generator, const char* method, const GenerationSettings& call) :
            call(call), unit(generator.getModel().getUnitInNanometers()), plan(makeSamplerPlan(call.sampler, unit)),
            inputs(describeTopology(generator.getTopology(), generator.getModel())),
            numProbes(generator.getNumProbes()) {
        if (areStatesReflected(generator.getModel()))
            throw ArgumentError(std::string("TopologyGenerator::") + method + ": expected a model that knows its hand, "
                    "got one whose states are reflected; train it with the setting rotations \"SO3\"");

        if (generator.getModel().getSettings().selfConditioning)
            throw ArgumentError(std::string("TopologyGenerator::") + method + ": expected a model whose steps are "
                    "functions of the positions, got one that is self-conditioned; train it without selfConditioning");

        // Rounding matters more where numbers are in single precision.

        difference = (generator.getPlatformName() == "Reference" ? 1e-6 : 2.5e-3) * 0.1 / unit;
    }
    /** Draw the positions from which the states of a call start. */
    std::vector<std::vector<double>> drawStarts(IntegrateOrbitDiffusionStepKernel& kernel, int numStates) const {
        std::vector<std::vector<double>> starts;
        for (int state = 0; state < numStates; state++) {
            Batch batch;
            batch.plan = plan;
            batch.seed = (unsigned int) call.seed;
            batch.inputs.push_back(inputs);
            BatchCopy row;
            row.copy = call.firstCopy + state;
            batch.addCopy(row);
            kernel.setBatch(batch);
            kernel.start();
            starts.push_back(kernel.getPositions());
        }
        return starts;
    }
    /** Follow the positions of states, one way or the other. @return densities, nm^-dimension, with their errors */
    LogDensities follow(IntegrateOrbitDiffusionStepKernel& kernel, std::vector<std::vector<double>>& states,
            bool forwards) const {
        FlowDensity flow(kernel, plan, inputs, call.condition, difference, numProbes);
        LogDensities result;
        int numFolded = 0;
        for (int state = 0; state < (int) states.size(); state++) {
            report(state, (int) states.size());
            flow.setSeed(call.seed, call.firstCopy + state);
            const double logDensity = forwards ? flow.advance(states[state]) : flow.retrace(states[state]);
            result.values.push_back(logDensity - flow.getDimension() * std::log(unit));
            result.errors.push_back(flow.getError());
            numFolded += flow.isFolded();
        }
        if (numFolded > 0)
            result.message = "TopologyGenerator: expected steps that do not fold space, got some on the way of " +
                    std::to_string(numFolded) + " of " + std::to_string(states.size()) +
                    " states, whose densities are too low; take more steps";
        return result;
    }
private:
    /** Tell how far the call is. */
    void report(int numDone, int number) const {
        if (call.progress != nullptr && !call.progress->report(numDone, number, 0))
            throw GenerationStopped(call.caller + ": expected to finish " + std::to_string(number) +
                    " states, got a stop after " + std::to_string(numDone));
    }
    const GenerationSettings& call;
    double unit;
    SamplerPlan plan;
    TokenInputs inputs;
    int numProbes;
    double difference;
};

Ensemble TopologyGenerator::generateWithDensity(int numStates, int seed, ProgressCallback* progress, int firstState) {
    checkCount("generateWithDensity", "state", numStates, 1);
    checkCount("generateWithDensity", "as the number of the first state", firstState, 0);
    GenerationSettings call = getCallSettings(seed, progress);
    call.firstCopy = firstState;
    const Follower follower(*this, "generateWithDensity", call);
    ConformerProvenance provenance = makeProvenance(call);
    provenance.numEvaluations = call.sampler.getNumEvaluations();
    std::vector<std::vector<double>> states;
    LogDensities densities;
    useKernel([&](IntegrateOrbitDiffusionStepKernel& kernel) {
        provenance.kernel = kernel.getDescription();
        states = follower.drawStarts(kernel, numStates);
        densities = follower.follow(kernel, states, true);
    });
    const double unit = getModel().getUnitInNanometers();
    const StateInspector inspector(getTopology());
    Ensemble ensemble(getTopology().graph);
    for (int state = 0; state < numStates; state++) {
        provenance.copy = firstState + state;
        provenance.logDensity = densities.values[state];
        provenance.logDensityError = densities.errors[state];
        const std::vector<OpenMM::Vec3> positions = EnsembleJob::toNanometers(states[state], unit);
        for (double& value : states[state])
            value *= unit / 0.1;
        ensemble.addConformer(positions, inspector.inspect(states[state]), provenance);
    }
    ensemble.setMessage(densities.message);
    return ensemble;
}

LogDensities TopologyGenerator::computeLogDensities(
        const std::vector<double>& positions, ProgressCallback* progress) {
    const std::size_t size = 3 * (std::size_t) getTopology().getNumAtoms();
    if (positions.empty() || positions.size() % size != 0)
        throw ArgumentError("TopologyGenerator::computeLogDensities: expected positions of states of " +
                std::to_string(size / 3) + " atoms, got " + std::to_string(positions.size()) + " coordinates");
    const GenerationSettings call = getCallSettings(1, progress);
    const Follower follower(*this, "computeLogDensities", call);
    std::vector<std::vector<double>> states;
    for (std::size_t first = 0; first < positions.size(); first += size) {
        states.emplace_back(positions.begin() + first, positions.begin() + first + size);
        for (double& value : states.back())
            value /= getModel().getUnitInNanometers();
    }
    LogDensities densities;
    useKernel([&](IntegrateOrbitDiffusionStepKernel& kernel) { densities = follower.follow(kernel, states, false); });
    return densities;
}

} // namespace OrbitPlugin
