// SPDX-License-Identifier: MIT
// Turns the settings of a TopologyGenerator into XML and back.
#include "openmmorbit/serialization/TopologyGeneratorProxy.h"
#include "GeneratorSettings.h"
#include "ModelReference.h"
#include "openmmorbit/TopologyGenerator.h"
#include <memory>

using namespace OpenMM;

namespace OrbitPlugin {

TopologyGeneratorProxy::TopologyGeneratorProxy() : SerializationProxy("OrbitTopologyGenerator") {
}

void TopologyGeneratorProxy::serialize(const void* object, SerializationNode& node) const {
    const TopologyGenerator& generator = *static_cast<const TopologyGenerator*>(object);
    node.setIntProperty("version", 1);
    node.setBoolProperty("checkCopies", generator.getCheckCopies());
    node.setIntProperty("probes", generator.getNumProbes());
    writeGenerator(node, generator);
}

void* TopologyGeneratorProxy::deserialize(const SerializationNode& node) const {
    checkVersion(node, getTypeName(), 1);
    auto generator = std::make_unique<TopologyGenerator>(readModel(node));
    readGenerator(node, *generator);
    generator->setCheckCopies(node.getBoolProperty("checkCopies"));
    generator->setNumProbes(node.getIntProperty("probes"));

    // The caller takes ownership.

    return generator.release();
}

} // namespace OrbitPlugin
