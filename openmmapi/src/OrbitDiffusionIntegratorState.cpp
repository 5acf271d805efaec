// SPDX-License-Identifier: MIT
// The Integrator's run-time state: checkpoints and State parameters.
#include "openmm/internal/ContextImpl.h"
#include "openmm/serialization/SerializationNode.h"
#include "openmmorbit/OrbitDiffusionIntegrator.h"
#include "openmmorbit/internal/Base64.h"
#include "openmmorbit/internal/OrbitKernels.h"
#include <istream>
#include <memory>
#include <ostream>
#include <type_traits>

using namespace OpenMM;

namespace OrbitPlugin {

// Both forms hold the same: the record below, then the sampler's coordinates and history if a generation is under way.

struct OrbitDiffusionIntegrator::Progress {
    int currentStep, numEvaluations, seed, generation, numAtoms;
    SamplerSettings sampler;
};

OrbitDiffusionIntegrator::Progress OrbitDiffusionIntegrator::getProgress() const {
    int numAtoms = 0;
    for (const Molecule& molecule : molecules)
        numAtoms += molecule.graph.getNumAtoms();
    return {currentStep, numEvaluations, generationSeed, generation, numAtoms, generationSettings};
}

std::vector<double> OrbitDiffusionIntegrator::getSamplerState() const {
    if (currentStep == 0 || isFinished())
        return {};
    return kernel.getAs<IntegrateOrbitDiffusionStepKernel>().getSamplerState();
}

void OrbitDiffusionIntegrator::setProgress(const Progress& progress, const std::vector<double>& state) {
    int numAtoms = getProgress().numAtoms;
    if (progress.numAtoms != numAtoms)
        throw OpenMMException("OrbitDiffusionIntegrator::loadCheckpoint: expected the state of a generation of " +
                              std::to_string(numAtoms) + " atoms, got one of " + std::to_string(progress.numAtoms) +
                              "; add the same molecules first");
    progress.sampler.validate();
    generationSettings = progress.sampler;
    currentStep = progress.currentStep;
    numEvaluations = progress.numEvaluations;
    generationSeed = progress.seed;
    generation = progress.generation;
    centroidsKnown = false;
    stepCount = -1;
    if (currentStep > 0 && !isFinished()) {
        buildBatch();
        kernel.getAs<IntegrateOrbitDiffusionStepKernel>().setSamplerState(state);
    }
}

void OrbitDiffusionIntegrator::createCheckpoint(std::ostream& stream) const {
    Progress progress = getProgress();
    std::vector<double> state = getSamplerState();
    long long size = state.size();
    static_assert(std::is_trivially_copyable<Progress>::value, "a checkpoint holds the bytes of Progress");
    stream.write((const char*) &progress, sizeof(progress));
    stream.write((const char*) &size, sizeof(size));
    stream.write((const char*) state.data(), size * sizeof(double));
}

void OrbitDiffusionIntegrator::loadCheckpoint(std::istream& stream) {
    Progress progress;
    long long size = -1;
    stream.read((char*) &progress, sizeof(progress));
    stream.read((char*) &size, sizeof(size));

    // A state holds the coordinates and at most a few evaluations of the denoiser.

    if (!stream || size < 0 || size > 64LL * progress.numAtoms)
        throw OpenMMException("OrbitDiffusionIntegrator::loadCheckpoint: expected a checkpoint of this integrator, got "
                              "other or truncated data");
    std::vector<double> state(size);
    stream.read((char*) state.data(), size * sizeof(double));
    if (!stream)
        throw OpenMMException("OrbitDiffusionIntegrator::loadCheckpoint: expected " + std::to_string(size) +
                              " numbers, got truncated data");
    setProgress(progress, state);
}

void OrbitDiffusionIntegrator::serializeParameters(SerializationNode& node) const {
    Progress progress = getProgress();
    node.setIntProperty("version", 2);
    node.setIntProperty("currentStep", progress.currentStep);
    node.setIntProperty("numEvaluations", progress.numEvaluations);
    node.setIntProperty("seed", progress.seed);
    node.setIntProperty("generation", progress.generation);
    node.setIntProperty("numAtoms", progress.numAtoms);
    node.createChildNode("Sampler", &progress.sampler);
    node.setStringProperty("samplerState", encodeDoubles(getSamplerState()));
}

void OrbitDiffusionIntegrator::deserializeParameters(const SerializationNode& node) {
    int version = node.getIntProperty("version");
    if (version != 2)
        throw OpenMMException("OrbitDiffusionIntegrator::deserializeParameters: expected version 2, got " +
                              std::to_string(version) + "; read it with the version that wrote it");
    Progress progress;
    progress.currentStep = node.getIntProperty("currentStep");
    progress.numEvaluations = node.getIntProperty("numEvaluations");
    progress.seed = node.getIntProperty("seed");
    progress.generation = node.getIntProperty("generation");
    progress.numAtoms = node.getIntProperty("numAtoms");
    std::unique_ptr<SamplerSettings> sampler(node.getChildNode("Sampler").decodeObject<SamplerSettings>());
    progress.sampler = *sampler;
    setProgress(progress, decodeDoubles(node.getStringProperty("samplerState")));
}

} // namespace OrbitPlugin
