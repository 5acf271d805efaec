// SPDX-License-Identifier: MIT
// Turns the settings of a ConformerGenerator into XML and back.
#include "openmmorbit/serialization/ConformerGeneratorProxy.h"
#include "GeneratorSettings.h"
#include "ModelReference.h"
#include "openmmorbit/ConformerGenerator.h"
#include <memory>

using namespace OpenMM;

namespace OrbitPlugin {

ConformerGeneratorProxy::ConformerGeneratorProxy() : SerializationProxy("OrbitConformerGenerator") {
}

void ConformerGeneratorProxy::serialize(const void* object, SerializationNode& node) const {
    const ConformerGenerator& generator = *static_cast<const ConformerGenerator*>(object);
    node.setIntProperty("version", 2);
    node.setBoolProperty("checkConformers", generator.getCheckConformers());
    writeGenerator(node, generator);
}

void* ConformerGeneratorProxy::deserialize(const SerializationNode& node) const {
    checkVersion(node, getTypeName(), 2);
    auto generator = std::make_unique<ConformerGenerator>(readModel(node));
    readGenerator(node, *generator);
    generator->setCheckConformers(node.getBoolProperty("checkConformers"));

    // The caller takes ownership.

    return generator.release();
}

} // namespace OrbitPlugin
