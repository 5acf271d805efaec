// SPDX-License-Identifier: MIT
// Turns the settings of a BackboneGenerator into XML and back.
#include "openmmorbit/serialization/BackboneGeneratorProxy.h"
#include "GeneratorSettings.h"
#include "ModelReference.h"
#include "openmmorbit/BackboneGenerator.h"
#include <memory>

using namespace OpenMM;

namespace OrbitPlugin {

BackboneGeneratorProxy::BackboneGeneratorProxy() : SerializationProxy("OrbitBackboneGenerator") {
}

void BackboneGeneratorProxy::serialize(const void* object, SerializationNode& node) const {
    const BackboneGenerator& generator = *static_cast<const BackboneGenerator*>(object);
    node.setIntProperty("version", 1);
    node.setBoolProperty("checkCopies", generator.getCheckCopies());
    writeGenerator(node, generator);
}

void* BackboneGeneratorProxy::deserialize(const SerializationNode& node) const {
    checkVersion(node, getTypeName(), 1);
    auto generator = std::make_unique<BackboneGenerator>(readModel(node));
    readGenerator(node, *generator);
    generator->setCheckCopies(node.getBoolProperty("checkCopies"));

    // The caller takes ownership.

    return generator.release();
}

} // namespace OrbitPlugin
