// SPDX-License-Identifier: MIT
// The result of a generation: its conformers, and their way into a Context.
#include "openmmorbit/Ensemble.h"
#include "openmm/Integrator.h"
#include "openmm/System.h"
#include "openmmorbit/ArgumentError.h"
#include "openmmorbit/internal/ParticleMasses.h"
#include <algorithm>
#include <numeric>

using namespace OpenMM;

namespace OrbitPlugin {

void Ensemble::checkIndex(const char* method, int index) const {
    if (index < 0 || index >= getNumConformers())
        throw ArgumentError(std::string("Ensemble::") + method + ": expected a conformer below " +
                            std::to_string(getNumConformers()) + ", got " + std::to_string(index));
}

void Ensemble::checkSize(const char* method, const std::vector<Vec3>& newPositions) const {
    if ((int) newPositions.size() != getNumAtoms())
        throw ArgumentError(std::string("Ensemble::") + method + ": expected " + std::to_string(getNumAtoms()) +
                            " positions, one for each atom of " + graph.getLabel() + ", got " +
                            std::to_string(newPositions.size()));
}

int Ensemble::addConformer(const std::vector<Vec3>& newPositions, const ConformerStatus& newStatus,
                           const ConformerProvenance& newProvenance) {
    checkSize("addConformer", newPositions);
    positions.push_back(newPositions);
    status.push_back(newStatus);
    provenance.push_back(newProvenance);
    return getNumConformers() - 1;
}

const std::vector<Vec3>& Ensemble::getPositions(int index) const {
    checkIndex("getPositions", index);
    return positions[index];
}

void Ensemble::setPositions(int index, const std::vector<Vec3>& newPositions) {
    checkIndex("setPositions", index);
    checkSize("setPositions", newPositions);
    positions[index] = newPositions;
}

std::vector<double> Ensemble::getPositionArray() const {
    std::vector<double> values;
    values.reserve(positions.size() * getNumAtoms() * 3);
    for (const std::vector<Vec3>& conformer : positions)
        for (const Vec3& position : conformer)
            values.insert(values.end(), {position[0], position[1], position[2]});
    return values;
}

const ConformerStatus& Ensemble::getStatus(int index) const {
    checkIndex("getStatus", index);
    return status[index];
}

void Ensemble::setStatus(int index, const ConformerStatus& newStatus) {
    checkIndex("setStatus", index);
    status[index] = newStatus;
}

const ConformerProvenance& Ensemble::getProvenance(int index) const {
    checkIndex("getProvenance", index);
    return provenance[index];
}

void Ensemble::addFailure(const FailedConformer& failure) {
    failures.push_back(failure);
}

const FailedConformer& Ensemble::getFailure(int index) const {
    if (index < 0 || index >= getNumFailures())
        throw ArgumentError("Ensemble::getFailure: expected a failure below " + std::to_string(getNumFailures()) +
                            ", got " + std::to_string(index));
    return failures[index];
}

Ensemble Ensemble::select(const std::vector<int>& indices) const {
    Ensemble result(graph);
    for (int index : indices) {
        checkIndex("select", index);
        result.addConformer(positions[index], status[index], provenance[index]);
    }
    return result;
}

Ensemble Ensemble::slice(int begin, int end, int step) const {
    if (step < 1)
        throw ArgumentError("Ensemble::slice: expected a step of at least 1, got " + std::to_string(step) +
                            "; use select() for another order");
    std::vector<int> indices;
    for (int index = std::max(begin, 0); index < std::min(end, getNumConformers()); index += step)
        indices.push_back(index);
    return select(indices);
}

void Ensemble::append(const Ensemble& other) {
    bool same = getNumAtoms() == other.getNumAtoms() && graph.getNumBonds() == other.graph.getNumBonds();
    for (int i = 0; same && i < getNumAtoms(); i++)
        same = graph.atoms[i].element == other.graph.atoms[i].element;
    if (!same)
        throw ArgumentError("Ensemble::append: expected an ensemble of " + graph.getLabel() + ", got one of " +
                            other.graph.getLabel() + "; keep different molecules in different ensembles");
    positions.insert(positions.end(), other.positions.begin(), other.positions.end());
    status.insert(status.end(), other.status.begin(), other.status.end());
    provenance.insert(provenance.end(), other.provenance.begin(), other.provenance.end());
    failures.insert(failures.end(), other.failures.begin(), other.failures.end());
}

namespace {

void finishContext(Context& context, double temperature, int seed) {
    context.applyConstraints(context.getIntegrator().getConstraintTolerance());
    context.computeVirtualSites();
    if (temperature >= 0 && seed != 0)
        context.setVelocitiesToTemperature(temperature, seed);
    else if (temperature >= 0)
        context.setVelocitiesToTemperature(temperature);
}

} // namespace

void Ensemble::checkSystem(const char* method, const System& system) const {
    const std::string name = std::string("Ensemble::") + method;
    if (system.getNumParticles() != getNumAtoms())
        throw ArgumentError(name + ": expected a System of " + std::to_string(getNumAtoms()) +
                            " particles, one for each atom of " + graph.getLabel() + ", got " +
                            std::to_string(system.getNumParticles()) + "; pass the list of the molecule's particles");
    std::vector<int> particles(getNumAtoms());
    std::iota(particles.begin(), particles.end(), 0);
    checkMasses(name, graph, system, particles);
}

void Ensemble::applyTo(Context& context, int index, double temperature, int seed) const {
    checkIndex("applyTo", index);
    checkSystem("applyTo", context.getSystem());
    context.setPositions(positions[index]);
    finishContext(context, temperature, seed);
}

void Ensemble::applyTo(Context& context, int index, const std::vector<int>& particles, double temperature,
                       int seed) const {
    checkIndex("applyTo", index);
    int numParticles = context.getSystem().getNumParticles();
    if ((int) particles.size() != getNumAtoms())
        throw ArgumentError("Ensemble::applyTo: expected " + std::to_string(getNumAtoms()) +
                            " particles, one for each atom of " + graph.getLabel() + ", got " +
                            std::to_string(particles.size()));
    std::vector<bool> used(numParticles, false);
    for (int particle : particles) {
        if (particle < 0 || particle >= numParticles)
            throw ArgumentError("Ensemble::applyTo: expected particles below " + std::to_string(numParticles) +
                    ", got " + std::to_string(particle));
        if (used[particle])
            throw ArgumentError("Ensemble::applyTo: expected every particle once, got particle " +
                                std::to_string(particle) + " twice");
        used[particle] = true;
    }
    checkMasses("Ensemble::applyTo", graph, context.getSystem(), particles);
    std::vector<Vec3> all = context.getState(State::Positions).getPositions();
    Vec3 shift;
    for (int i = 0; i < getNumAtoms(); i++)
        shift += all[particles[i]] - positions[index][i];
    shift /= getNumAtoms();
    for (int i = 0; i < getNumAtoms(); i++)
        all[particles[i]] = positions[index][i] + shift;
    context.setPositions(all);
    finishContext(context, temperature, seed);
}

State Ensemble::createState(int index, const Context& context) const {
    checkIndex("createState", index);
    checkSystem("createState", context.getSystem());
    const State current = context.getState(State::Positions);
    State::StateBuilder builder(current.getTime(), current.getStepCount());
    builder.setPositions(positions[index]);
    Vec3 box[3];
    current.getPeriodicBoxVectors(box[0], box[1], box[2]);
    builder.setPeriodicBoxVectors(box[0], box[1], box[2]);
    return builder.getState();
}

} // namespace OrbitPlugin
