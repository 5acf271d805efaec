// SPDX-License-Identifier: MIT
// The Integrator that denoises chosen molecules of a Context step by step: settings and steps.
#include "openmmorbit/OrbitDiffusionIntegrator.h"
#include "TopologyJob.h"
#include "openmm/System.h"
#include "openmm/internal/ContextImpl.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/ConformerCheck.h"
#include "openmmorbit/MoleculeInputs.h"
#include "openmmorbit/StateCheck.h"
#include "openmmorbit/TopologyInputs.h"
#include "openmmorbit/internal/ModelSubject.h"
#include "openmmorbit/internal/OrbitKernels.h"
#include "openmmorbit/internal/ParticleMasses.h"
#include "openmmorbit/internal/RandomSeed.h"
#include "openmmorbit/internal/SamplerPlan.h"
#include <algorithm>
#include <cmath>
#include <set>

using namespace OpenMM;

namespace OrbitPlugin {

namespace {

const std::string CLASS = "OrbitDiffusionIntegrator::";
/** What takes models of molecules, systems and backbones. */
const std::array<std::string, 3> USERS = {"addMolecule()", "addTopology()", "BackboneGenerator with it"};

} // namespace

OrbitDiffusionIntegrator::OrbitDiffusionIntegrator(const DenoiserModel& newModel) :
        model(std::make_shared<DenoiserModel>(newModel)) {
    model->validate();
    settings = model->getSamplerSettings();
    setStepSize(0.0);
    setConstraintTolerance(1e-5);
}

OrbitDiffusionIntegrator::OrbitDiffusionIntegrator(const std::string& modelPath) :
        OrbitDiffusionIntegrator(DenoiserModel::load(modelPath)) {
}

OrbitDiffusionIntegrator::~OrbitDiffusionIntegrator() = default;

bool OrbitDiffusionIntegrator::isOfSystem() const {
    return getSubjectKind(*model) == SubjectKind::Topology;
}

int OrbitDiffusionIntegrator::addMolecule(
        const MolecularGraph& graph, const std::vector<int>& particles, int condition) {
    requireSubject(CLASS + "addMolecule", *model, SubjectKind::Molecule, USERS);
    graph.validate();
    Molecule molecule;
    molecule.graph = graph;
    molecule.particles = particles;
    molecule.condition = condition;
    return add("addMolecule", molecule);
}

int OrbitDiffusionIntegrator::addTopology(const std::vector<int>& particles, int condition) {
    requireSubject(CLASS + "addTopology", *model, SubjectKind::Topology, USERS);
    Molecule molecule;
    molecule.graph = model->getTopology().graph;
    molecule.particles = particles;
    molecule.condition = condition;
    return add("addTopology", molecule);
}

int OrbitDiffusionIntegrator::addTopology(const TopologyRecord& topology, int condition) {
    if (isOfSystem())
        checkTopology(CLASS + "addTopology", model->getTopology(), topology);
    return addTopology(model->getTopology().selection, condition);
}

int OrbitDiffusionIntegrator::add(const std::string& method, Molecule& molecule) {
    const std::string where = CLASS + method;
    if ((int) molecule.particles.size() != molecule.graph.getNumAtoms())
        throw ArgumentError(where + ": expected " + std::to_string(molecule.graph.getNumAtoms()) +
                            " particles, one for each atom of " + molecule.graph.getLabel() + ", got " +
                            std::to_string(molecule.particles.size()));
    std::set<int> used;
    for (const Molecule& other : molecules)
        used.insert(other.particles.begin(), other.particles.end());
    for (int particle : molecule.particles) {
        if (particle < 0)
            throw ArgumentError(where + ": expected particles of at least 0, got " + std::to_string(particle));
        if (!used.insert(particle).second)
            throw ArgumentError(where + ": expected every particle in one molecule and once, got particle " +
                                std::to_string(particle) + " twice");
    }
    const int numConditions = std::max(1, (int) model->getConditions().size());
    if (molecule.condition < 0 || molecule.condition >= numConditions)
        throw ArgumentError(where + ": expected a condition below " + std::to_string(numConditions) +
                            ", the number of the model's conditions, got " + std::to_string(molecule.condition));
    molecule.inputs = std::make_shared<TokenInputs>(isOfSystem()
            ? describeTopology(model->getTopology(), *model) : describeMolecule(molecule.graph, *model));
    molecules.push_back(molecule);
    return getNumMolecules() - 1;
}

void OrbitDiffusionIntegrator::checkMolecule(const char* method, int index) const {
    if (index < 0 || index >= getNumMolecules())
        throw ArgumentError(CLASS + method + ": expected a molecule below " + std::to_string(getNumMolecules()) +
                            ", got " + std::to_string(index));
}

const MolecularGraph& OrbitDiffusionIntegrator::getMoleculeGraph(int index) const {
    checkMolecule("getMoleculeGraph", index);
    return molecules[index].graph;
}

const std::vector<int>& OrbitDiffusionIntegrator::getMoleculeParticles(int index) const {
    checkMolecule("getMoleculeParticles", index);
    return molecules[index].particles;
}

int OrbitDiffusionIntegrator::getMoleculeCondition(int index) const {
    checkMolecule("getMoleculeCondition", index);
    return molecules[index].condition;
}

void OrbitDiffusionIntegrator::setSamplerSettings(const SamplerSettings& newSettings) {
    newSettings.validate();
    checkGuidance("OrbitDiffusionIntegrator", newSettings, knowsStructure(*model));
    settings = newSettings;
}

void OrbitDiffusionIntegrator::setNumSteps(int numSteps) {
    if (numSteps < 1)
        throw ArgumentError(CLASS + "setNumSteps: expected at least 1 step, got " + std::to_string(numSteps));
    settings.numSteps = numSteps;
}

void OrbitDiffusionIntegrator::setRandomNumberSeed(int seed) {
    randomSeed = seed;
}

bool OrbitDiffusionIntegrator::isFinished() const {
    return currentStep > 0 && currentStep >= generationSettings.numSteps;
}

std::string OrbitDiffusionIntegrator::getKernelDescription() const {
    return context == nullptr ? "" : kernel.getAs<IntegrateOrbitDiffusionStepKernel>().getDescription();
}

void OrbitDiffusionIntegrator::initialize(ContextImpl& newContext) {
    if (owner != nullptr && &newContext.getOwner() != owner)
        throw OpenMMException("This Integrator is already bound to a context");
    checkParticles(newContext.getSystem());
    context = &newContext;
    owner = &newContext.getOwner();
    kernel = newContext.getPlatform().createKernel(IntegrateOrbitDiffusionStepKernel::Name(), newContext);
    kernel.getAs<IntegrateOrbitDiffusionStepKernel>().initialize(newContext.getSystem(), *model);

    // The coordinates of a generation that had begun are gone, unless a checkpoint brings them back.

    currentStep = 0;
    numEvaluations = 0;
    centroidsKnown = false;
    stepCount = -1;
}

void OrbitDiffusionIntegrator::cleanup() {
    kernel = Kernel();
}

void OrbitDiffusionIntegrator::stateChanged(State::DataType changed) {
    if (changed != State::Positions || writing)
        return;
    centroidsKnown = false;
    stepCount = context == nullptr ? -1 : context->getStepCount();      // A State brings a count of its own.
}

std::vector<std::string> OrbitDiffusionIntegrator::getKernelNames() {
    return {IntegrateOrbitDiffusionStepKernel::Name()};
}

double OrbitDiffusionIntegrator::computeKineticEnergy() {
    const System& system = context->getSystem();
    std::vector<Vec3> velocities;
    context->getVelocities(velocities);
    double energy = 0;
    for (int i = 0; i < system.getNumParticles(); i++)
        energy += 0.5 * system.getParticleMass(i) * velocities[i].dot(velocities[i]);
    return energy;
}

void OrbitDiffusionIntegrator::checkParticles(const System& system) const {
    const int numParticles = system.getNumParticles();
    const std::string method = CLASS + (isOfSystem() ? "addTopology" : "addMolecule");
    for (int i = 0; i < getNumMolecules(); i++) {
        const std::string where = " in molecule " + std::to_string(i) + " " + molecules[i].graph.getLabel();
        for (int particle : molecules[i].particles) {
            if (particle >= numParticles)
                throw ArgumentError(method + ": expected particles below " + std::to_string(numParticles) +
                                    ", the size of the System, got " + std::to_string(particle) + where);
            if (system.getParticleMass(particle) == 0)
                throw ArgumentError(method + ": expected particles that may move, got particle " +
                                    std::to_string(particle) + " of mass 0" + where +
                                    "; give it a mass, or leave the molecule out");
        }

        // Atoms of a part of a system may carry the mass of hydrogens that the model does not know.

        const TopologySubject& topology = model->getTopology();
        if (topology.getNumAtoms() == topology.numTopologyAtoms || !isOfSystem())
            checkMasses(method, molecules[i].graph, system, molecules[i].particles);
    }
}

void OrbitDiffusionIntegrator::buildBatch() {
    Batch batch;
    for (int i = 0; i < getNumMolecules(); i++) {
        batch.inputs.push_back(*molecules[i].inputs);
        BatchCopy copy;
        copy.input = i;
        copy.record = i;
        copy.draw = generation;
        copy.condition = molecules[i].condition;
        batch.addCopy(copy);
        batch.particles.insert(batch.particles.end(), molecules[i].particles.begin(), molecules[i].particles.end());
    }
    batch.seed = (unsigned int) generationSeed;
    batch.plan = makeSamplerPlan(generationSettings, model->getUnitInNanometers());
    kernel.getAs<IntegrateOrbitDiffusionStepKernel>().setBatch(batch);
}

void OrbitDiffusionIntegrator::beginGeneration() {
    if (molecules.empty())
        throw OpenMMException(CLASS + "step: expected at least 1 molecule, got none; call " +
                (isOfSystem() ? "addTopology" : "addMolecule") + "() first");
    checkParticles(context->getSystem());
    if (randomSeed != 0 && randomSeed != generationSeed) {
        generationSeed = randomSeed;
        generation = 0;
    }
    if (generationSeed == 0)
        generationSeed = chooseRandomSeed();
    generationSettings = settings;
    buildBatch();
    kernel.getAs<IntegrateOrbitDiffusionStepKernel>().start();

    // Positions that were never set count as zeros from here on, so that forces can be computed afterwards.

    std::vector<Vec3> positions;
    context->getPositions(positions);
    for (const Molecule& molecule : molecules)
        for (int particle : molecule.particles)
            if (!std::isfinite(positions[particle].dot(positions[particle])))
                throw OpenMMException(CLASS + "step: expected finite positions, got a coordinate of particle " +
                        std::to_string(particle) + " that is not a finite number; set the positions first");
    context->setPositions(positions);
    centroidsKnown = false;
}

void OrbitDiffusionIntegrator::takeStep() {
    if (currentStep == 0)
        beginGeneration();
    else if (stepCount >= 0 && context->getStepCount() != stepCount)
        throw OpenMMException(CLASS + "step: expected no step of another integrator between those of a generation, "
                "got " + std::to_string(context->getStepCount() - stepCount) + " after step " +
                std::to_string(currentStep) + " of " + std::to_string(generationSettings.numSteps) +
                ": noisy coordinates have no sensible forces; set the positions, call restart(), and let the "
                "generation finish before dynamics goes on");
    IntegrateOrbitDiffusionStepKernel& stepKernel = kernel.getAs<IntegrateOrbitDiffusionStepKernel>();
    if (!centroidsKnown)
        stepKernel.gather(*context);
    centroidsKnown = true;
    stepKernel.execute(currentStep);
    numEvaluations += generationSettings.getNumEvaluations(currentStep);
    currentStep++;
    const bool last = currentStep == generationSettings.numSteps;
    if (last)
        restoreHands();
    writing = true;
    stepKernel.scatter(*context);
    if (last)
        finishGeneration();
    context->setStepCount(context->getStepCount() + 1);
    context->systemChanged();
    stepCount = context->getStepCount();
    writing = false;
}

void OrbitDiffusionIntegrator::restoreHands() {
    IntegrateOrbitDiffusionStepKernel& stepKernel = kernel.getAs<IntegrateOrbitDiffusionStepKernel>();
    std::vector<double> positions = stepKernel.getPositions();
    bool reflected = false;
    if (isOfSystem() && !areStatesReflected(*model))
        return;
    auto first = positions.begin();
    for (const Molecule& molecule : molecules) {
        auto last = first + 3 * molecule.graph.getNumAtoms();
        std::vector<double> copy(first, last);
        if (restoreHandedness(molecule.graph, copy)) {
            std::copy(copy.begin(), copy.end(), first);
            reflected = true;
        }
        first = last;
    }
    if (reflected)
        stepKernel.setPositions(positions);
}

ConformerStatus OrbitDiffusionIntegrator::getMoleculeStatus(int index) const {
    checkMolecule("getMoleculeStatus", index);
    if (context == nullptr || !isFinished())
        throw OpenMMException(CLASS + "getMoleculeStatus: expected a finished generation, got one after " +
                              std::to_string(currentStep) + " of " + std::to_string(settings.numSteps) +
                              " steps; call generate() first");
    const std::vector<double> positions = kernel.getAs<const IntegrateOrbitDiffusionStepKernel>().getPositions();
    auto first = positions.begin();
    for (int i = 0; i < index; i++)
        first += 3 * molecules[i].graph.getNumAtoms();
    const MolecularGraph& graph = molecules[index].graph;
    std::vector<double> inAngstrom(first, first + 3 * graph.getNumAtoms());
    for (double& value : inAngstrom)
        value *= model->getUnitInNanometers() / 0.1;
    return isOfSystem() ? checkState(model->getTopology(), inAngstrom) : checkConformer(graph, inAngstrom);
}

void OrbitDiffusionIntegrator::finishGeneration() {
    const System& system = context->getSystem();
    std::set<int> generated;
    for (const Molecule& molecule : molecules)
        generated.insert(molecule.particles.begin(), molecule.particles.end());
    bool constrained = false;
    for (int i = 0; i < system.getNumConstraints() && !constrained; i++) {
        int particle1, particle2;
        double distance;
        system.getConstraintParameters(i, particle1, particle2, distance);
        constrained = generated.count(particle1) > 0 || generated.count(particle2) > 0;
    }
    if (constrained)
        context->applyConstraints(getConstraintTolerance());
    context->computeVirtualSites();
}

void OrbitDiffusionIntegrator::step(int steps) {
    if (context == nullptr)
        throw OpenMMException("This Integrator is not bound to a context!");
    int numSteps = currentStep == 0 ? settings.numSteps : generationSettings.numSteps;
    if (steps > numSteps - currentStep)
        throw OpenMMException(CLASS + "step: expected at most " + std::to_string(numSteps - currentStep) +
                              " steps, which the generation has left, got " + std::to_string(steps) +
                              "; call restart()");
    for (int i = 0; i < steps; i++)
        takeStep();
}

void OrbitDiffusionIntegrator::generate() {
    int numSteps = currentStep == 0 ? settings.numSteps : generationSettings.numSteps;
    step(numSteps - currentStep);
}

void OrbitDiffusionIntegrator::restart() {
    if (currentStep > 0)
        generation++;
    currentStep = 0;
}

} // namespace OrbitPlugin
