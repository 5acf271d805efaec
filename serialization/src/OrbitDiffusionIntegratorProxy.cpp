// SPDX-License-Identifier: MIT
// Turns the settings and molecules of an OrbitDiffusionIntegrator into XML and back.
#include "openmmorbit/serialization/OrbitDiffusionIntegratorProxy.h"
#include "ModelReference.h"
#include "openmmorbit/OrbitDiffusionIntegrator.h"
#include <memory>

using namespace OpenMM;

namespace OrbitPlugin {

OrbitDiffusionIntegratorProxy::OrbitDiffusionIntegratorProxy() : SerializationProxy("OrbitDiffusionIntegrator") {
}

void OrbitDiffusionIntegratorProxy::serialize(const void* object, SerializationNode& node) const {
    const OrbitDiffusionIntegrator& integrator = *static_cast<const OrbitDiffusionIntegrator*>(object);
    node.setIntProperty("version", 1);
    node.setDoubleProperty("stepSize", integrator.getStepSize());
    node.setDoubleProperty("constraintTolerance", integrator.getConstraintTolerance());
    node.setIntProperty("integrationForceGroups", integrator.getIntegrationForceGroups());
    node.setIntProperty("randomSeed", integrator.getRandomNumberSeed());
    node.setBoolProperty("embedModel", integrator.getEmbedModel());
    node.createChildNode("Sampler", &integrator.getSamplerSettings());
    writeModel(node, integrator.getModel(), integrator.getEmbedModel());

    // The model of a system holds what there is to know about its atoms.

    const bool isOfSystem = integrator.getModel().getTopology().getNumAtoms() > 0;
    SerializationNode& molecules = node.createChildNode("Molecules");
    for (int i = 0; i < integrator.getNumMolecules(); i++) {
        SerializationNode& child = molecules.createChildNode("Molecule");
        child.setIntProperty("condition", integrator.getMoleculeCondition(i));
        if (!isOfSystem)
            child.createChildNode("Graph", &integrator.getMoleculeGraph(i));
        SerializationNode& particles = child.createChildNode("Particles");
        for (int particle : integrator.getMoleculeParticles(i))
            particles.createChildNode("Particle").setIntProperty("index", particle);
    }
}

void* OrbitDiffusionIntegratorProxy::deserialize(const SerializationNode& node) const {
    checkVersion(node, getTypeName(), 1);
    auto integrator = std::make_unique<OrbitDiffusionIntegrator>(readModel(node));
    integrator->setStepSize(node.getDoubleProperty("stepSize"));
    integrator->setConstraintTolerance(node.getDoubleProperty("constraintTolerance"));
    integrator->setIntegrationForceGroups(node.getIntProperty("integrationForceGroups"));
    integrator->setRandomNumberSeed(node.getIntProperty("randomSeed"));
    integrator->setEmbedModel(node.getBoolProperty("embedModel"));
    std::unique_ptr<SamplerSettings> sampler(node.getChildNode("Sampler").decodeObject<SamplerSettings>());
    integrator->setSamplerSettings(*sampler);
    const bool isOfSystem = integrator->getModel().getTopology().getNumAtoms() > 0;
    for (const SerializationNode& child : node.getChildNode("Molecules").getChildren()) {
        std::vector<int> particles;
        for (const SerializationNode& particle : child.getChildNode("Particles").getChildren())
            particles.push_back(particle.getIntProperty("index"));
        if (isOfSystem) {
            integrator->addTopology(particles, child.getIntProperty("condition"));
            continue;
        }
        std::unique_ptr<MolecularGraph> graph(child.getChildNode("Graph").decodeObject<MolecularGraph>());
        integrator->addMolecule(*graph, particles, child.getIntProperty("condition"));
    }

    // The caller takes ownership.

    return integrator.release();
}

} // namespace OrbitPlugin
